/** The first cause that fits, for every state that a job can be in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LastFailure, PPOJobStatus } from '../../../../operator/api/ppojob.ts';
import { type DiagnosisInput, diagnose } from '../../../../operator/kubectl/explain/diagnosis.ts';
import { condition, NOW_MS, storedEvent, storedJob, storedPod } from '../builders.ts';

const ACCEPTED = condition('Accepted', 'True', 'Valid');
const SCHEDULED = condition('Scheduled', 'True', 'PodsCreated');
const RUNNING = condition('Running', 'True', 'PodsReady', '2 of 2 pods are ready');
const FAILURE: LastFailure = {
  ...{ pod: 'tiny-generation-1', uid: 'gone', exitCode: 1, message: 'out of luck', cause: 'Program' },
};
const role = (restarts: number) => ({ desired: 1, ready: 1, restarts });

function diagnoseStatus(status: PPOJobStatus | undefined, rest: Partial<DiagnosisInput> = {}) {
  return diagnose({ job: storedJob(status), pods: [], events: [], nowMs: NOW_MS, ...rest });
}

test('a failed job: the condition, the pod, its exit code, and whose doing it was', () => {
  const failed = condition('Failed', 'True', 'RestartLimitReached', 'pod tiny-generation-1 failed: out of luck');
  const found = diagnoseStatus({ conditions: [failed], lastFailure: FAILURE, roles: { generation: role(3) } });
  assert.equal(found.headline, 'failed: RestartLimitReached');
  assert.equal(found.reason, 'RestartLimitReached');
  assert.deepEqual(found.facts, [
    ['pod', 'tiny-generation-1: it failed by itself'],
    ['exit code', '1: a fault that a restart may fix'],
    ['restarts', '3 of role generation'],
  ]);
  assert.deepEqual(found.suspect, {
    ...{ pod: 'tiny-generation-1', role: 'generation', uid: null, container: null, message: 'out of luck' },
  });
});

test('the log to read is that of the container which failed, of the very pod', () => {
  const terminated = { exitCode: 137, reason: 'OOMKilled' };
  const ended = { name: 'worker', ready: false, restartCount: 0, state: { terminated } };
  const pod = storedPod('generation', 1, { phase: 'Failed', containerStatuses: [ended] });
  const lastFailure = { ...FAILURE, uid: pod.metadata.uid, exitCode: 137 };
  const failed = condition('Failed', 'True', 'RestartLimitReached');
  const found = diagnoseStatus({ conditions: [failed], lastFailure }, { pods: [pod] });
  assert.equal(found.suspect?.container, 'worker');
  assert.match(found.facts[1]?.[1] ?? '', /OOMKilled/);
  assert.match(found.remedies[0] ?? '', /memory/);
});

test('want of memory is known also when its pod is gone', () => {
  const lastFailure = { ...FAILURE, exitCode: 137, message: 'OOMKilled: iteration 3' };
  const found = diagnoseStatus({ conditions: [RUNNING], lastFailure });
  assert.match(found.facts[1]?.[1] ?? '', /^137: killed for want of memory/);
  assert.match(found.remedies[0] ?? '', /limits\.memory/);
});

test('a job that is not accepted, with every problem', () => {
  const refused = condition('Accepted', 'False', 'Invalid', 'spec: 2 problems\n  a\n  b');
  const found = diagnoseStatus({ conditions: [refused] });
  assert.deepEqual([found.headline, found.reason, found.why], ['is not accepted', 'Invalid', refused.message]);
});

test('a job that nobody looks after', () => {
  assert.equal(diagnoseStatus(undefined).headline, 'is not looked after');
  const job = storedJob(undefined, { creationTimestamp: new Date(NOW_MS - 2000).toISOString() });
  assert.equal(diagnoseStatus(undefined, { job }).headline, 'is new');
  const changed = storedJob({ observedGeneration: 1, conditions: [ACCEPTED] }, { generation: 2 });
  assert.match(diagnoseStatus(undefined, { job: changed }).why, /last change/);
});

test('a suspended job, one that is deleted, one that is done', () => {
  const suspended = condition('Suspended', 'True', 'Suspended', 'resume from 40');
  const job = storedJob({ conditions: [suspended] }, {}, { suspend: true });
  assert.deepEqual(diagnoseStatus(undefined, { job }).why, 'resume from 40');
  const deleted = storedJob({ conditions: [RUNNING] }, { deletionTimestamp: 'x', finalizers: ['foregroundDeletion'] });
  const pods = [storedPod('actor', 0, { phase: 'Running' })];
  assert.match(diagnoseStatus(undefined, { job: deleted, pods }).why, /tiny-actor-0; finalizers: foregroundDeletion/);
  const succeeded = condition('Succeeded', 'True', 'Finished', 'done');
  assert.equal(diagnoseStatus({ conditions: [succeeded], restarts: 2 }).why, 'done, with 2 restarts on the way');
});

test('a pod without room, at a gate, or without its image', () => {
  const scheduled = condition('Scheduled', 'False', 'PodsWaiting', 'pod x has no place');
  const status = { conditions: [ACCEPTED, scheduled] };
  const waiting = (reason: string, message: string) =>
    storedPod('actor', 0, {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason, message }],
    });
  const noRoom = diagnoseStatus(status, { pods: [waiting('Unschedulable', '0/3 nodes: insufficient cpu')] });
  assert.equal(noRoom.headline, 'waits for pod tiny-actor-0');
  assert.match(noRoom.why, /insufficient cpu/);
  assert.equal(noRoom.reason, 'Unschedulable');
  const gated = diagnoseStatus(status, { pods: [waiting('SchedulingGated', 'gates')] });
  assert.match(gated.why, /quota or its gang/);
  const state = { waiting: { reason: 'ImagePullBackOff', message: 'not found' } };
  const containerStatuses = [{ name: 'worker', ready: false, restartCount: 0, state }];
  const pods = [waiting('Unschedulable', 'x'), storedPod('critic', 0, { phase: 'Pending', containerStatuses })];
  const noImage = diagnoseStatus(status, { pods });
  assert.deepEqual([noImage.headline, noImage.reason], ['waits for pod tiny-critic-0', 'ImageUnavailable']);
});

test('a pod whose node has not set up its volumes', () => {
  const conditions = [{ type: 'PodReadyToStartContainers', status: 'False' as const }];
  const pod = storedPod('actor', 0, { phase: 'Pending', conditions });
  const found = diagnoseStatus(
    { conditions: [ACCEPTED] },
    { pods: [{ ...pod, spec: { ...pod.spec, nodeName: 'n1' } }] },
  );
  assert.deepEqual([found.headline, found.reason], ['waits for pod tiny-actor-0', 'VolumesUnavailable']);
  assert.match(found.why, /node n1 has not set up its volumes/);
});

test('a pod that no scheduler has looked at', () => {
  const status = { conditions: [ACCEPTED, condition('Scheduled', 'True', 'PodsCreated', '7 pods exist')] };
  const placed = storedPod('actor', 0, { phase: 'Pending' });
  const { nodeName, ...spec } = placed.spec;
  assert.notEqual(nodeName, undefined);
  const ignored = { ...placed, spec: { ...spec, schedulerName: 'volcano' } };
  const found = diagnoseStatus(status, { pods: [ignored] });
  assert.deepEqual(
    [found.headline, found.why],
    ['waits for pod tiny-actor-0', 'the scheduler "volcano" has not looked at it'],
  );
  assert.match(found.remedies.join(), /a scheduler of the name "volcano" runs/);
  assert.notEqual(diagnoseStatus(status, { pods: [placed] }).headline, 'waits for pod tiny-actor-0');
});

test('pods that the API server refuses', () => {
  const conditions = [ACCEPTED, condition('Scheduled', 'False', 'PodsMissing', '0 of 7 pods exist')];
  const events = [storedEvent('PPOJob', 'tiny', 'ApplyFailed', 'exceeded quota: gpus')];
  const found = diagnoseStatus({ conditions }, { events });
  assert.deepEqual([found.reason, found.why], ['ApplyFailed', '0 of 7 pods exist: exceeded quota: gpus']);
  assert.equal(diagnoseStatus({ conditions }).reason, 'PodsMissing');
});

test('a role that waits before it tries again', () => {
  const backoff = { seconds: 20, until: new Date(NOW_MS + 12_400).toISOString() };
  const roles = { generation: { ...role(2), backoff } };
  const found = diagnoseStatus({ conditions: [ACCEPTED], roles, lastFailure: FAILURE });
  assert.match(found.why, /failed 2 times; the operator waits 20 s .* 13 s of them are left/);
});

test('pods that are not ready are named', () => {
  const conditions = [ACCEPTED, SCHEDULED, condition('Running', 'False', 'PodsNotReady', '0 of 1 pods are ready')];
  const state = { running: {} };
  const containerStatuses = [{ name: 'worker', ready: false, restartCount: 0, state }];
  const pods = [storedPod('actor', 0, { phase: 'Running', containerStatuses })];
  assert.match(diagnoseStatus({ conditions }, { pods }).why, /not ready: tiny-actor-0 \(Starting\)/);
});

test('a job that runs again, and one that always ran', () => {
  const running = { conditions: [RUNNING], restarts: 2 };
  const again = diagnoseStatus({ ...running, lastFailure: FAILURE });
  assert.equal(again.headline, 'runs, and has been restarted');
  assert.match(again.why, /2 restarts; the last one: out of luck/);
  assert.equal(diagnoseStatus(running).headline, 'is well');
});
