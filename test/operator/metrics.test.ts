// Metrics under the names that dashboards for controllers know.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createOperatorMetrics } from '../../operator/metrics.ts';

it('counts requests, reconciles, queue and leadership', async () => {
  const metrics = createOperatorMetrics();
  metrics.onAttempt({ method: 'POST', host: 'h:6443', status: 201, durationMs: 20 });
  metrics.onAttempt({ method: 'GET', host: 'h:6443', status: null, durationMs: 20 });
  const { controller } = metrics;
  controller.onStart({
    concurrency: 16,
    statistics: () => ({ depth: 3, unfinishedMs: 2000, longestMs: 1500, stuckMs: 0 }),
    unsyncedKinds: () => [],
    mostSilentWatch: () => ({ kind: 'pods', silentMs: 0 }),
  });
  controller.queue.onAdd();
  controller.queue.onTake(50);
  controller.queue.onDone(20);
  controller.queue.onTake(50);
  controller.queue.onRetry();
  controller.onReconcile({ type: 'done' }, 10);
  controller.onReconcile({ type: 'retry', error: new Error('x') }, 10);
  controller.onReconcile({ type: 'retry', error: null }, 10);
  metrics.onLeading(true);
  metrics.onEventDropped();
  const text = await metrics.registry.metrics();
  for (const line of [
    'rest_client_requests_total{code="201",method="POST",host="h:6443"} 1',
    'rest_client_requests_total{code="<error>",method="GET",host="h:6443"} 1',
    'rest_client_request_duration_seconds_count{verb="POST",host="h:6443"} 1',
    'controller_runtime_reconcile_total{controller="ppojob",result="success"} 1',
    'controller_runtime_reconcile_total{controller="ppojob",result="error"} 1',
    'controller_runtime_reconcile_total{controller="ppojob",result="requeue"} 1',
    'controller_runtime_reconcile_total{controller="ppojob",result="requeue_after"} 0',
    'controller_runtime_reconcile_errors_total{controller="ppojob"} 1',
    'controller_runtime_reconcile_time_seconds_count{controller="ppojob"} 3',
    'controller_runtime_active_workers{controller="ppojob"} 1',
    'controller_runtime_max_concurrent_reconciles{controller="ppojob"} 16',
    'workqueue_depth{name="ppojob",controller="ppojob"} 3',
    'workqueue_adds_total{name="ppojob",controller="ppojob"} 1',
    'workqueue_retries_total{name="ppojob",controller="ppojob"} 1',
    'workqueue_unfinished_work_seconds{name="ppojob",controller="ppojob"} 2',
    'workqueue_longest_running_processor_seconds{name="ppojob",controller="ppojob"} 1.5',
    'workqueue_queue_duration_seconds_sum{name="ppojob",controller="ppojob"} 0.1',
    'workqueue_work_duration_seconds_sum{name="ppojob",controller="ppojob"} 0.02',
    'leader_election_master_status{name="ppo-operator"} 1',
    'ppo_operator_events_dropped_total 1',
  ]) {
    assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`);
  }
});

it('begins every count at 0: the first failure is an increase', async () => {
  const text = await createOperatorMetrics().registry.metrics();
  for (const line of [
    'controller_runtime_reconcile_total{controller="ppojob",result="error"} 0',
    'controller_runtime_reconcile_errors_total{controller="ppojob"} 0',
    'workqueue_adds_total{name="ppojob",controller="ppojob"} 0',
    'controller_runtime_reconcile_time_seconds_count{controller="ppojob"} 0',
    'workqueue_queue_duration_seconds_count{name="ppojob",controller="ppojob"} 0',
    'workqueue_retries_total{name="ppojob",controller="ppojob"} 0',
    'ppo_operator_events_dropped_total 0',
  ]) {
    assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`);
  }
});
