// The cache of programs: one per shape, the least recently used goes, nothing is disposed of twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgramCache } from '../../../worker/scoring/program-cache.ts';

test('programs are compiled once a shape, and the longest unused is disposed of', () => {
  const compiled: number[] = [];
  const disposed: number[] = [];
  const cache = new ProgramCache<number>({
    maxPrograms: 2,
    compile: ({ rows }) => {
      compiled.push(rows);
      return rows;
    },
    dispose: (rows) => disposed.push(rows),
  });
  const get = (rows: number) => cache.get({ rows, length: 4, positions: 64 });
  assert.deepEqual([get(1), get(2), get(1), get(3), get(1)], [1, 2, 1, 3, 1]);
  assert.deepEqual(compiled, [1, 2, 3]);
  assert.deepEqual(disposed, [2]);
  cache.disposeAll();
  assert.deepEqual(disposed, [2, 3, 1]);
  cache.disposeAll();
  assert.equal(disposed.length, 3);
});

test('shapes that differ in one dimension are different programs', () => {
  const cache = new ProgramCache<object>({ maxPrograms: 9, compile: () => ({}), dispose: () => {} });
  const base = { rows: 1, length: 2, positions: 3 };
  const programs = [base, { ...base, rows: 2 }, { ...base, length: 3 }, { ...base, positions: 4 }];
  assert.equal(new Set(programs.map((shape) => cache.get(shape))).size, 4);
});
