/**
 * A real job whose scores come from a user's function, and whose critic starts from the language model with a new head:
 * it learns something, a killed reward process changes nothing, and a function that fails ends the job in its own words.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { endRuns, JobRun, NUM_ITERATIONS, readMetrics } from './job-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ppo-function-'));
after(async () => {
  await endRuns();
  rmSync(folder, { recursive: true, force: true });
});

const RIGHT = 'export const score = ({ response, answer }) => (response.trim() === answer ? 1 : 0);\n';
const FAILS = "export const score = () => { throw new Error('the judge is asleep'); };\n";

function run(name: string, source: string, ...options: string[]): JobRun {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, source);
  const settings = [
    `spec.reward={function: {path: ${path}}, clipRange: ["-1", "1"]}`,
    'spec.models.critic={path: ./models/actor, initializeHead: true}',
    'spec.deadlines.rendezvousSeconds=60',
  ];
  return new JobRun(join(folder, name), ...settings.flatMap((setting) => ['--set', setting]), ...options);
}

test('a function scores, and a killed reward process changes nothing', { timeout: 240_000 }, async () => {
  const undisturbed = run('undisturbed', RIGHT);
  assert.equal(await undisturbed.exit, 0, undisturbed.text());
  const disturbed = run('disturbed', RIGHT);
  await disturbed.untilIteration(2);
  disturbed.killWorker('arithmetic-reward-0');
  assert.equal(await disturbed.exit, 0, disturbed.text());
  const metrics = readMetrics(undisturbed.output);
  assert.equal(metrics.length, NUM_ITERATIONS);
  assert.deepEqual(readMetrics(disturbed.output), metrics);
  const { 'rollout/score': score, 'evaluation/accuracy': accuracy } = metrics.at(-1)!;
  // A sampled answer of the actor that it starts from is right less than one time in four.
  assert.ok(score! > 0.25, `score ${score}`);
  assert.ok(accuracy! > 0.25 && accuracy! <= 1, `accuracy ${accuracy}`);
});

test('a function that fails ends the job in its own words', { timeout: 240_000 }, async () => {
  const failed = run('failed', FAILS, '--set', 'spec.roles.coordinator.maxRestarts=0');
  assert.equal(await failed.exit, 1, failed.text());
  assert.match(failed.text(), /the judge is asleep/);
  assert.deepEqual(failed.sharedFolders(), []);
});
