/** Reads a run of Weights & Biases in tests: its history, and whether it has ended. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readLog } from '../../../../worker/coordinator/tracking/wandb-log.ts';
import { type ReadRecord, readRecord } from '../../../../worker/coordinator/tracking/wandb-records.ts';
import { findBytes, findInt, findText, readFields } from '../../../../worker/graph/protobuf-reader.ts';
import { filesBelow } from './scenario.ts';

export interface ReadRun {
  readonly kinds: readonly ReadRecord['kind'][];
  readonly history: ReadonlyMap<number, Readonly<Record<string, unknown>>>;
}

/** The only run below `directory`. */
export function readRun(directory: string): ReadRun {
  const [path, ...others] = filesBelow(directory).filter((name) => name.endsWith('.wandb'));
  assert.ok(path !== undefined && others.length === 0, `one run: ${[path, ...others]}`);
  const kinds: ReadRecord['kind'][] = [];
  const history = new Map<number, Record<string, unknown>>();
  let num = 0;
  for (const { data } of readLog(readFileSync(path))) {
    const record = readRecord(data);
    kinds.push(record.kind);
    assert.equal(findInt(data, 1), ++num, 'records are numbered without gaps');
    if (record.kind !== 'history') continue;
    assert.ok(!history.has(record.step), `step ${record.step} is written once`);
    const items = [...readFields(findBytes(data, 2)!)].filter(({ field }) => field === 1);
    const entries = items.map(({ bytes }) => [findText(bytes!, 2), JSON.parse(findText(bytes!, 16))]);
    history.set(record.step, Object.fromEntries(entries));
  }
  return { kinds, history };
}
