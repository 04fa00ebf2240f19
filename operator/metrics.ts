// What the operator measures of itself, under the names of controller-runtime and client-go, so that dashboards made for
// them work; what it measures of jobs is in job-metrics.ts. No series carries a job's name.

import { type Counter, collectDefaultMetrics, type Histogram, Registry } from 'prom-client';
import { Series } from '../worker/service/series.ts';
import type { Attempt } from './cluster/kubernetes-transport.ts';
import { createJobObserver } from './job-metrics.ts';
import type { ControllerObserver } from './reconcile/controller.ts';
import type { JobObserver } from './reconcile/job-observer.ts';
import type { ReconcileResult } from './reconcile/result.ts';
import type { QueueObserver, QueueStatistics } from './reconcile/work-queue.ts';

export interface OperatorMetrics {
  readonly registry: Registry;
  readonly controller: ControllerObserver;
  readonly jobs: JobObserver;
  onEventDropped(): void;
  onAttempt(attempt: Attempt): void;
  onLeading(isLeading: boolean): void;
}

const CONTROLLER = 'ppojob';
const LEASE = 'ppo-operator';
/** controller-runtime's. */
const RECONCILE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** client-go's. */
const QUEUE_BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10];
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
const RESULTS = { done: 'success', requeueAfter: 'requeue_after', conflict: 'requeue', retry: 'error' } as const;

export function createOperatorMetrics(): OperatorMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const series = new Series(registry);
  const leading = series.gaugeBy('leader_election_master_status', 'Whether this process leads.', ['name']);
  leading.set({ name: LEASE }, 0);
  const dropped = 'Events left out because an object had too many of them.';
  const eventsDropped = series.counter('ppo_operator_events_dropped_total', dropped);
  return {
    registry,
    controller: createControllerObserver(series),
    jobs: createJobObserver(registry),
    onEventDropped: () => eventsDropped.inc(),
    onAttempt: createAttemptObserver(series),
    onLeading: (isLeading) => leading.set({ name: LEASE }, isLeading ? 1 : 0),
  };
}

function createAttemptObserver(series: Series): (attempt: Attempt) => void {
  const answers = 'Requests to the API server by status code, method and host.';
  const requests = series.counterBy('rest_client_requests_total', answers, ['code', 'method', 'host']);
  const wait = 'Time until the API server answered, by verb and host.';
  const shape = { labelNames: ['verb', 'host'], buckets: REQUEST_BUCKETS };
  const durations = series.histogramBy('rest_client_request_duration_seconds', wait, shape);
  return ({ method, host, status, durationMs }) => {
    requests.inc({ code: status === null ? '<error>' : String(status), method, host });
    durations.observe({ verb: method, host }, durationMs / 1000);
  };
}

/** Counters and histograms begin at 0: a first failure is seen by comparison with it. */
function createControllerObserver(series: Series): ControllerObserver {
  const of = { controller: CONTROLLER };
  let statistics = (): QueueStatistics => ({ depth: 0, unfinishedMs: 0, longestMs: 0, stuckMs: 0 });
  const byResult = ['controller', 'result'];
  const total = series.counterBy('controller_runtime_reconcile_total', 'Reconciles by result.', byResult);
  for (const result of Object.values(RESULTS)) total.inc({ ...of, result }, 0);
  const labelNames = Object.keys(of);
  const failed = 'Reconciles that failed.';
  const errors = series.counterBy('controller_runtime_reconcile_errors_total', failed, labelNames);
  errors.inc(of, 0);
  const shape = { labelNames, buckets: RECONCILE_BUCKETS };
  const durations = series.histogramBy('controller_runtime_reconcile_time_seconds', 'Time of a reconcile.', shape);
  durations.zero(of);
  const active = series.gaugeBy('controller_runtime_active_workers', 'Reconciles under way.', labelNames);
  active.set(of, 0);
  const most = 'Reconciles that may run at the same time.';
  const concurrency = series.gaugeBy('controller_runtime_max_concurrent_reconciles', most, labelNames);
  const queue = createQueueObserver(series, () => statistics());
  return {
    queue: {
      ...queue,
      onTake: (waitedMs) => {
        active.inc(of);
        queue.onTake(waitedMs);
      },
      onDone: (workedMs) => {
        active.dec(of);
        queue.onDone(workedMs);
      },
    },
    onStart: (controller) => {
      statistics = () => controller.statistics();
      concurrency.set(of, controller.concurrency);
    },
    onReconcile: (result, durationMs) => {
      total.inc({ ...of, result: resultLabel(result) });
      if (resultLabel(result) === RESULTS.retry) errors.inc(of);
      durations.observe(of, durationMs / 1000);
    },
  };
}

/** A conflict is no error: somebody else wrote first. */
function resultLabel(result: ReconcileResult): string {
  return result.type === 'retry' && result.error === null ? RESULTS.conflict : RESULTS[result.type];
}

function createQueueObserver(series: Series, statistics: () => QueueStatistics): QueueObserver {
  const of = { name: CONTROLLER, controller: CONTROLLER };
  const labelNames = Object.keys(of);
  const gauge = (name: string, help: string, read: (found: QueueStatistics) => number): void =>
    series.gaugeOf(name, help, () => read(statistics()), of);
  const counter = (name: string, help: string): Counter => {
    const made = series.counterBy(name, help, labelNames);
    made.inc(of, 0);
    return made;
  };
  const histogram = (name: string, help: string): Histogram => {
    const made = series.histogramBy(name, help, { labelNames, buckets: QUEUE_BUCKETS });
    made.zero(of);
    return made;
  };
  gauge('workqueue_depth', 'Keys that wait.', ({ depth }) => depth);
  gauge('workqueue_unfinished_work_seconds', 'Age of all work under way.', (found) => found.unfinishedMs / 1000);
  gauge('workqueue_longest_running_processor_seconds', 'Age of the oldest.', (found) => found.longestMs / 1000);
  const adds = counter('workqueue_adds_total', 'Keys added.');
  const retries = counter('workqueue_retries_total', 'Keys added again after a failure.');
  const waits = histogram('workqueue_queue_duration_seconds', 'Time that a key waited.');
  const works = histogram('workqueue_work_duration_seconds', 'Time that a key was worked on.');
  return {
    onAdd: () => adds.inc(of),
    onTake: (waitedMs) => waits.observe(of, waitedMs / 1000),
    onDone: (workedMs) => works.observe(of, workedMs / 1000),
    onRetry: () => retries.inc(of),
  };
}
