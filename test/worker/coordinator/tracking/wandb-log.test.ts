/** LevelDB's log framing: what is framed is read again, wherever blocks end and wherever the file is cut off. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameLogRecord, LOG_HEAD, readLog } from '../../../../worker/coordinator/tracking/wandb-log.ts';

const BLOCK = 32_768;

function logOf(sizes: readonly number[]): {
  readonly file: Buffer;
  readonly records: Uint8Array[];
  readonly ends: number[];
} {
  const records = sizes.map((size, i) => new Uint8Array(size).fill(i + 1));
  let file = Buffer.from(LOG_HEAD);
  const ends: number[] = [];
  for (const record of records) {
    file = Buffer.concat([file, frameLogRecord(record, file.length)]);
    ends.push(file.length);
  }
  return { file, records, ends };
}

test('records of any length are found again, across the ends of blocks', () => {
  // Up to each of the last bytes of a block, so that every length of padding occurs.
  for (let rest = 0; rest < 16; rest++) {
    const { file, records, ends } = logOf([BLOCK - 7 - 7 - rest, 0, 1, 3 * BLOCK, 20, BLOCK - 7]);
    const read = [...readLog(file)];
    assert.equal(read.length, records.length, `${rest} bytes before the end of a block`);
    for (const [i, { data }] of read.entries()) assert.ok(Buffer.from(data).equals(records[i]!), `record ${i}`);
    assert.deepEqual(
      read.map(({ end }) => end),
      ends,
    );
  }
});

test('a log that is cut off has the records before the cut', () => {
  const { file, ends } = logOf([10, BLOCK, 5]);
  for (const cut of [0, 3, 7, 8, 24, 25, 1000, BLOCK, BLOCK + 3, file.length - 1, file.length]) {
    const whole = ends.filter((end) => end <= cut).length;
    assert.equal([...readLog(file.subarray(0, cut))].length, whole, `cut at ${cut}`);
  }
});

test('a record whose bytes were changed ends the log, and so does a foreign file', () => {
  const { file } = logOf([10, 10, 10]);
  file[7 + 17 + 9]! ^= 1;
  assert.equal([...readLog(file)].length, 1);
  assert.equal([...readLog(Buffer.from('{"json": true}'))].length, 0);
});
