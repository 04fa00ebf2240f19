/** Reads TensorBoard's event files in tests, as TensorBoard does: checksums checked, replayed steps forgotten. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { maskedCrc32c } from '../../../../worker/coordinator/tracking/crc32c.ts';
import { findBytes, findField, findInt, findText, readFields } from '../../../../worker/graph/protobuf-reader.ts';
import { filesBelow } from './scenario.ts';

interface ScalarPoint {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
}

/** Whole records, up to one that is cut off. */
function* recordsOf(file: Buffer): Generator<Buffer> {
  for (let at = 0; at + 12 <= file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    if (file.readUInt32LE(at + 8) !== maskedCrc32c(file.subarray(at, at + 8))) return;
    const data = file.subarray(at + 12, at + 12 + length);
    if (at + 16 + length > file.length) return;
    assert.equal(file.readUInt32LE(at + 12 + length), maskedCrc32c(data));
    yield data;
    at += 16 + length;
  }
}

/** The scalars of a run: by step, by tag. */
export function readScalars(directory: string): Map<number, Record<string, number>> {
  let points: ScalarPoint[] = [];
  for (const path of filesBelow(directory)) {
    for (const event of recordsOf(readFileSync(path))) {
      const step = findInt(event, 2);
      const session = findBytes(event, 7);
      if (session !== null && findInt(session, 1) === 1) points = points.filter((point) => point.step < step);
      points.push(...scalarsOf(event, step));
    }
  }
  const steps = new Map<number, Record<string, number>>();
  for (const { tag, step, value } of points) steps.set(step, { ...steps.get(step), [tag]: value });
  return steps;
}

function scalarsOf(event: Uint8Array, step: number): ScalarPoint[] {
  const summary = findBytes(event, 5);
  if (summary === null) return [];
  return [...readFields(summary)].flatMap(({ bytes }) => {
    const simple = bytes === null ? null : findField(bytes, 2)?.bytes;
    if (bytes === null || simple == null) return [];
    return [{ tag: findText(bytes, 1), step, value: Buffer.from(simple).readFloatLE() }];
  });
}
