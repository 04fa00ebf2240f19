// The dashboard of the operator: who leads, how reconciles go, what the API server answers, where jobs stand. Series are
// described in docs/metrics.md, limits are those of the alerts.
import { COLORS, type Dashboard, fromZero, type Panel, panel } from './dashboard.ts';
import { Selection } from './promql.ts';

const LABELS = 'namespace="$namespace"';
const RECONCILE = 'controller="ppojob"';
const QUEUE = 'name="ppojob"';
const STUCK_S = 120;

const operator = new Selection(LABELS);
const LEADERS = operator.of('leader_election_master_status', 'name="ppo-operator"');
/** Names of clients and of Node are those of others in the namespace as well. */
const itself = new Selection(LABELS, `and on (instance) ${LEADERS}`);

function stat(title: string, unit: string, description: string, query: string): Panel {
  return { ...panel(title, unit, description, { [title]: query }), kind: 'stat', width: 6 };
}

const { green, yellow, blue, orange, red, purple, grey, lightGrey } = COLORS;
const STAGES = {
  ...{ Running: green, Succeeded: blue, Failed: red, Invalid: purple, Suspended: grey },
  ...{ Scheduled: yellow, Accepted: orange, Pending: lightGrey },
};
const RESULTS = { success: green, requeue_after: blue, requeue: yellow, error: red };

const jobs: Panel[] = [
  {
    ...stat('Leaders', 'none', '1: one operator leads. 0: nobody does (PPOOperatorNotLeading).', `sum(${LEADERS})`),
    ...{ atLeast: 1, limit: 2 },
  },
  stat('Operators', 'none', 'Those that do not lead wait for the lease.', `count(${LEADERS})`),
  stat(
    'From creation to scheduled, 95 %',
    's',
    'Of the jobs that got there in the time shown. Long: no room in the cluster.',
    operator.quantile(0.95, 'ppo_operator_job_scheduled_seconds', '', '$__range'),
  ),
  stat(
    'From creation to running, 95 %',
    's',
    'Of the jobs that got there in the time shown. Long: images or models load slowly.',
    operator.quantile(0.95, 'ppo_operator_job_running_seconds', '', '$__range'),
  ),
  {
    ...panel('Jobs by stage', 'none', 'Each job is counted at the latest stage that it has reached.', {
      '{{condition}}': `max by (condition) (${operator.of('ppo_operator_jobs')})`,
    }),
    ...{ isStacked: true, colors: STAGES },
  },
  panel(
    'Pods replaced in the last hour',
    'none',
    'program: it failed; infrastructure: its node; gang, job: with another.',
    {
      '{{cause}}': `sum by (cause) (${operator.increase('ppo_operator_restarts_total', '1h')})`,
    },
  ),
  panel('Events left out in the last hour', 'none', 'Because an object had too many of them: it fails in a loop.', {
    events: `sum(${operator.increase('ppo_operator_events_dropped_total', '1h')})`,
  }),
];

const reconcile: Panel[] = [
  {
    ...panel(
      'Reconciles',
      'ops',
      'error: look at the log (PPOOperatorReconcileErrors). requeue: somebody else wrote first.',
      {
        '{{result}}': `sum by (result) (${operator.rate('controller_runtime_reconcile_total', RECONCILE)})`,
      },
    ),
    colors: RESULTS,
  },
  panel('Length of a reconcile', 's', 'Mostly the API server.', {
    median: operator.quantile(0.5, 'controller_runtime_reconcile_time_seconds', RECONCILE),
    '99 %': operator.quantile(0.99, 'controller_runtime_reconcile_time_seconds', RECONCILE),
  }),
  {
    ...panel('Oldest reconcile', 's', 'PPOOperatorReconcileStuck looks at it.', {
      'running for': `max(${operator.of('workqueue_longest_running_processor_seconds', QUEUE)})`,
    }),
    limit: STUCK_S,
  },
  panel('Keys', 'none', 'Waiting that stays while all are at work: raise concurrency, or the API server is slow.', {
    waiting: `sum(${operator.of('workqueue_depth', QUEUE)})`,
    'at work': `sum(${operator.of('controller_runtime_active_workers', RECONCILE)})`,
    'at work at most': `max(${operator.of('controller_runtime_max_concurrent_reconciles', RECONCILE)})`,
  }),
  panel('Keys added', 'ops', 'Many again: reconciles fail.', {
    all: `sum(${operator.rate('workqueue_adds_total', QUEUE)})`,
    'again, after a failure': `sum(${operator.rate('workqueue_retries_total', QUEUE)})`,
  }),
  panel('Wait in the queue, 99 %', 's', 'Before a reconcile begins.', {
    wait: operator.quantile(0.99, 'workqueue_queue_duration_seconds', QUEUE),
  }),
];

const api: Panel[] = [
  panel('Requests', 'reqps', '409: a conflict, which is normal. 429: the API server holds back. <error>: no answer.', {
    '{{code}}': `sum by (code) (${itself.rate('rest_client_requests_total')})`,
  }),
  panel('Latency', 's', 'Until the API server answers.', {
    median: itself.quantile(0.5, 'rest_client_request_duration_seconds'),
    '99 %': itself.quantile(0.99, 'rest_client_request_duration_seconds'),
  }),
  panel('Memory', 'bytes', 'The heap is bounded by what the operator keeps of jobs and pods.', {
    '{{pod}} resident': itself.gauge('process_resident_memory_bytes', 'pod'),
    '{{pod}} heap': itself.gauge('nodejs_heap_size_used_bytes', 'pod'),
  }),
  {
    ...panel('Lag of the event loop, 99 %', 's', 'Long lags cost the lease.', {
      '{{pod}}': itself.gauge('nodejs_eventloop_lag_p99_seconds', 'pod'),
    }),
    ...{ width: 12, limit: 1 },
  },
  {
    ...fromZero(
      panel('CPU', 'short', 'Cores in use.', {
        '{{pod}}': `sum by (pod) (${itself.rate('process_cpu_seconds_total')})`,
      }),
    ),
    width: 12,
  },
];

export const OPERATOR_DASHBOARD: Dashboard = {
  uid: 'ppo-operator-operator',
  title: 'ppo-operator',
  description: 'Does the operator lead, reconcile and get answers; where do jobs stand.',
  variables: [
    { name: 'namespace', query: 'label_values(leader_election_master_status{name="ppo-operator"}, namespace)' },
  ],
  window: '5m',
  rows: [
    { title: 'Jobs', panels: jobs },
    { title: 'Reconciles', panels: reconcile },
    { title: 'API server and process', panels: api },
  ],
};
