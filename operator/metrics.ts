// What the operator measures of itself, under the names of controller-runtime and client-go, so that dashboards made for
// them work; what it measures of jobs is in job-metrics.ts. No series carries a job's name.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Attempt } from './cluster/kubernetes-transport.ts';
import { createJobObserver } from './job-metrics.ts';
import type { ControllerObserver } from './reconcile/controller.ts';
import type { JobObserver } from './reconcile/job-observer.ts';
import type { ReconcileResult } from './reconcile/result.ts';
import type { QueueStatistics } from './reconcile/work-queue.ts';

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
  const leading = new Gauge({
    name: 'leader_election_master_status',
    help: 'Whether this process leads.',
    labelNames: ['name'],
    registers: [registry],
  });
  leading.set({ name: LEASE }, 0);
  const eventsDropped = new Counter({
    name: 'ppo_operator_events_dropped_total',
    help: 'Events left out because an object had too many of them.',
    registers: [registry],
  });
  return {
    registry,
    controller: createControllerObserver(registry),
    jobs: createJobObserver(registry),
    onEventDropped: () => eventsDropped.inc(),
    onAttempt: createAttemptObserver(registry),
    onLeading: (isLeading) => leading.set({ name: LEASE }, isLeading ? 1 : 0),
  };
}

function createAttemptObserver(registry: Registry): (attempt: Attempt) => void {
  const registers = [registry];
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server by status code, method and host.',
    labelNames: ['code', 'method', 'host'],
    registers,
  });
  const durations = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Time until the API server answered, by verb and host.',
    labelNames: ['verb', 'host'],
    buckets: REQUEST_BUCKETS,
    registers,
  });
  return ({ method, host, status, durationMs }) => {
    requests.inc({ code: status === null ? '<error>' : String(status), method, host });
    durations.observe({ verb: method, host }, durationMs / 1000);
  };
}

function createControllerObserver(registry: Registry): ControllerObserver {
  const registers = [registry];
  const of = { controller: CONTROLLER };
  let statistics = (): QueueStatistics => ({ depth: 0, unfinishedMs: 0, longestMs: 0, stuckMs: 0 });
  const labelNames = ['controller'];
  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciles by result.',
    labelNames: ['controller', 'result'],
    registers,
  });
  for (const result of Object.values(RESULTS)) total.inc({ ...of, result }, 0);
  const errors = new Counter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Reconciles that failed.',
    labelNames,
    registers,
  });
  const durations = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Time of a reconcile.',
    labelNames,
    buckets: RECONCILE_BUCKETS,
    registers,
  });
  const concurrencyGauge = new Gauge({
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'Reconciles that may run at the same time.',
    labelNames,
    registers,
  });
  return {
    queue: createQueueObserver(registry, () => statistics()),
    onStart: (controller) => {
      statistics = () => controller.statistics();
      concurrencyGauge.set(of, controller.concurrency);
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

function createQueueObserver(registry: Registry, statistics: () => QueueStatistics): ControllerObserver['queue'] {
  const registers = [registry];
  const of = { name: CONTROLLER, controller: CONTROLLER };
  const labelNames = Object.keys(of);
  const gauge = (name: string, help: string, read: (found: QueueStatistics) => number): void => {
    new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        this.set(of, read(statistics()));
      },
    });
  };
  const counter = (name: string, help: string): Counter => new Counter({ name, help, labelNames, registers });
  const histogram = (name: string, help: string): Histogram =>
    new Histogram({ name, help, labelNames, registers, buckets: QUEUE_BUCKETS });
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
