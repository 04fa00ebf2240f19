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

test('a lost pod, the restart of its role, and its return', () => {
  const failed = buildView({ pods: [buildRolePod({ phase: 'Failed', message: 'out of luck\nmore' })] });
  const starting = buildView({ pods: [buildRolePod({ isReady: false })], restarts: 1 });
  const back = buildView({ restarts: 1 });
  assert.deepEqual(describeChanges(buildView(), failed), ['tiny-generation-0 failed: out of luck']);
  assert.deepEqual(describeChanges(failed, starting), ['generation restarts: 1']);
  assert.deepEqual(describeChanges(starting, back), ['tiny-generation-0 is back']);
});

test('a restarted sidecar', () => {
  const [before, after] = [0, 2].map((sidecarRestarts) => buildView({ pods: [buildRolePod({ sidecarRestarts })] }));
  assert.deepEqual(describeChanges(before ?? null, after ?? buildView()), [
    'communicator of tiny-generation-0 restarted (2)',
  ]);
});
