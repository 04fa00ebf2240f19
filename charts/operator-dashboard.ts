// The dashboard of the operator: who leads, how reconciles go, what the API server answers, where jobs stand. Series are
// described in docs/metrics.md.
import type { Dashboard, Panel, Query } from './dashboard.ts';

const OPERATOR = 'namespace="$namespace"';
const LEADERS = `leader_election_master_status{name="ppo-operator",${OPERATOR}}`;
/** Names of clients and of Node are those of others in the namespace as well. */
const ITS_OWN = `and on (instance) ${LEADERS}`;

function panel(title: string, unit: string, queries: readonly Query[], description: string): Panel {
  return { title, unit, queries, description };
}

function quantile(name: string, labels: string, q: number): string {
  const rate = `rate(${name}_bucket{${OPERATOR}${labels}}[$__rate_interval])`;
  return `histogram_quantile(${q}, sum by (le) (${name.startsWith('rest_client') ? `${rate} ${ITS_OWN}` : rate}))`;
}

const RECONCILE = ',controller="ppojob"';
const QUEUE = ',name="ppojob"';

const jobs: Panel[] = [
  {
    ...panel(
      'Leading',
      'short',
      [{ expr: `sum(${LEADERS})` }],
      '1: one operator leads. 0: nobody does (PPOOperatorNotLeading).',
    ),
    kind: 'stat',
    width: 4,
  },
  {
    ...panel(
      'Jobs by stage',
      'short',
      [{ expr: `max by (condition) (ppo_operator_jobs{${OPERATOR}})`, legend: '{{condition}}' }],
      'Each job is counted at the latest stage that it has reached.',
    ),
    width: 10,
  },
  {
    ...panel(
      'Pods replaced in the last hour',
      'short',
      [
        {
          expr: `sum by (role, cause) (increase(ppo_operator_restarts_total{${OPERATOR}}[1h])) > 0 or sum(increase(ppo_operator_restarts_total{${OPERATOR}}[1h]))`,
          legend: '{{role}} {{cause}}',
        },
      ],
      'program: it failed; infrastructure: its node did; gang, job: replaced with another.',
    ),
    width: 10,
  },
  {
    ...panel(
      'From creation to Running',
      's',
      [
        {
          expr: `histogram_quantile(0.95, sum by (le) (increase(ppo_operator_job_running_seconds_bucket{${OPERATOR}}[$__range])))`,
          legend: 'running, 95 %',
        },
        {
          expr: `histogram_quantile(0.95, sum by (le) (increase(ppo_operator_job_scheduled_seconds_bucket{${OPERATOR}}[$__range])))`,
          legend: 'scheduled, 95 %',
        },
      ],
      'Of the jobs that got there in the time shown.',
    ),
    width: 12,
  },
  {
    ...panel(
      'Events left out',
      'short',
      [{ expr: `sum(increase(ppo_operator_events_dropped_total{${OPERATOR}}[1h]))`, legend: 'in the last hour' }],
      'Because an object had too many of them.',
    ),
    width: 12,
  },
];

const reconcile: Panel[] = [
  panel(
    'Reconciles',
    'ops',
    [
      {
        expr: `sum by (result) (rate(controller_runtime_reconcile_total{${OPERATOR}${RECONCILE}}[$__rate_interval]))`,
        legend: '{{result}}',
      },
    ],
    'error: look at the log (PPOOperatorReconcileErrors). requeue: somebody else wrote first.',
  ),
  panel(
    'Length of a reconcile',
    's',
    [
      { expr: quantile('controller_runtime_reconcile_time_seconds', RECONCILE, 0.5), legend: 'median' },
      { expr: quantile('controller_runtime_reconcile_time_seconds', RECONCILE, 0.99), legend: '99 %' },
    ],
    'Mostly the API server.',
  ),
  panel(
    'Queue',
    'short',
    [
      { expr: `sum(workqueue_depth{${OPERATOR}${QUEUE}})`, legend: 'waiting' },
      { expr: `sum(rate(workqueue_adds_total{${OPERATOR}${QUEUE}}[$__rate_interval]))`, legend: 'added a second' },
      { expr: `sum(rate(workqueue_retries_total{${OPERATOR}${QUEUE}}[$__rate_interval]))`, legend: 'again a second' },
    ],
    'Depth that stays: raise --concurrency, or the API server is slow.',
  ),
  panel(
    'Wait in the queue',
    's',
    [{ expr: quantile('workqueue_queue_duration_seconds', QUEUE, 0.99), legend: '99 %' }],
    'Before a reconcile begins.',
  ),
  panel(
    'Oldest reconcile',
    's',
    [{ expr: `max(workqueue_longest_running_processor_seconds{${OPERATOR}${QUEUE}})`, legend: 'running for' }],
    'PPOOperatorReconcileStuck looks at it.',
  ),
  panel(
    'At the same time',
    'short',
    [{ expr: `max(controller_runtime_max_concurrent_reconciles{${OPERATOR}${RECONCILE}})`, legend: 'at most' }],
    'Reconciles: --concurrency.',
  ),
];

const api: Panel[] = [
  panel(
    'Requests',
    'reqps',
    [
      {
        expr: `sum by (code) (rate(rest_client_requests_total{${OPERATOR}}[$__rate_interval]) ${ITS_OWN})`,
        legend: '{{code}}',
      },
    ],
    '409: a conflict, which is normal. 429: the API server holds back. <error>: no answer.',
  ),
  panel(
    'Latency',
    's',
    [
      { expr: quantile('rest_client_request_duration_seconds', '', 0.5), legend: 'median' },
      { expr: quantile('rest_client_request_duration_seconds', '', 0.99), legend: '99 %' },
    ],
    'Until the API server answers.',
  ),
  panel(
    'Memory',
    'bytes',
    [
      { expr: `process_resident_memory_bytes{${OPERATOR}} ${ITS_OWN}`, legend: '{{pod}} resident' },
      { expr: `nodejs_heap_size_used_bytes{${OPERATOR}} ${ITS_OWN}`, legend: '{{pod}} heap' },
    ],
    'The heap is bounded by what the operator keeps of jobs and pods.',
  ),
  panel(
    'Event loop',
    's',
    [{ expr: `nodejs_eventloop_lag_p99_seconds{${OPERATOR}} ${ITS_OWN}`, legend: '{{pod}} 99 %' }],
    'Long lags cost the lease.',
  ),
  panel(
    'CPU',
    'short',
    [{ expr: `rate(process_cpu_seconds_total{${OPERATOR}}[$__rate_interval]) ${ITS_OWN}`, legend: '{{pod}}' }],
    'Cores.',
  ),
];

export const OPERATOR_DASHBOARD: Dashboard = {
  uid: 'ppo-operator-operator',
  title: 'ppo-operator',
  description: 'Does the operator lead, reconcile and get answers; where do jobs stand.',
  variables: [
    { name: 'namespace', query: 'label_values(leader_election_master_status{name="ppo-operator"}, namespace)' },
  ],
  rows: [
    { title: 'Jobs', panels: jobs },
    { title: 'Reconciles', panels: reconcile },
    { title: 'API server and process', panels: api },
  ],
};
