/** Which containers' logs are meant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerNames, type LogSelection, selectContainers, titleOf } from '../../../operator/kubectl/log-sources.ts';
import { storedPod } from './builders.ts';

const RUNNING = { phase: 'Running' } as const;
const PODS = [
  ...[storedPod('reward', 0, RUNNING), storedPod('actor', 10, RUNNING), storedPod('actor', 2, RUNNING)],
  storedPod('coordinator', 0, RUNNING),
];
const ALL: LogSelection = { role: null, index: null, container: null };

function select(selection: Partial<LogSelection>, pods = PODS): string[] {
  const all = { ...ALL, ...selection };
  return selectContainers(pods, all).map(
    (found) => `${found.pod.metadata.name} ${found.container} ${titleOf(found, all)}`,
  );
}

test("every pod's worker, in the order of roles and ranks", () => {
  assert.deepEqual(
    select({}).map((text) => text.split(' ')[0]),
    ['tiny-coordinator-0', 'tiny-actor-2', 'tiny-actor-10', 'tiny-reward-0'],
  );
});

test('by role, rank and container', () => {
  assert.deepEqual(select({ role: 'actor', index: 2 }), ['tiny-actor-2 worker tiny-actor-2']);
  assert.deepEqual(select({ role: 'actor', index: 2, container: 'communicator' }), [
    'tiny-actor-2 communicator tiny-actor-2/communicator',
  ]);
  assert.deepEqual(select({ role: 'critic' }), []);
  assert.deepEqual(containerNames(PODS), ['communicator', 'worker']);
});

test('in a pod of several roles, the containers of the roles', () => {
  const pod = storedPod('colocated', 0, RUNNING);
  const containers = ['actor', 'generation', 'injected'].map((name) => ({ name, image: 'i' }));
  const pods = [{ ...pod, spec: { ...pod.spec, containers } }];
  assert.deepEqual(select({}, pods), [
    'tiny-colocated-0 actor tiny-colocated-0/actor',
    'tiny-colocated-0 generation tiny-colocated-0/generation',
  ]);
  assert.deepEqual(select({ role: 'generation' }, pods), ['tiny-colocated-0 generation tiny-colocated-0/generation']);
});
