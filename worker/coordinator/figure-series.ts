/**
 * The figures of the last iteration as Prometheus series: what metrics.jsonl has a line of, each under a name that says
 * whose it is and what it measures. A figure that an iteration doesn't have (the policy's loss while only the critic
 * trains) has no sample until it is there again. Knows nothing of how figures come about.
 */
import type { Gauge } from 'prom-client';
import { type Series, unset } from '../service/series.ts';

/** By the figure's name in metrics.jsonl: its series and what it says. */
const FIGURES: Readonly<Record<string, readonly [name: string, help: string]>> = {
  'rollout/score': ['ppo_rollout_score_mean', 'Mean score of the responses'],
  'rollout/scoreStd': ['ppo_rollout_score_stddev', 'Standard deviation of the scores of the responses'],
  'policy/kl': ['ppo_policy_kl', 'KL of the policy from the reference: nats a response'],
  'policy/klPerToken': ['ppo_policy_kl_per_token', 'KL of the policy from the reference: nats a response token'],
  'policy/klCoef': ['ppo_policy_kl_coefficient', 'Weight of the KL penalty'],
  'policy/logprobDifference': [
    'ppo_parity_logprob_difference_max',
    'Largest difference of a logprob between generation and the trainer, in nats',
  ],
  'policy/logprobDifferenceMean': [
    'ppo_parity_logprob_difference_mean',
    'Mean difference of a logprob between generation and the trainer, in nats',
  ],
  'loss/policy': ['ppo_policy_loss', 'Loss of the policy, mean over the optimizer steps'],
  'policy/clipFraction': ['ppo_policy_clip_fraction', 'Share of tokens whose probability ratio was clipped'],
  'policy/approxKl': ['ppo_policy_update_kl', 'KL of the policy from itself before the iteration: nats a token'],
  'policy/entropy': ['ppo_policy_entropy', 'Entropy of the policy: nats a token'],
  'policy/gradientNorm': [
    'ppo_policy_gradient_norm',
    'Gradient norm of the policy before clipping, mean over the steps',
  ],
  'policy/learningRate': ['ppo_policy_learning_rate', 'Learning rate of the policy'],
  'loss/value': ['ppo_critic_loss', 'Loss of the critic, mean over the optimizer steps'],
  'critic/clipFraction': ['ppo_critic_clip_fraction', 'Share of tokens whose value was clipped'],
  'critic/gradientNorm': [
    'ppo_critic_gradient_norm',
    'Gradient norm of the critic before clipping, mean over the steps',
  ],
  'critic/learningRate': ['ppo_critic_learning_rate', 'Learning rate of the critic'],
  'critic/value': ['ppo_critic_value_mean', 'Mean value that the critic gives a token'],
  'critic/absoluteError': ['ppo_critic_absolute_error_mean', 'Mean distance of a value from its return'],
  'critic/explainedVariance': ['ppo_critic_explained_variance', 'Share of the variance of returns that values explain'],
};

export class FigureSeries {
  readonly #gauges: ReadonlyMap<string, Gauge>;

  constructor(series: Series) {
    const entries = Object.entries(FIGURES);
    this.#gauges = new Map(entries.map(([figure, [name, help]]) => [figure, series.gauge(name, help)]));
  }

  /** `figures` by their names in metrics.jsonl; names without a series are left out. */
  show(figures: Readonly<Record<string, number>>): void {
    for (const [figure, gauge] of this.#gauges) {
      const value = figures[figure];
      if (value === undefined) unset(gauge);
      else gauge.set(value);
    }
  }
}
