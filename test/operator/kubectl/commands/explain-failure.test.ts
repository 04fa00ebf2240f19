/** `kubectl ppo explain-failure` on a cluster in memory: the last words come from the log while there is one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENTS, PODS } from '../../../../operator/cluster/cluster.ts';
import { explainFailure } from '../../../../operator/kubectl/commands/explain-failure.ts';
import { PPO_JOBS } from '../../../../operator/reconcile/ppojob-kind.ts';
import { condition, storedEvent, storedJob, storedPod } from '../builders.ts';
import { FakeSession, invocation } from '../fake-session.ts';

const state = { terminated: { exitCode: 78 } };
const POD = storedPod('reward', 0, {
  phase: 'Failed',
  containerStatuses: [{ name: 'worker', ready: false, restartCount: 0, state }],
});

async function failedWorld(): Promise<FakeSession> {
  const world = new FakeSession();
  const { metadata } = await world.put(PODS, POD);
  const lastFailure = { pod: metadata.name, uid: metadata.uid, exitCode: 78, message: 'kept by the operator' };
  const failed = condition('Failed', 'True', 'HopelessConfiguration', 'pod tiny-reward-0 failed with exit code 78');
  const job = await world.put(PPO_JOBS, storedJob({ conditions: [failed], lastFailure }));
  const event = storedEvent('PPOJob', 'tiny', 'HopelessConfiguration', 'it failed', job.metadata.uid);
  await world.put(EVENTS, event);
  const probe = storedEvent(
    'Pod',
    metadata.name,
    'Unhealthy',
    'Startup probe failed: connection refused',
    metadata.uid,
  );
  await world.put(EVENTS, probe);
  return world;
}

test('the last words are those of its log', async () => {
  const world = await failedWorld();
  const last = JSON.stringify({ level: 'fatal', msg: 'the reward model has no head' });
  world.logs.set('tiny-reward-0/worker', [
    { time: '', text: JSON.stringify({ level: 'info', msg: 'noise' }) },
    { time: '', text: last },
  ]);
  assert.equal(await explainFailure(world.session, invocation('explain-failure', 'tiny')), 0);
  assert.match(world.text, /^PPOJob tiny failed: HopelessConfiguration\n/);
  assert.match(world.text, /last words of tiny-reward-0\n {2}the reward model has no head\n/);
  assert.match(world.text, /exit code {2}78: its configuration, model or data is unusable/);
  assert.doesNotMatch(world.text, /Startup probe/);
  assert.match(world.text, /events\n.*Warning {2}HopelessConfiguration {2}it failed/);
  assert.match(world.text, /what to do\n {2}1\. fix what its last words name/);
});

test('without a log, what the operator has kept', async () => {
  const world = await failedWorld();
  await explainFailure(world.session, invocation('explain-failure', 'tiny'));
  assert.match(world.text, /last words of tiny-reward-0\n {2}kept by the operator\n/);
});
