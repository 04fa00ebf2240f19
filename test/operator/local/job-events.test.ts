/** Changes between two views, as sentences. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeChanges } from '../../../operator/local/job-events.ts';
import { buildRolePod, buildView } from './fixtures/views.ts';

test('nothing changed, nothing said', () => {
  assert.deepEqual(describeChanges(buildView(), buildView()), []);
});

test('a new condition is said once, with its message', () => {
  const before = buildView({ condition: 'Scheduled' });
  assert.deepEqual(describeChanges(before, buildView()), ['job Running']);
  assert.deepEqual(describeChanges(before, buildView({ condition: 'Failed', message: 'no GPU' })), [
    'job Failed: no GPU',
  ]);
});

const FAILURE = { pod: 'tiny-generation-0', uid: 'u1', exitCode: 1, message: 'out of luck\nmore' };

test('that a job is accepted goes without saying', () => {
  assert.deepEqual(describeChanges(buildView(), buildView({ condition: 'Accepted', message: 'all is well' })), []);
});

test('a lost pod, the restart of its role, and its return', () => {
  const starting = buildView({ pods: [buildRolePod({ isReady: false })], restarts: 1, lastFailure: FAILURE });
  const back = buildView({ restarts: 1, lastFailure: FAILURE });
  assert.deepEqual(describeChanges(buildView(), starting), [
    'tiny-generation-0 failed: out of luck',
    'generation restarts: 1',
  ]);
  assert.deepEqual(describeChanges(starting, back), ['tiny-generation-0 is back']);
});

test("a killed pod's last words are those of its daily work, so the signal is told instead", () => {
  const killed = buildView({ lastFailure: { ...FAILURE, exitCode: 137 } });
  assert.deepEqual(describeChanges(buildView(), killed), ['tiny-generation-0 was killed (SIGKILL)']);
});

test('pods that a failed job stops have not failed themselves', () => {
  const pods = [buildRolePod({ phase: 'Failed', isDeleted: true, message: 'model loaded' })];
  const failed = buildView({
    condition: 'Failed',
    message: 'pod x failed',
    pods,
    lastFailure: { ...FAILURE, pod: 'x' },
  });
  assert.deepEqual(describeChanges(buildView(), failed), ['job Failed: pod x failed']);
});

test('a restarted sidecar', () => {
  const [before, after] = [0, 2].map((sidecarRestarts) => buildView({ pods: [buildRolePod({ sidecarRestarts })] }));
  assert.deepEqual(describeChanges(before ?? null, after ?? buildView()), [
    'communicator of tiny-generation-0 restarted (2)',
  ]);
});
