/** Sinks give the same result for every way of cutting the bytes; sources tell who waits for them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CopySink, ReduceSink, Source } from '../../../worker/collectives/transfer.ts';
import { encodeNumbers } from './ranks.ts';

test('a reducing sink is indifferent to where pieces end', () => {
  const numbers = Array.from({ length: 50_000 }, (_, i) => i % 1000);
  const received = encodeNumbers('float64', numbers);
  const wanted = encodeNumbers(
    'float64',
    numbers.map((x) => x + 1),
  );
  for (const size of [3, 8, 1021, 65_536, 100_003, received.length]) {
    const out = new Uint8Array(received.byteLength);
    const local = encodeNumbers(
      'float64',
      numbers.map(() => 1),
    );
    const progress: number[] = [];
    const reduction = { dataType: 'float64', op: 'sum', divisor: 1 } as const;
    const sink = new ReduceSink({ out, local, reduction, progress: (numBytes) => progress.push(numBytes) });
    for (let at = 0; at < received.length; at += size) sink.write(received.subarray(at, at + size));
    assert.deepEqual(out, wanted, `pieces of ${size} bytes`);
    assert.equal(progress.at(-1), received.length);
    assert.ok(progress.every((numBytes) => numBytes % 8 === 0));
  }
});

test('a copying sink reports what is final', () => {
  const progress: number[] = [];
  const into = new Uint8Array(5);
  const sink = new CopySink(into, (numBytes) => progress.push(numBytes));
  sink.write(Uint8Array.of(1, 2));
  sink.write(Uint8Array.of(3, 4, 5));
  assert.deepEqual(into, Uint8Array.of(1, 2, 3, 4, 5));
  assert.deepEqual(progress, [2, 5]);
});

test('a source tells of what became available', () => {
  const source = new Source(new Uint8Array(10), 0);
  const heard: number[] = [];
  source.raise(3);
  source.onRaise = () => heard.push(source.available);
  source.raise(10);
  assert.deepEqual(heard, [10]);
});
