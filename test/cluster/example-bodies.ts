// What the arithmetic example promises people who have only kubectl, as a test that runs on any cluster in which real workers
// run: processes or containers. It knows neither.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ExampleJob, type ExampleStage, NAME, shorten } from './example.ts';
import { succeed } from './kubectl.ts';

const NUM_ITERATIONS = 4;
const POD_NAMES = [
  ...['arithmetic-actor-0', 'arithmetic-coordinator-0', 'arithmetic-critic-0'],
  ...['arithmetic-generation-0', 'arithmetic-generation-1', 'arithmetic-reference-0', 'arithmetic-reward-0'],
];

/** `andThen` looks at what only some clusters have, once the job is over. */
export function trainsFromApplyToWait(
  stage: ExampleStage,
  andThen: (job: ExampleJob) => Promise<void> = async () => {},
): void {
  it('trains from kubectl apply to kubectl wait, and tells how', async () => {
    const job = await ExampleJob.apply(stage, (spec) => shorten(spec, NUM_ITERATIONS));
    await job.waitFor('Running');
    assert.deepEqual(await job.podNames(), POD_NAMES);
    await job.waitFor('Succeeded');
    const { roles, progress, restarts } = await job.status();
    assert.equal(progress?.iteration, NUM_ITERATIONS);
    assert.equal(restarts ?? 0, 0, await job.story());
    assert.deepEqual(roles?.generation?.desired, 2);
    assert.match(progress?.accuracy ?? '', /^0\.\d+/);
    await assertTold(job);
    await job.until('only the coordinator is left, for its log', async () => {
      const names = await job.podNames();
      return names.join() === 'arithmetic-coordinator-0' ? null : names;
    });
    await andThen(job);
  });
}

/** Columns and events read as promised. */
async function assertTold(job: ExampleJob): Promise<void> {
  const { kubectl } = job;
  const [titles = '', line = ''] = (await succeed(kubectl, 'get', 'ppo')).split('\n');
  assert.match(titles, /^NAME +STATUS +ITERATION +SCORE +KL +TOKENS\/S +RESTARTS +AGE/);
  assert.match(line, /^arithmetic +Succeeded +4 +-?\d/);
  // Events follow the status that they tell of.
  await job.until('its story is told', async () => {
    const description = await succeed(kubectl, 'describe', 'ppojob', NAME);
    const isTold = (reason: string): boolean => new RegExp(`Normal +${reason}`).test(description);
    return ['PodsCreated', 'PodsReady', 'Finished'].every(isTold) ? null : description;
  });
}
