/** `kubectl ppo status` on a cluster in memory: all jobs, one job, and a job that goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WriteStream } from 'node:tty';
import type { PPOJobStatus } from '../../../../operator/api/ppojob.ts';
import { EVENTS, PODS } from '../../../../operator/cluster/cluster.ts';
import { ForbiddenError } from '../../../../operator/cluster/errors.ts';
import { status } from '../../../../operator/kubectl/commands/status.ts';
import { PPO_JOBS } from '../../../../operator/reconcile/ppojob-kind.ts';
import { overrideCluster } from '../../cluster/fixtures.ts';
import { PROGRESS } from '../../local/fixtures/views.ts';
import { condition, storedEvent, storedJob, storedPod } from '../builders.ts';
import { FakeSession, invocation } from '../fake-session.ts';

const START = new Date(Date.now() - 72_000).toISOString();
const RUNNING: PPOJobStatus = {
  ...{ observedGeneration: 1, startTime: START, progress: PROGRESS },
  conditions: [condition('Running', 'True', 'PodsReady')],
};
const iterated = (iteration: number) => ({
  time: '',
  text: JSON.stringify({ msg: 'iterated', iteration, score: iteration, kl: 0.01 }),
});

async function worldWith(state: PPOJobStatus): Promise<FakeSession> {
  const world = new FakeSession();
  await world.put(PPO_JOBS, storedJob(state));
  await world.put(PODS, storedPod('coordinator', 0, { phase: 'Running' }));
  world.logs.set(
    'tiny-coordinator-0/worker',
    Array.from({ length: 12 }, (_, i) => iterated(i + 1)),
  );
  return world;
}

test('one job: the live view, once, with the curve of its log and its events', async () => {
  const world = await worldWith(RUNNING);
  const { uid } = (await world.cluster.get(PPO_JOBS, { namespace: 'ml', name: 'tiny' })).metadata;
  await world.put(EVENTS, storedEvent('PPOJob', 'tiny', 'PodRestarted', 'pod failed', uid));
  await world.put(EVENTS, storedEvent('PPOJob', 'other', 'PodRestarted', 'not ours'));
  assert.equal(await status(world.session, invocation('status', 'tiny')), 0);
  assert.match(world.text, /^tiny {2}Running {2}Training {2}1 min 1\d s/);
  assert.match(world.text, /iteration 12 of 40/);
  assert.match(world.text, /score .*▁▂▂▃▄▄▅▅▆▇▇█/);
  assert.match(world.text, /coordinator {2}● tiny-coordinator-0/);
  assert.match(world.text, /ago {2}PodRestarted: pod failed \(2 times\)/);
  assert.doesNotMatch(world.text, /not ours/);
});

test('a job that failed asks to be explained', async () => {
  const world = await worldWith({ ...RUNNING, conditions: [condition('Failed', 'True', 'Unschedulable', 'no room')] });
  assert.equal(await status(world.session, invocation('status', 'tiny', '--once')), 0);
  assert.match(world.text, /tiny {2}Failed {2}no room/);
  assert.match(world.text, /kubectl ppo explain-failure tiny -n ml says why/);
});

test('all jobs, of one namespace or of all', async () => {
  const world = await worldWith(RUNNING);
  await world.put(PPO_JOBS, storedJob(RUNNING, { namespace: 'b', name: 'elsewhere' }));
  await status(world.session, invocation('status'));
  assert.match(world.text, /\ntiny +Running +12\/40/);
  assert.doesNotMatch(world.text, /elsewhere/);
  await status(world.session, invocation('status', '-A'));
  assert.match(world.text, /\nb +elsewhere +Running/);
  const empty = new FakeSession();
  await status(empty.session, invocation('status'));
  assert.deepEqual([empty.printed, empty.noted], [[], ['no PPOJobs in namespace ml']]);
});

test('a name that is none: the nearest one, or all there are', async () => {
  const world = await worldWith(RUNNING);
  await assert.rejects(status(world.session, invocation('status', 'tiny1')), {
    message: 'there is no PPOJob "tiny1" in namespace ml; did you mean tiny?',
  });
  await assert.rejects(status(world.session, invocation('status', 'zzz')), /there are: tiny/);
  await assert.rejects(status(new FakeSession().session, invocation('status', 'zzz')), /nor any other; --namespace/);
});

test('who may not list jobs hears that there is none of this name all the same', async () => {
  const { session, cluster } = new FakeSession();
  const list = () => Promise.reject(new ForbiddenError('may not list'));
  const asked = status({ ...session, cluster: overrideCluster(cluster, { list }) }, invocation('status', 'tiny'));
  await assert.rejects(asked, { message: 'there is no PPOJob "tiny" in namespace ml' });
});

test('a followed job: a line an iteration, until its end, which is the exit code', async () => {
  const world = await worldWith(RUNNING);
  const following = status(world.session, invocation('status', 'tiny', '-w'));
  await change(world, { ...RUNNING, progress: { ...PROGRESS, iteration: 13, metrics: { 'rollout/score': '2' } } });
  while (!world.text.includes('iteration 13/40')) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.doesNotMatch(world.text, /iteration 12\/40/, 'what was there before is not told');
  await change(world, { ...RUNNING, conditions: [condition('Failed', 'True', 'DeadlineExceeded', 'too late')] });
  assert.equal(await following, 1);
  assert.match(world.text, /job Failed: too late/);
});

test('on a terminal the view stays until the end of the job, and gives the terminal back', async () => {
  const world = await worldWith(RUNNING);
  let drawn = '';
  const screen = { columns: 100, rows: 40, hasColors: () => false, write: (text: string) => (drawn += text) };
  // The view asks no more of a terminal.
  world.terminal = screen as unknown as WriteStream;
  const following = status(world.session, invocation('status', 'tiny'));
  while (!drawn.includes('iteration 12 of 40')) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.match(drawn, /Ctrl-C leaves this view/);
  await change(world, { ...RUNNING, conditions: [condition('Succeeded', 'True', 'Finished', 'done')] });
  assert.equal(await following, 0);
  assert.match(drawn, /tiny {2}Succeeded {2}done/);
  assert.ok(drawn.endsWith('\x1b[?25h'), 'the cursor is back');
});

test('a followed job that is deleted', async () => {
  const world = await worldWith(RUNNING);
  const following = status(world.session, invocation('status', 'tiny', '-w'));
  await world.cluster.delete(PPO_JOBS, { namespace: 'ml', name: 'tiny' });
  assert.equal(await following, 1);
  assert.deepEqual(world.noted, ['PPOJob tiny has been deleted']);
});

test('Ctrl-C leaves', async () => {
  const world = await worldWith(RUNNING);
  const following = status(world.session, invocation('status', 'tiny', '-w'));
  world.stop.abort();
  assert.equal(await following, 130);
});

async function change(world: FakeSession, next: PPOJobStatus): Promise<void> {
  const job = await world.cluster.get(PPO_JOBS, { namespace: 'ml', name: 'tiny' });
  await world.cluster.updateStatus(PPO_JOBS, { ...job, status: next }, { fieldManager: 'test' });
}
