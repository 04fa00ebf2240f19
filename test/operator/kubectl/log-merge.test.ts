/** One order for many logs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeByTime } from '../../../operator/kubectl/log-merge.ts';

type Line = readonly [time: string, text: string];

async function merge(...logs: Line[][]): Promise<string[]> {
  const sources = logs.map((lines, source) => ({
    source,
    lines: (async function* () {
      for (const [time, text] of lines) yield { time: time && `2026-01-01T00:00:${time}`, text };
    })(),
  }));
  const merged: string[] = [];
  for await (const { line, source } of mergeByTime(sources)) merged.push(`${source}${line.text}`);
  return merged;
}

test('by time to the nanosecond, whatever the number of digits and the time zone', async () => {
  const first: Line[] = [
    ['00.1Z', 'a'],
    ['00.120000002Z', 'b'],
    ['03Z', 'c'],
  ];
  const second: Line[] = [
    ['00.12Z', 'd'],
    ['00.120000001Z', 'e'],
    ['02.5+00:00', 'f'],
  ];
  assert.deepEqual(await merge(first, second), ['0a', '1d', '1e', '0b', '1f', '0c']);
});

test('a line without a time stays with the one before it; equal times keep the order of the sources', async () => {
  const stack: Line[] = [
    ['01Z', 'error'],
    ['', 'at f'],
    ['', 'at g'],
  ];
  const other: Line[] = [
    ['01Z', 'x'],
    ['02Z', 'y'],
  ];
  assert.deepEqual(await merge(stack, other, []), ['0error', '0at f', '0at g', '1x', '1y']);
});

test('a log that fails fails all of it', async () => {
  const lines = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject<IteratorResult<never>>(new Error('no')) }),
  };
  await assert.rejects(mergeByTime([{ source: 0, lines }]).next(), /no/);
});
