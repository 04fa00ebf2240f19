/** The queue of spans: bounded, in order, one request at a time, and every lost span is counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { SpanQueue } from '../../../worker/service/span-queue.ts';

/** Takes batches only when it is told to. */
class Exporter implements SpanExporter {
  readonly batches: string[][] = [];
  readonly #answers: ((isTaken: boolean) => void)[] = [];
  isClosed = false;
  /** Answers at once; null waits for `answer`. */
  verdict: boolean | null = null;

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.batches.push(spans.map(({ name }) => name));
    const answer = (isTaken: boolean) => done(isTaken ? { code: 0 } : { code: 1, error: new Error('refused') });
    if (this.verdict === null) this.#answers.push(answer);
    else answer(this.verdict);
  }

  answer(isTaken: boolean): void {
    this.#answers.shift()!(isTaken);
  }

  async shutdown(): Promise<void> {
    this.isClosed = true;
  }

  async forceFlush(): Promise<void> {}
}

function setUp(maxQueued = 10) {
  const exporter = new Exporter();
  const changes: (string | null)[] = [];
  const onChange = (error: Error | null) => changes.push(error === null ? null : error.message);
  const queue = new SpanQueue({ exporter, maxQueued, onChange, delayMs: 3_600_000 });
  const add = (...names: string[]) => {
    for (const name of names) queue.onEnd({ name } as ReadableSpan);
  };
  return { exporter, changes, queue, add };
}

test('spans go out in order, and closing sends the last ones', async () => {
  const { exporter, queue, add } = setUp();
  exporter.verdict = true;
  add('a', 'b');
  await queue.forceFlush();
  add('c');
  await queue.shutdown();
  assert.deepEqual(exporter.batches, [['a', 'b'], ['c']]);
  assert.ok(exporter.isClosed);
  add('d');
  assert.equal(queue.numDropped, 1);
});

test('while a receiver is slow, spans wait up to the bound, and it is not asked twice at once', async () => {
  const { exporter, queue, add } = setUp(2);
  add('a');
  const flushed = queue.forceFlush();
  add('b', 'c', 'd', 'e');
  assert.equal(queue.numDropped, 2);
  assert.deepEqual(exporter.batches, [['a']]);
  exporter.verdict = true;
  exporter.answer(true);
  await flushed;
  assert.deepEqual(exporter.batches, [['a'], ['b', 'c']]);
});

test('what is refused is lost and counted; both ends of a bad time are told of once', async () => {
  const { exporter, queue, add, changes } = setUp();
  exporter.verdict = false;
  for (const name of ['a', 'b']) {
    add(name, name);
    await queue.forceFlush();
  }
  assert.equal(queue.numDropped, 4);
  assert.deepEqual(changes, ['refused']);
  exporter.verdict = true;
  add('c');
  await queue.forceFlush();
  assert.deepEqual(changes, ['refused', null]);
  assert.equal(queue.numDropped, 4);
});

test('an exporter that throws costs the spans alone', async () => {
  const { exporter, queue, add, changes } = setUp();
  exporter.export = () => {
    throw new Error('broken');
  };
  add('a');
  await queue.forceFlush();
  assert.equal(queue.numDropped, 1);
  assert.deepEqual(changes, ['broken']);
});
