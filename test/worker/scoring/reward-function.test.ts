// A real reward process whose scores come from a user's module: what the function gets, what it may return, and what
// becomes of it when it fails, hangs or isn't there.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import type { JobConfig } from '../../../worker/api/job-config.ts';
import { loadTokenizer } from '../../../worker/models/tokenizer.ts';
import type { Sequence } from '../../../worker/scoring/sequence.ts';
import { testJob } from '../support/job-config.ts';
import { makeTestFolder, type RunningWorker, spawnWorker, startWorker } from '../support/worker-process.ts';
import { score } from '../training/support/trainer-calls.ts';

const ACTOR = 'examples/arithmetic/models/actor';
const folder = makeTestFolder();
const modulePath = join(folder.path, 'rewards.ts');
const tokenizer = loadTokenizer(ACTOR);
let worker: RunningWorker;

const MODULE = `
interface Input { prompt: string; response: string; answer: string | null; isFinished: boolean }

export function score({ prompt, response, answer, isFinished }: Input): number {
  if (response === '66') throw new Error('I do not like 66');
  if (response === '67') return Number.NaN;
  if (response === '68') for (;;);
  if (response === '69') return 1e300;
  if (response === '70') process.exit(3);
  if (response === '71') throw new Error('all that I know: ' + 'x'.repeat(100_000));
  return (response === answer ? 1 : 0) + (isFinished ? 0.25 : 0) + prompt.length / 1000 + (answer === null ? -8 : 0);
}
export async function later(input: Input): Promise<number> {
  if (input.response === '66') await new Promise(() => {});
  await new Promise((resolve) => setTimeout(resolve, 20 - Number(input.response)));
  return Number(input.response);
}
export function slow(): number {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900);
  return 1;
}
export const pi = 3;
`;

function job(name: string, path = modulePath): JobConfig {
  const models = { actor: ACTOR, reward: null };
  return testJob({ models, reward: { function: { path, name, timeoutSeconds: 1 } } });
}

function say(prompt: string, response: string): Sequence {
  const promptTokenIds = tokenizer.encode(prompt);
  // The tokenizer adds a begin token, which a response has none of.
  const responseTokenIds = tokenizer.encode(response).filter((id) => tokenizer.decode([id], SKIP) !== '');
  return { tokenIds: Int32Array.from([...promptTokenIds, ...responseTokenIds]), promptLength: promptTokenIds.length };
}
const SKIP = { skipSpecialTokens: true };
const text = (prompt: string, answer: string | null, isFinished = true) => ({
  ...{ prompt, isFinished },
  ...(answer === null ? {} : { answer }),
});

before(async () => {
  mkdirSync(folder.path, { recursive: true });
  writeFileSync(modulePath, MODULE);
  worker = await startWorker({ folder: folder.path, role: 'reward', job: job('score') });
});
after(async () => {
  await worker?.stop();
  folder.remove();
});

test('the function gets prompt, response and answer, and its number is the score', async () => {
  const sequences = [say('12+30=', '42'), say('12+30=', '41'), say('1+1=', '2'), say('1+1=', '2')];
  const texts = [text('12+30=', '42'), text('12+30=', '42'), text('1+1=', '2', false), text('1+1=', null)];
  const rows = await score(worker, 'REWARDS', sequences, { texts });
  const expected = [1.256, 0.256, 1.004, -7.746].map((value) => [Math.fround(value)]);
  assert.deepEqual(rows, expected);
});

test('without texts it says what is missing', async () => {
  await assert.rejects(
    score(worker, 'REWARDS', [say('1+1=', '2')]),
    /texts: found 0, allowed 1: a function scores here/,
  );
});

test('what it throws, or returns that is no finite number, is said with the response', async () => {
  const ask = (response: string) => score(worker, 'REWARDS', [say('1+1=', response)], { texts: [text('1+1=', '2')] });
  await assert.rejects(
    ask('66'),
    /score of .*rewards\.ts failed on the response "66" to "1\+1=": Error: I do not like/,
  );
  await assert.rejects(ask('67'), /it returned NaN, not a finite 32-bit number/);
  await assert.rejects(ask('69'), /it returned 1e\+300, not a finite 32-bit number/);
  await assert.rejects(ask('71'), /all that I know: x{500,1000}\.\.\.$/);
  assert.deepEqual(await ask('2'), [[Math.fround(1.254)]], 'it scores on');
});

test('promises are waited for side by side, in the order of the request, and not for ever', async () => {
  const own = await startWorker({ folder: folder.path, role: 'reward', index: 1, job: job('later') });
  try {
    const sequences = Array.from({ length: 15 }, (_, index) => say('1+1=', String(index)));
    const texts = sequences.map(() => text('1+1=', null));
    const rows = await score(own, 'REWARDS', sequences, { texts });
    assert.deepEqual(
      rows,
      sequences.map((_, index) => [index]),
    );
    const ask = score(own, 'REWARDS', [say('1+1=', '66')], { texts: [text('1+1=', null)] });
    await assert.rejects(ask, /no score within 1 s/);
  } finally {
    await own.stop();
  }
});

describe('a function that computes', { concurrency: true }, () => {
  it('ends the process when it never stops, and that is said', async () => {
    const own = await startWorker({ folder: folder.path, role: 'reward', index: 2, job: job('score') });
    await assert.rejects(score(own, 'REWARDS', [say('1+1=', '68')], { texts: [text('1+1=', null)] }));
    assert.equal(await own.ended, 1);
    assert.match(own.output(), /the reward function score of .* did not come back within 1 s: it is stuck in a loop/);
  });

  it('may take its time for each response, however many there are', async () => {
    const own = await startWorker({ folder: folder.path, role: 'reward', index: 4, job: job('slow') });
    try {
      // Together more than one call may take, and more than it may be late.
      const sequences = Array.from({ length: 8 }, () => say('1+1=', '2'));
      const texts = sequences.map(() => text('1+1=', null));
      const rows = await score(own, 'REWARDS', sequences, { texts });
      assert.deepEqual(
        rows,
        sequences.map(() => [1]),
      );
    } finally {
      await own.stop();
    }
  });
});

test('a function that ends its thread ends the process, which says whose it was', async () => {
  const own = await startWorker({ folder: folder.path, role: 'reward', index: 5, job: job('score') });
  await assert.rejects(score(own, 'REWARDS', [say('1+1=', '70')], { texts: [text('1+1=', null)] }));
  assert.equal(await own.ended, 1);
  assert.match(own.output(), /the reward function score of .* is gone: the compute thread ended .* exit code 3/);
});

for (const [what, name, path, message] of [
  ['no such function', 'scoer', modulePath, /exports no function \\?"scoer\\?": found later, pi, score/],
  ['what is no function', 'pi', modulePath, /exports no function \\?"pi\\?"/],
  ['no such module', 'score', '/nowhere/rewards.ts', /\/nowhere\/rewards\.ts can't be loaded as a reward function/],
] as const) {
  test(`${what} ends the process with 78`, async () => {
    const own = spawnWorker({ folder: folder.path, role: 'reward', index: 3, job: job(name, path) });
    assert.equal(await own.ended, 78);
    assert.match(own.output(), message);
  });
}
