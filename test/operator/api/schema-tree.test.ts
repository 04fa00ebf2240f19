/** The walk over a schema sees through defaults and optionality. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { allPaths, descriptionOf, fieldsOf, formatPath, schemaAt, valueAt } from '../../../operator/api/schema-tree.ts';

const leaf = z.int32().default(3).describe('A leaf.');
const root = z.object({
  inner: z.object({ leaf }).prefault({}).describe('Inner.'),
  list: z.array(z.string().describe('An item.')).optional(),
  map: z.record(z.string(), z.boolean()),
});

test('fields, schemas and descriptions are found behind wrappers', () => {
  assert.deepEqual(Object.keys(fieldsOf(root.shape.inner) ?? {}), ['leaf']);
  assert.equal(fieldsOf(leaf), null);
  assert.equal(schemaAt(root, ['inner', 'leaf']), leaf);
  assert.equal(descriptionOf(schemaAt(root, ['inner', 'leaf'])), 'A leaf.');
  assert.equal(descriptionOf(z.string().describe('Below.').optional()), 'Below.');
  assert.equal(descriptionOf(schemaAt(root, ['list', 0])), 'An item.');
  assert.equal(descriptionOf(undefined), '');
  assert.ok(schemaAt(root, ['map', 'any']) instanceof z.ZodBoolean);
  assert.equal(schemaAt(root, ['inner', 'other', 'deeper']), undefined);
  assert.equal(schemaAt(root, ['inner', 'constructor']), undefined);
});

test('paths are listed, written and followed', () => {
  assert.deepEqual(allPaths(root), [['inner'], ['inner', 'leaf'], ['list'], ['map']]);
  assert.equal(formatPath(['spec', 'reward', 'clipRange', 0]), 'spec.reward.clipRange[0]');
  assert.equal(valueAt({ a: [{ b: 7 }] }, ['a', 0, 'b']), 7);
  assert.equal(valueAt({ a: null }, ['a', 'b']), undefined);
});
