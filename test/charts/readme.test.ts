/** The chart's table of values: made from comments, complete, and as it stands in the README. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readValues, withValueTable } from '../../charts/readme.ts';

const CHART = join(import.meta.dirname, '..', '..', 'charts', 'ppo-operator');
const read = (name: string): string => readFileSync(join(CHART, name), 'utf8');

test('the README is up to date: npm run generate', () => {
  assert.equal(read('README.md'), withValueTable(read('README.md'), readValues(read('values.yaml'))));
});

test('every value has its path, the words above it, and its default as JSON', () => {
  const yaml = `# Of the file.

# What is
# first.
first: 1
# A section.
section:
  # Inside.
  list: [a, b]
  # One value of many parts.
  whole:
    cpu: 50m
# Empty.
last: {}
`;
  assert.deepEqual(
    readValues(yaml).map(({ path, description, defaultValue }) => [path, description, defaultValue]),
    [
      ['first', 'What is first.', '1'],
      ['section', 'A section.', null],
      ['section.list', 'Inside.', '["a","b"]'],
      ['section.whole', 'One value of many parts.', '{"cpu":"50m"}'],
      ['last', 'Empty.', '{}'],
    ],
  );
});

test('a value without a comment is refused by name', () => {
  assert.throws(() => readValues('# A.\na: 1\nb: 2\n# C.\nc:\n  # D.\n  d: 1\n  e: 2\n'), /no comment above b, c\.e$/);
});

test('a README without the place for the table is refused', () => {
  assert.throws(() => withValueTable('# Chart\n', []), /must have the lines/);
});
