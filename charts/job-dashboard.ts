// The dashboard of a job: is it learning, where does the time go, is it healthy. Series are described in docs/metrics.md,
// limits are those of the alerts.
import { type Dashboard, type Panel, panel } from './dashboard.ts';
import { Selection } from './promql.ts';

const HALF_AN_HOUR_S = 1800;
const SIX_HOURS_S = 21_600;

const job = new Selection('namespace="$namespace",ppo_job="$job"');
const of = (name: string): string => job.of(name);
const since = (name: string): string => `time() - ${of(name)}`;
const inAnHour = (name: string): string => `sum(${job.increase(name, '1h')})`;

function stat(title: string, unit: string, description: string, query: string): Panel {
  return { ...panel(title, unit, description, { [title]: query }), kind: 'stat', width: 3 };
}

const now: Panel[] = [
  stat('Iteration', 'none', 'Iterations done.', of('ppo_iteration')),
  stat('Of', 'none', 'Iterations that the job is to do.', of('ppo_iteration_target')),
  stat(
    'Time left',
    's',
    'At the mean length of an iteration, without checkpoints.',
    `sum(${of('ppo_iteration_target')} - ${of('ppo_iteration')}) * ${job.mean('ppo_iteration_seconds')}`,
  ),
  stat('Score', 'short', 'Mean score of the last rollout.', of('ppo_rollout_score_mean')),
  stat('Accuracy', 'percentunit', 'On held-out prompts.', of('ppo_evaluation_accuracy_ratio')),
  {
    ...stat(
      'Workers missing',
      'none',
      'PPOJobWorkersMissing says what to do.',
      `sum(clamp_min(${of('ppo_members_expected')} - ${of('ppo_members')}, 0))`,
    ),
    limit: 1,
  },
  {
    ...stat('Since the last iteration', 's', 'PPOJobStalled looks at it.', since('ppo_iteration_timestamp_seconds')),
    limit: HALF_AN_HOUR_S,
  },
  {
    ...stat(
      'At risk',
      's',
      'Work that the loss of a trainer costs: time since the last checkpoint (PPOJobCheckpointOverdue).',
      since('ppo_checkpoint_timestamp_seconds'),
    ),
    limit: SIX_HOURS_S,
  },
];

const learning: Panel[] = [
  panel('Score', 'short', 'Rises when the policy learns. A deviation near 0 leaves nothing to learn from.', {
    mean: of('ppo_rollout_score_mean'),
    'standard deviation': of('ppo_rollout_score_stddev'),
  }),
  panel('Held-out accuracy', 'percentunit', 'Falls while the score rises: the reward is being exploited.', {
    now: of('ppo_evaluation_accuracy_ratio'),
    before: of('ppo_evaluation_initial_accuracy_ratio'),
  }),
  panel(
    'KL from the reference, nats a response',
    'short',
    'Grows without end: raise the coefficient or lower the learning rate (PPOJobKLRunaway).',
    { KL: of('ppo_policy_kl'), target: of('ppo_policy_kl_target') },
  ),
  {
    ...panel(
      'KL, nats a token',
      'short',
      'From the reference: above 1 it has run away. Of an update: above 0.1 steps are too large.',
      {
        'from the reference': of('ppo_policy_kl_per_token'),
        'of an update': of('ppo_policy_update_kl'),
      },
    ),
    limit: 1,
  },
  panel(
    'KL coefficient',
    'short',
    'Constant, or as the controller sets it: at its bounds the target is out of reach.',
    {
      coefficient: of('ppo_policy_kl_coefficient'),
    },
  ),
  panel('Entropy, nats a token', 'short', 'One that falls to 0 is of a policy that has stopped to explore.', {
    entropy: of('ppo_policy_entropy'),
  }),
  {
    ...panel('Clipped', 'percentunit', 'Above 30 %: lower the learning rate or the number of epochs.', {
      policy: of('ppo_policy_clip_fraction'),
      critic: of('ppo_critic_clip_fraction'),
    }),
    limit: 0.3,
  },
  panel('Losses', 'short', "The critic's should fall; the policy's says little by itself.", {
    policy: of('ppo_policy_loss'),
    critic: of('ppo_critic_loss'),
  }),
  panel('Gradient norms', 'short', 'Before clipping. Jumps: lower the learning rate.', {
    policy: of('ppo_policy_gradient_norm'),
    critic: of('ppo_critic_gradient_norm'),
  }),
  {
    ...panel(
      'Explained variance',
      'percentunit',
      '100 % is a perfect critic, 0 one that knows the mean alone, below 0 one that harms.',
      {
        critic: of('ppo_critic_explained_variance'),
      },
    ),
    atLeast: 0,
  },
  panel('Values', 'short', 'What the critic gives a token, and how far it is from what came of it.', {
    mean: of('ppo_critic_value_mean'),
    'mean distance from the return': of('ppo_critic_absolute_error_mean'),
  }),
  panel('Learning rates', 'sci', 'By the schedule of the manifest.', {
    policy: of('ppo_policy_learning_rate'),
    critic: of('ppo_critic_learning_rate'),
  }),
];

const time: Panel[] = [
  {
    ...panel('Time by phase', 'percentunit', 'One phase takes most: give its role more replicas or threads.', {
      '{{phase}}': `${job.share('ppo_phase_seconds_total', 'phase')} > 0`,
    }),
    ...{ isStacked: true, width: 12 },
  },
  {
    ...panel('Length of an iteration', 's', 'Without checkpoints.', { mean: job.mean('ppo_iteration_seconds') }),
    width: 12,
  },
  panel('Tokens a second', 'short', 'Over all replicas. Prompts and trained: over all phases.', {
    generated: `sum(${job.rate('vllm:generation_tokens_total')})`,
    prompts: `sum(${job.rate('vllm:prompt_tokens_total')})`,
    trained: `max(${job.rate('ppo_train_tokens_total', 'ppo_role="actor"')})`,
  }),
  panel('Parts of a train step', 'percentunit', 'Much reduction: a slow rank or network.', {
    '{{ppo_role}} {{part}}': job.share('ppo_train_time_seconds_total', 'part', 'ppo_role'),
  }),
  panel('Scoring a rollout', 's', 'Mean. All roles score at the same time: the slowest counts.', {
    '{{role}}': job.mean('ppo_scoring_seconds', 'role'),
  }),
];

const generation: Panel[] = [
  panel('Requests', 'none', 'Many waiting for long: more replicas, or a larger rollout.maxConcurrentSequences.', {
    running: `sum(${of('vllm:num_requests_running')})`,
    waiting: `sum(${of('vllm:num_requests_waiting')})`,
    'at most running': `sum(${of('ppo_generation_max_sequences')})`,
  }),
  {
    ...panel('KV cache', 'percentunit', 'Share in use.', { '{{pod}}': of('vllm:kv_cache_usage_perc') }),
    limit: 0.95,
  },
  panel('Sequences decoded at once', 'short', 'Mean. Near 1: a few long responses hold up the rest.', {
    'tokens a step': job.ratio('vllm:generation_tokens_total', 'ppo_generation_steps_total'),
  }),
  panel('Tokens of a response', 'short', 'Grows to the limit: the policy has learned that length pays.', {
    mean: job.mean('ppo_rollout_response_tokens'),
    median: job.quantile(0.5, 'ppo_rollout_response_tokens'),
    '95 %': job.quantile(0.95, 'ppo_rollout_response_tokens'),
  }),
  {
    ...panel('How responses end', 'percentunit', 'length: cut off at rollout.maxResponseTokens.', {
      '{{finish_reason}}': job.share('ppo_rollout_responses_total', 'finish_reason'),
    }),
    isStacked: true,
  },
  panel('Latency of requests, 95 %', 's', 'From arrival, but for the time from one token to the next.', {
    'begin of prefill': job.quantile(0.95, 'vllm:request_queue_time_seconds'),
    'first token': job.quantile(0.95, 'vllm:time_to_first_token_seconds'),
    'last token': job.quantile(0.95, 'vllm:e2e_request_latency_seconds'),
    'token to token': job.quantile(0.95, 'vllm:inter_token_latency_seconds'),
  }),
];

const health: Panel[] = [
  {
    ...panel(
      'Parity of logprobs',
      'sci',
      'Between generation and trainer, for the same tokens, in nats (PPOJobParityDrift).',
      {
        largest: of('ppo_parity_logprob_difference_max'),
        mean: of('ppo_parity_logprob_difference_mean'),
      },
    ),
    limit: 1,
  },
  panel('Weight syncs', 's', 'Mean length of each part.', {
    send: job.mean('ppo_weight_sync_send_seconds'),
    'receive and check': job.mean('ppo_weight_sync_receive_seconds'),
    'take into use': job.mean('ppo_weight_sync_flip_seconds'),
  }),
  panel('Weights moved', 'Bps', 'A broadcast sends each byte once and every replica receives it.', {
    sent: `sum(${job.rate('ppo_weight_sync_sent_bytes_total')})`,
    received: `sum(${job.rate('ppo_weight_sync_received_bytes_total')})`,
    'by communicators': `sum(${job.rate('ppo_communicator_sent_bytes_total')})`,
  }),
  {
    ...panel(
      'Generation behind the actor',
      'none',
      'Versions of the weights, of the replica that is furthest behind.',
      {
        // The replicas may have been scraped after the actor.
        versions: `clamp_min(max(${job.of('ppo_weights_version', 'ppo_role="actor"')}) - min(${job.of('ppo_weights_version', 'ppo_role="generation"')}), 0)`,
      },
    ),
    limit: 2,
  },
  panel('Age of the weights', 's', 'Since the replica that is furthest behind took its weights into use.', {
    age: `time() - min(${job.of('ppo_weights_timestamp_seconds', 'ppo_role="generation"')})`,
  }),
  {
    ...panel('Workers alive', 'none', 'By role.', { '{{role}}': of('ppo_members') }),
    isStacked: true,
  },
  panel('Failures in the last hour', 'short', 'Each is repaired without help; many of them are a bad sign.', {
    'workers lost': inAnHour('ppo_member_losses_total'),
    rollbacks: inAnHour('ppo_rollbacks_total'),
    'scoring requests failed': inAnHour('ppo_scoring_failures_total'),
    'responses made again': inAnHour('ppo_rollout_requeued_responses_total'),
    'weight syncs failed': inAnHour('ppo_weight_sync_failures_total'),
    'communicator errors': inAnHour('ppo_communicator_errors_total'),
  }),
  panel('Memory', 'bytes', 'Resident, the communicator included.', {
    '{{pod}}': `sum by (pod) (${of('process_resident_memory_bytes')})`,
  }),
  panel('CPU', 'short', 'Cores in use, the communicator included.', {
    '{{pod}}': `sum by (pod) (${job.rate('process_cpu_seconds_total')})`,
  }),
  {
    ...panel('Models', 'bytes', 'Parameters, gradients, optimizer state, KV cache; over all pods.', {
      '{{kind}}': `sum by (kind) (${of('ppo_model_bytes')})`,
    }),
    isStacked: true,
  },
  panel('Collectives', 's', 'Mean length, with the wait for other ranks: the slowest rank counts.', {
    '{{ppo_role}}': job.mean('ppo_communicator_run_seconds', 'ppo_role'),
  }),
  {
    ...panel(
      'Lag of the event loop',
      's',
      '99 % of the worst process of a pod. Above a second health checks come late: more CPU.',
      {
        '{{pod}}': `max by (pod) (${of('nodejs_eventloop_lag_p99_seconds')})`,
      },
    ),
    limit: 1,
  },
];

export const JOB_DASHBOARD: Dashboard = {
  uid: 'ppo-operator-job',
  title: 'PPOJob',
  description: 'Is a job learning, where does its time go, is it healthy.',
  variables: [
    { name: 'namespace', query: 'label_values(ppo_iteration, namespace)' },
    { name: 'job', query: 'label_values(ppo_iteration{namespace="$namespace"}, ppo_job)' },
  ],
  // Some iterations of a job whose iterations take minutes.
  window: '1h',
  rows: [
    { title: 'Now', panels: now },
    { title: 'Is it learning?', panels: learning },
    { title: 'Where does the time go?', panels: time },
    { title: 'Generation', panels: generation },
    { title: 'Is it healthy?', panels: health },
  ],
};
