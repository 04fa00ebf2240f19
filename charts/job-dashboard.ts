// The dashboard of a job: is it learning, where does the time go, is it healthy. Series are described in docs/metrics.md.
import type { Dashboard, Panel, Query } from './dashboard.ts';

const JOB = 'namespace="$namespace",ppo_job="$job"';

function of(name: string, more = ''): string {
  return `${name}{${JOB}${more}}`;
}

function rate(name: string, more = ''): string {
  return `rate(${of(name, more)}[$__rate_interval])`;
}

function quantile(name: string, q: number): string {
  return `histogram_quantile(${q}, sum by (le) (${rate(`${name}_bucket`)}))`;
}

function mean(name: string): string {
  return `sum(${rate(`${name}_sum`)}) / sum(${rate(`${name}_count`)})`;
}

function panel(title: string, unit: string, queries: readonly Query[], description: string): Panel {
  return { title, unit, queries, description };
}

const overview: Panel[] = [
  {
    ...panel('Iteration', 'short', [{ expr: of('ppo_iteration'), legend: 'done' }], 'Iterations done.'),
    ...{ kind: 'stat', width: 4 },
  },
  {
    ...panel('Of', 'short', [{ expr: of('ppo_iteration_target') }], 'Iterations that the job is to do.'),
    ...{ kind: 'stat', width: 4 },
  },
  {
    ...panel('Score', 'short', [{ expr: of('ppo_rollout_score_mean') }], 'Mean score of the last rollout.'),
    ...{ kind: 'stat', width: 4 },
  },
  {
    ...panel('Accuracy', 'percentunit', [{ expr: of('ppo_evaluation_accuracy_ratio') }], 'On held-out prompts.'),
    ...{ kind: 'stat', width: 4 },
  },
  {
    ...panel(
      'Since the last iteration',
      's',
      [{ expr: `time() - ${of('ppo_iteration_timestamp_seconds')}` }],
      'PPOJobStalled looks at it.',
    ),
    ...{ kind: 'stat', width: 4 },
  },
  {
    ...panel(
      'At risk',
      's',
      [{ expr: `time() - ${of('ppo_checkpoint_timestamp_seconds')}` }],
      'Work that the loss of a trainer costs: time since the last checkpoint.',
    ),
    ...{ kind: 'stat', width: 4 },
  },
];

const learning: Panel[] = [
  panel(
    'Score',
    'short',
    [
      { expr: of('ppo_rollout_score_mean'), legend: 'mean' },
      { expr: of('ppo_rollout_score_stddev'), legend: 'standard deviation' },
    ],
    'Rises when the policy learns. A deviation near 0 leaves nothing to learn from.',
  ),
  panel(
    'Held-out accuracy',
    'percentunit',
    [
      { expr: of('ppo_evaluation_accuracy_ratio'), legend: 'now' },
      { expr: of('ppo_evaluation_initial_accuracy_ratio'), legend: 'before' },
    ],
    'Falls while the score rises: the reward is being exploited.',
  ),
  panel(
    'KL from the reference',
    'short',
    [
      { expr: of('ppo_policy_kl'), legend: 'nats a response' },
      { expr: of('ppo_policy_kl_per_token'), legend: 'nats a token' },
    ],
    'Grows without end: raise the coefficient or lower the learning rate (PPOJobKLRunaway).',
  ),
  panel(
    'Losses',
    'short',
    [
      { expr: of('ppo_policy_loss'), legend: 'policy' },
      { expr: of('ppo_critic_loss'), legend: 'critic' },
    ],
    "The critic's should fall; the policy's says little by itself.",
  ),
  panel(
    'Clipped',
    'percentunit',
    [
      { expr: of('ppo_policy_clip_fraction'), legend: 'policy' },
      { expr: of('ppo_critic_clip_fraction'), legend: 'critic' },
    ],
    'Above about 0.3: steps are too large for the clip range; lower the learning rate or the number of epochs.',
  ),
  panel(
    'Entropy and update',
    'short',
    [
      { expr: of('ppo_policy_entropy'), legend: 'entropy, nats a token' },
      { expr: of('ppo_policy_update_kl'), legend: 'KL of an update, nats a token' },
    ],
    'An entropy that falls to 0 is a policy that has stopped to explore.',
  ),
  panel(
    'Gradient norms',
    'short',
    [
      { expr: of('ppo_policy_gradient_norm'), legend: 'policy' },
      { expr: of('ppo_critic_gradient_norm'), legend: 'critic' },
    ],
    'Before clipping.',
  ),
  {
    ...panel(
      'Explained variance',
      'percentunit',
      [{ expr: of('ppo_critic_explained_variance'), legend: 'critic' }],
      '1 is a perfect critic, 0 one that knows the mean alone, below 0 one that harms.',
    ),
  },
  panel(
    'Learning rates',
    'sci',
    [
      { expr: of('ppo_policy_learning_rate'), legend: 'policy' },
      { expr: of('ppo_critic_learning_rate'), legend: 'critic' },
    ],
    'By the schedule of the manifest.',
  ),
];

const time: Panel[] = [
  {
    ...panel(
      'Time by phase',
      'percentunit',
      [{ expr: `sum by (phase) (${rate('ppo_phase_seconds_total')}) > 0`, legend: '{{phase}}' }],
      'Share of the time that the job is in each phase; together 100 %.',
    ),
    ...{ isStacked: true, width: 12 },
  },
  {
    ...panel('Iteration', 's', [{ expr: mean('ppo_iteration_seconds'), legend: 'mean' }], 'Length of an iteration.'),
    width: 12,
  },
  panel(
    'Tokens a second',
    'short',
    [
      { expr: `sum(${rate('vllm:generation_tokens_total')})`, legend: 'generated' },
      { expr: `sum(${rate('vllm:prompt_tokens_total')})`, legend: 'prompts' },
      { expr: `max(${rate('ppo_train_tokens_total', ',ppo_role="actor"')})`, legend: 'trained' },
    ],
    'Over all replicas and all phases.',
  ),
  {
    ...panel(
      'Time of train steps',
      'percentunit',
      [{ expr: `avg by (ppo_role, part) (${rate('ppo_train_time_seconds_total')})`, legend: '{{ppo_role}} {{part}}' }],
      'Share of the time that a rank spends on gradients, their sum over ranks, and the update.',
    ),
    isStacked: true,
  },
  panel(
    'Scoring a rollout',
    's',
    [
      {
        expr: `sum by (role) (${rate('ppo_scoring_seconds_sum')}) / sum by (role) (${rate('ppo_scoring_seconds_count')})`,
        legend: '{{role}}',
      },
    ],
    'All roles score at the same time: the slowest counts.',
  ),
];

const generation: Panel[] = [
  panel(
    'Requests',
    'short',
    [
      { expr: `sum(${of('vllm:num_requests_running')})`, legend: 'running' },
      { expr: `sum(${of('vllm:num_requests_waiting')})`, legend: 'waiting' },
      { expr: `sum(${of('ppo_generation_max_sequences')})`, legend: 'at most running' },
    ],
    'Many waiting for long: more replicas, or a larger rollout.maxConcurrentSequences.',
  ),
  {
    ...panel('KV cache', 'percentunit', [{ expr: of('vllm:kv_cache_usage_perc'), legend: '{{pod}}' }], 'Share in use.'),
    limit: 0.95,
  },
  panel(
    'Sequences decoded at once',
    'short',
    [
      {
        expr: `sum(${rate('vllm:generation_tokens_total')}) / sum(${rate('ppo_generation_steps_total')})`,
        legend: 'mean',
      },
    ],
    'Tokens a decode step. Near 1: a few long responses hold up the rest.',
  ),
  panel(
    'Response length',
    'short',
    [
      { expr: quantile('ppo_rollout_response_tokens', 0.5), legend: 'median' },
      { expr: quantile('ppo_rollout_response_tokens', 0.95), legend: '95 %' },
    ],
    'Tokens. Grows to the limit: the policy has learned that length pays.',
  ),
  panel(
    'How responses end',
    'percentunit',
    [
      {
        expr: `sum by (finish_reason) (${rate('ppo_rollout_responses_total')}) / ignoring (finish_reason) group_left sum(${rate('ppo_rollout_responses_total')})`,
        legend: '{{finish_reason}}',
      },
    ],
    'length: cut off at rollout.maxResponseTokens.',
  ),
  panel(
    'Latency',
    's',
    [
      { expr: quantile('vllm:time_to_first_token_seconds', 0.95), legend: 'first token, 95 %' },
      { expr: quantile('vllm:request_time_per_output_token_seconds', 0.95), legend: 'each token, 95 %' },
      { expr: quantile('vllm:e2e_request_latency_seconds', 0.95), legend: 'whole, 95 %' },
      { expr: quantile('vllm:request_queue_time_seconds', 0.95), legend: 'waiting, 95 %' },
    ],
    'Of requests to the generation replicas.',
  ),
];

const health: Panel[] = [
  panel(
    'Parity of logprobs',
    'sci',
    [
      { expr: of('ppo_parity_logprob_difference_max'), legend: 'largest' },
      { expr: of('ppo_parity_logprob_difference_mean'), legend: 'mean' },
    ],
    'Difference between generation and trainer for the same tokens, in nats (PPOJobParityDrift).',
  ),
  panel(
    'Weight syncs',
    's',
    [
      { expr: mean('ppo_weight_sync_send_seconds'), legend: 'send' },
      { expr: mean('ppo_weight_sync_receive_seconds'), legend: 'receive and check' },
      { expr: mean('ppo_weight_sync_flip_seconds'), legend: 'take into use' },
    ],
    'Mean length of each part.',
  ),
  panel(
    'Age of the weights',
    'short',
    [
      {
        expr: `max(${of('ppo_weights_version', ',ppo_role="actor"')}) - min(${of('ppo_weights_version', ',ppo_role="generation"')})`,
        legend: 'versions behind',
      },
      { expr: `time() - min(${of('ppo_weights_timestamp_seconds', ',ppo_role="generation"')})`, legend: 'seconds' },
    ],
    'Of the replica that is furthest behind the actor.',
  ),
  panel(
    'Weights moved',
    'Bps',
    [
      { expr: `sum(${rate('ppo_weight_sync_sent_bytes_total')})`, legend: 'sent' },
      { expr: `sum(${rate('ppo_weight_sync_received_bytes_total')})`, legend: 'received' },
      { expr: `sum(${rate('ppo_communicator_sent_bytes_total')})`, legend: 'by communicators' },
    ],
    'A broadcast sends each byte once and every replica receives it.',
  ),
  panel(
    'Workers alive',
    'short',
    [{ expr: of('ppo_members'), legend: '{{role}}' }],
    'By role; PPOJobWorkersMissing compares with how many there should be.',
  ),
  panel(
    'Failures in the last hour',
    'short',
    [
      { expr: `sum by (role) (increase(${of('ppo_member_losses_total')}[1h]))`, legend: '{{role}} lost' },
      { expr: `increase(${of('ppo_rollbacks_total')}[1h])`, legend: 'rollbacks' },
      { expr: `sum by (role) (increase(${of('ppo_scoring_failures_total')}[1h]))`, legend: '{{role}} could not score' },
      { expr: `increase(${of('ppo_rollout_requeued_responses_total')}[1h])`, legend: 'responses made again' },
      { expr: `increase(${of('ppo_weight_sync_failures_total')}[1h])`, legend: 'weight syncs failed' },
      { expr: `sum(increase(${of('ppo_communicator_errors_total')}[1h]))`, legend: 'communicator errors' },
    ],
    'Each is mended by itself; many are not healthy.',
  ),
  {
    ...panel(
      'Memory',
      'bytes',
      [{ expr: `sum by (pod) (${of('process_resident_memory_bytes')})`, legend: '{{pod}}' }],
      'Resident, the communicator included.',
    ),
    width: 8,
  },
  panel(
    'Models',
    'bytes',
    [{ expr: `sum by (ppo_role, kind) (${of('ppo_model_bytes')})`, legend: '{{ppo_role}} {{kind}}' }],
    'Parameters, gradients, optimizer state, KV cache; over all replicas.',
  ),
  panel(
    'Shared memory',
    'bytes',
    [{ expr: `sum by (pod) (${of('ppo_shared_memory_bytes')})`, legend: '{{pod}}' }],
    'Counts as memory of the pod.',
  ),
];

export const JOB_DASHBOARD: Dashboard = {
  uid: 'ppo-operator-job',
  title: 'PPOJob',
  description: 'Is a job learning, where does its time go, is it healthy.',
  variables: [
    { name: 'namespace', query: 'label_values(ppo_iteration, namespace)' },
    { name: 'job', query: 'label_values(ppo_iteration{namespace="$namespace"}, ppo_job)' },
  ],
  rows: [
    { title: 'Now', panels: overview },
    { title: 'Is it learning?', panels: learning },
    { title: 'Where does the time go?', panels: time },
    { title: 'Generation', panels: generation },
    { title: 'Is it healthy?', panels: health },
  ],
};
