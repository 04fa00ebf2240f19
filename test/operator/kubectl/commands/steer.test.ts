/** suspend, resume and scale change one field each, and say what comes of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PPOJobStatus } from '../../../../operator/api/ppojob.ts';
import { resume, scale, suspend } from '../../../../operator/kubectl/commands/steer.ts';
import { PPO_JOBS } from '../../../../operator/reconcile/ppojob-kind.ts';
import { PROGRESS } from '../../local/fixtures/views.ts';
import { condition, storedJob } from '../builders.ts';
import { FakeSession, invocation } from '../fake-session.ts';

const RUNNING: PPOJobStatus = { conditions: [condition('Running', 'True', 'PodsReady')], progress: PROGRESS };
const SPEC = { seed: 7, roles: { generation: { replicas: 2 } } };

async function worldWith(state: PPOJobStatus): Promise<FakeSession> {
  const world = new FakeSession();
  await world.put(PPO_JOBS, storedJob(state, {}, SPEC));
  return world;
}

async function specOf(world: FakeSession): Promise<unknown> {
  return (await world.cluster.get(PPO_JOBS, { namespace: 'ml', name: 'tiny' })).spec;
}

test('suspend says what will be done again, resume goes on; nothing else changes', async () => {
  const world = await worldWith(RUNNING);
  await suspend(world.session, invocation('suspend', 'tiny'));
  assert.equal(
    world.text,
    'ppojob/tiny suspended; kubectl ppo resume tiny -n ml goes on from the checkpoint of iteration 10, ' +
      '2 of 12 iterations are done again',
  );
  assert.deepEqual(await specOf(world), { ...SPEC, suspend: true });
  await suspend(world.session, invocation('suspend', 'tiny'));
  await resume(world.session, invocation('resume', 'tiny'));
  await resume(world.session, invocation('resume', 'tiny'));
  assert.deepEqual(await specOf(world), { ...SPEC, suspend: false });
  assert.deepEqual(world.printed.slice(1), [
    ...['ppojob/tiny is suspended already', 'ppojob/tiny resumed', 'ppojob/tiny is not suspended'],
  ]);
});

test('a job without a checkpoint hears that it starts from the beginning', async () => {
  const world = await worldWith({ ...RUNNING, progress: { ...PROGRESS, lastCheckpointIteration: 0 } });
  await suspend(world.session, invocation('suspend', 'tiny'));
  assert.match(world.text, /starts it from the beginning: it has no checkpoint/);
});

test('scale sets the scale subresource', async () => {
  const world = await worldWith(RUNNING);
  await scale(world.session, invocation('scale', 'tiny', '--generation', '4'));
  assert.deepEqual(world.scaled, [4]);
  assert.equal(world.text, 'ppojob/tiny scaled: generation pods 4, from 2');
});

test('a job that has ended is left alone', async () => {
  for (const [type, word] of [
    ['Succeeded', 'succeeded'],
    ['Failed', 'failed'],
  ] as const) {
    const world = await worldWith({ conditions: [condition(type, 'True', 'Finished')] });
    const message = (what: string) => `ppojob/tiny has ${word} and can't be ${what} any more`;
    await assert.rejects(suspend(world.session, invocation('suspend', 'tiny')), { message: message('suspended') });
    await assert.rejects(resume(world.session, invocation('resume', 'tiny')), { message: message('resumed') });
    const scaling = scale(world.session, invocation('scale', 'tiny', '--generation', '3'));
    await assert.rejects(scaling, { message: message('scaled') });
  }
});
