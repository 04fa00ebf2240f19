/**
 * A real job whose roles share one pod: it learns what a job with a pod for each role learns, and when one of the roles is
 * killed, the pod starts anew from the last checkpoint and nothing else changes.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { endRuns, JobRun, NUM_ITERATIONS, readMetrics } from './job-run.ts';

const ONE_REPLICA = ['--set', 'spec.roles.generation.replicas=1'];
const COLOCATED = [...ONE_REPLICA, '--set', 'spec.placement.mode=Colocated'];
const ROLES = ['actor', 'critic', 'generation', 'reference', 'reward'];

const folder = mkdtempSync(join(tmpdir(), 'ppo-colocated-'));
after(async () => {
  await endRuns();
  rmSync(folder, { recursive: true, force: true });
});

function start(name: string, options: readonly string[]): JobRun {
  return new JobRun(join(folder, name), ...options);
}

async function finish(run: JobRun): Promise<void> {
  assert.equal(await run.exit, 0, run.text());
  assert.equal(readMetrics(run.output).length, NUM_ITERATIONS);
}

test('roles that share a pod learn what roles in pods of their own learn, also when one of them is killed', async () => {
  const apart = start('apart', ONE_REPLICA);
  await finish(apart);

  const shared = start('shared', COLOCATED);
  await shared.untilIteration(1);
  const workers = shared
    .processes()
    .filter(({ pod, container }) => pod.endsWith('-colocated-0') && container === 'worker');
  assert.deepEqual(workers.map(({ environment }) => environment.get('PPO_ROLE')).sort(), ROLES);
  await finish(shared);
  assert.deepEqual(readMetrics(shared.output), readMetrics(apart.output));

  const disturbed = start('disturbed', COLOCATED);
  await disturbed.untilIteration(3);
  const reward = disturbed.processes().find(({ environment }) => environment.get('PPO_ROLE') === 'reward');
  assert.ok(reward !== undefined, disturbed.text());
  process.kill(reward.pid, 'SIGKILL');
  await finish(disturbed);
  assert.deepEqual(readMetrics(disturbed.output), readMetrics(apart.output));
  const summary = JSON.parse(readFileSync(join(disturbed.output, 'summary.json'), 'utf8')) as {
    restarts: { reward: number };
  };
  assert.equal(summary.restarts.reward, 1, disturbed.text());
});
