/** `kubectl ppo logs` on a cluster in memory: merged, chosen, followed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PODS } from '../../../../operator/cluster/cluster.ts';
import type { PodStatus } from '../../../../operator/cluster/objects.ts';
import { logs } from '../../../../operator/kubectl/commands/logs.ts';
import { PPO_JOBS } from '../../../../operator/reconcile/ppojob-kind.ts';
import { condition, storedJob, storedPod } from '../builders.ts';
import { FakeSession, invocation } from '../fake-session.ts';

const state = { running: {} };
const RUNNING: PodStatus = {
  phase: 'Running',
  containerStatuses: [{ name: 'worker', ready: true, restartCount: 0, state }],
};
const line = (second: number, msg: string) => ({
  time: `2026-01-01T00:00:0${second}Z`,
  text: JSON.stringify({ level: 'info', time: `2026-01-01T00:00:0${second}.000Z`, msg }),
});
const JOB = storedJob({ conditions: [condition('Running', 'True', 'PodsReady')] });

async function startWorld(): Promise<FakeSession> {
  const world = new FakeSession();
  await world.put(PPO_JOBS, JOB);
  for (const role of ['coordinator', 'actor']) await world.put(PODS, storedPod(role, 0, RUNNING));
  world.logs.set('tiny-coordinator-0/worker', [line(1, 'a'), line(3, 'c')]);
  world.logs.set('tiny-actor-0/worker', [line(2, 'b')]);
  world.logs.set('tiny-actor-0/communicator', [line(5, 'e')]);
  return world;
}

test('all pods in the order of time', async () => {
  const world = await startWorld();
  assert.equal(await logs(world.session, invocation('logs', 'tiny')), 0);
  assert.deepEqual(world.printed, [
    '00:00:01.000 INFO  tiny-coordinator-0 a',
    '00:00:02.000 INFO  tiny-actor-0 b',
    '00:00:03.000 INFO  tiny-coordinator-0 c',
  ]);
});

test('one container, as JSON', async () => {
  const world = await startWorld();
  await logs(world.session, invocation('logs', 'tiny', '--role', 'actor', '-c', 'communicator', '-o', 'json'));
  assert.deepEqual(world.printed, [line(5, 'e').text]);
});

test('a pod that has not started hides nobody else, and makes no failure by itself', async () => {
  const world = await startWorld();
  world.logs.delete('tiny-actor-0/worker');
  assert.equal(await logs(world.session, invocation('logs', 'tiny')), 0);
  assert.equal(world.printed.length, 2);
  assert.match(world.noted.join(), /is waiting to start/);
  assert.equal(await logs(world.session, invocation('logs', 'tiny', '--role', 'actor')), 1);
});

test('what is not there is said with what is', async () => {
  const world = await startWorld();
  const call = (...args: string[]) => logs(world.session, invocation('logs', 'tiny', ...args));
  await assert.rejects(call('--role', 'critic'), /has no pod critic; there are: tiny-/);
  await assert.rejects(call('-c', 'x'), /no pod of the job has a container "x"; there are: communicator, worker/);
});

test('followed: pods that come later, too, until the job has ended', async () => {
  const world = await startWorld();
  const following = logs(world.session, invocation('logs', 'tiny', '-f'));
  world.logs.set('tiny-reward-0/worker', [line(4, 'late')]);
  await world.put(PODS, storedPod('reward', 0, RUNNING));
  while (!world.text.includes('late')) await new Promise((resolve) => setTimeout(resolve, 10));
  const job = await world.cluster.get(PPO_JOBS, { namespace: 'ml', name: 'tiny' });
  const status = { conditions: [condition('Succeeded', 'True', 'Finished')] };
  await world.cluster.updateStatus(PPO_JOBS, { ...job, status }, { fieldManager: 'test' });
  assert.equal(await following, 0);
  assert.equal(world.printed.length, 4, 'each line once');
});
