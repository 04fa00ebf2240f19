// Two buffers in a shared folder: fresh, apart, summed as zlib does, and gone in the end.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { WeightSlots } from '../../../worker/generation/weight-slots.ts';

const directory = mkdtempSync(join(tmpdir(), 'ppo-slots-'));
after(() => rmSync(directory, { recursive: true }));

test('holds two buffers, one free at a time', () => {
  writeFileSync(join(directory, 'weights-0'), 'left behind by an earlier container');
  const slots = new WeightSlots(directory, 10);
  slots.view(0).fill(1);
  slots.view(1).fill(2);
  assert.deepEqual([...slots.view(0)], new Array(10).fill(1));
  assert.equal(slots.free, 1);
  slots.use(1);
  assert.equal(slots.free, 0);
  slots.dispose();
  assert.deepEqual(readdirSync(directory), []);
});

test('sums a buffer of many pieces as one, and lets others run in between', async () => {
  const slots = new WeightSlots(directory, 1_000_003);
  const view = slots.view(1);
  for (let i = 0; i < view.length; i++) view[i] = Math.sin(i);
  const expected = crc32(new Uint8Array(view.slice().buffer));
  let isOtherServed = false;
  setImmediate(() => {
    isOtherServed = true;
  });
  assert.equal(await slots.checksum(1), expected);
  assert.ok(isOtherServed);
  view[500_000]! += 1;
  assert.notEqual(await slots.checksum(1), expected);
  slots.dispose();
});
