// Compute threads: calls, errors, crashes, and that the thread that serves is never held up.
import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, test } from 'node:test';
import { ComputeCallError } from '../../../worker/runtime/compute-messages.ts';
import { ComputeThread } from '../../../worker/runtime/compute-thread.ts';
import { RuntimeError } from '../../../worker/runtime/runtime-error.ts';
import type { TestCompute } from './support/compute-module.ts';

const MODULE = new URL('./support/compute-module.ts', import.meta.url);
const threads: ComputeThread<TestCompute>[] = [];

async function startThread(data: unknown = 3): Promise<ComputeThread<TestCompute>> {
  const thread = await ComputeThread.start<TestCompute>(MODULE, data);
  threads.push(thread);
  return thread;
}

after(() => Promise.all(threads.map((thread) => thread.terminate())));

function isThreadError(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof RuntimeError && error.code === 'THREAD' && pattern.test(error.message);
}

test('calls return what the methods return, with worker data and typed arrays', async () => {
  const thread = await startThread();
  assert.deepEqual(await thread.call('scale', Float32Array.of(1, 2)), Float32Array.of(3, 6));
  assert.equal(await thread.call('later', 'x'), 'x');
  const many = await Promise.all(Array.from({ length: 50 }, (_, i) => thread.call('scale', Float32Array.of(i))));
  assert.deepEqual(
    many.map((values) => values[0]),
    Array.from({ length: 50 }, (_, i) => 3 * i),
  );
});

test('what a method throws arrives with name, message and code, and the thread lives on', async () => {
  const thread = await startThread();
  await assert.rejects(
    thread.call('fail', 'no such row'),
    (error) =>
      error instanceof ComputeCallError &&
      error.name === 'CodedError' &&
      error.message === 'no such row' &&
      error.code === 'E_TEST',
  );
  await assert.rejects(thread.call('unclonable'), /could not be cloned/);
  // @ts-expect-error a method that does not exist
  await assert.rejects(thread.call('missing'), /has no method "missing"/);
  assert.equal(await thread.call('later', 'alive'), 'alive');
});

test('an argument that cannot be cloned rejects the call alone', async () => {
  const thread = await startThread();
  await assert.rejects(thread.call('later', (() => {}) as unknown as string), /could not be cloned/);
  assert.equal(await thread.call('later', 'alive'), 'alive');
});

test('events arrive while the thread computes, until the listener leaves', async () => {
  const thread = await startThread();
  const order: string[] = [];
  const leave = thread.onEvent((event) => order.push(`event ${event}`));
  await thread.call('multiplyFor', 20).then(() => order.push('result'));
  leave();
  await thread.call('multiplyFor', 1);
  assert.deepEqual(order, ['event multiplying', 'result']);
});

test('the event loop turns while native code computes', async () => {
  const thread = await startThread();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let turns = 0;
  const timer = setInterval(() => turns++, 2);
  delay.enable();
  const tookMs = await thread.call('multiplyFor', 400);
  delay.disable();
  clearInterval(timer);
  // A loop that were held up would turn once or twice and be late by the length of the call.
  assert.ok(turns > 10, `${turns} turns in ${tookMs} ms`);
  const medianMs = delay.percentile(50) / 1e6;
  assert.ok(medianMs < tookMs / 10, `late by ${medianMs} ms, call took ${tookMs} ms`);
});

test('a crash rejects the calls under way and later ones with its cause', async () => {
  const thread = await startThread();
  await assert.rejects(thread.call('crash'), isThreadError(/crashed: out of cheese/));
  await assert.rejects(thread.call('later', 'x'), isThreadError(/crashed: out of cheese/));
  const reason = await thread.ended;
  assert.equal((reason.cause as Error).message, 'out of cheese');
});

test('an exit rejects the call under way', async () => {
  const thread = await startThread();
  await assert.rejects(thread.call('exit', 3), isThreadError(/exit code 3/));
  await assert.rejects(thread.call('later', 'x'), isThreadError(/exit code 3/));
});

test('terminate rejects the calls under way and may be repeated', async () => {
  const thread = await startThread();
  const refused = assert.rejects(thread.call('multiplyFor', 60_000), isThreadError(/was terminated/));
  await thread.terminate();
  await refused;
  await thread.terminate();
});

test('a module that fails or ends before it serves rejects the start', async () => {
  await assert.rejects(startThread('fails to load'), isThreadError(/no model here/));
  await assert.rejects(startThread('never serves'), isThreadError(/exit code 7/));
});
