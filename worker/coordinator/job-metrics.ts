/**
 * The coordinator's Prometheus series of what happens: rollouts, scores, iterations, checkpoints, failures. What can be
 * looked up at any time is in observed-series.ts.
 * Knows nothing of how the figures come about.
 */
import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { LONG_SECONDS_BUCKETS, SECONDS_BUCKETS, Series, TOKEN_BUCKETS } from '../service/series.ts';
import { FigureSeries } from './figure-series.ts';
import { WORKER_ROLES, type WorkerRole } from './membership.ts';
import { type ObservedJob, showMembers, showProgress } from './observed-series.ts';
import type { RolloutResponse } from './rollout.ts';

const FINISH_REASONS = ['stop', 'length'] as const;
/** Roles that answer requests for scores. */
const SCORING_ROLES = WORKER_ROLES.filter((role) => role !== 'generation');

export class JobMetrics {
  readonly requeuedResponses: Counter;
  readonly rollbacks: Counter;
  readonly weightSyncFailures: Counter;
  readonly scoringFailures: Counter<'role'>;
  readonly #scoringSeconds: Histogram<'role'>;
  readonly #iterations: Counter;
  readonly #iterationSeconds: Histogram;
  readonly #iterationTime: Gauge;
  readonly #checkpointTime: Gauge;
  readonly #figures: FigureSeries;
  readonly #responses: Counter<'finish_reason'>;
  readonly #responseTokens: Histogram;

  constructor(registry: Registry, job: ObservedJob) {
    const series = new Series(registry);
    showProgress(series, job);
    showMembers(series, job);
    this.#iterations = series.counter('ppo_iterations_total', 'Iterations done, those done again counted again');
    const length = 'Length of an iteration, without checkpoints';
    this.#iterationSeconds = series.histogram('ppo_iteration_seconds', length, LONG_SECONDS_BUCKETS);
    const end = 'When the last iteration ended or, before that, the coordinator started, Unix time';
    this.#iterationTime = series.gauge('ppo_iteration_timestamp_seconds', end);
    this.#iterationTime.setToCurrentTime();
    const saved = 'When the last checkpoint was written or gone back to, Unix time';
    this.#checkpointTime = series.gauge('ppo_checkpoint_timestamp_seconds', saved);
    this.#checkpointTime.setToCurrentTime();
    this.#figures = new FigureSeries(series);
    const responses = 'Responses of rollouts, by how they ended';
    this.#responses = series.counterBy('ppo_rollout_responses_total', responses, ['finish_reason']);
    for (const reason of FINISH_REASONS) this.#responses.inc({ finish_reason: reason }, 0);
    const tokens = 'Tokens of a response of a rollout';
    this.#responseTokens = series.histogram('ppo_rollout_response_tokens', tokens, TOKEN_BUCKETS);
    const requeued = 'Responses that another replica had to make';
    this.requeuedResponses = series.counter('ppo_rollout_requeued_responses_total', requeued);
    this.rollbacks = series.counter('ppo_rollbacks_total', 'Returns to a checkpoint');
    this.weightSyncFailures = series.counter('ppo_weight_sync_failures_total', 'Weight syncs that failed');
    const scoring = 'Time until a role has scored a whole rollout';
    const shape = { labelNames: ['role'] as const, buckets: SECONDS_BUCKETS };
    this.#scoringSeconds = series.histogramBy('ppo_scoring_seconds', scoring, shape);
    const failures = 'Requests for scores that failed, by who was asked';
    this.scoringFailures = series.counterBy('ppo_scoring_failures_total', failures, ['role']);
    for (const role of SCORING_ROLES) {
      if (job.config.roles[role].replicas > 0) this.#scoringSeconds.zero({ role });
      this.scoringFailures.inc({ role }, 0);
    }
  }

  onRollout(responses: readonly RolloutResponse[]): void {
    for (const { responseTokenIds, finishReason } of responses) {
      this.#responses.inc({ finish_reason: finishReason });
      this.#responseTokens.observe(responseTokenIds.length);
    }
  }

  onScored(role: WorkerRole, seconds: number): void {
    this.#scoringSeconds.observe({ role }, seconds);
  }

  /** `figures` by their names in metrics.jsonl. */
  onIteration(figures: Readonly<Record<string, number>>): void {
    this.#iterations.inc();
    this.#iterationTime.setToCurrentTime();
    this.#iterationSeconds.observe(figures['timing/iteration']!);
    this.#figures.show(figures);
  }

  /** The state is that of a checkpoint: written, or gone back to. */
  onCheckpoint(): void {
    this.#checkpointTime.setToCurrentTime();
  }
}
