// Fields as paths: what is flattened can be set and removed again, one by one.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { flattenFields, removeField, setField } from '../../../operator/cluster/field-paths.ts';
import type { JsonObject } from '../../../operator/cluster/json.ts';

const OBJECT: JsonObject = {
  metadata: { labels: { a: '1', b: '2' }, finalizers: ['x/y', 'z'] },
  spec: {
    containers: [
      { name: 'worker', command: ['node', 'main.ts'], env: [{ name: 'A', value: '1' }] },
      { name: 'other', image: 'i' },
    ],
    volumes: [{ name: 'shared', emptyDir: {} }],
  },
};

it('rebuilds an object from its fields, and empties it by removing them', () => {
  const fields = [...flattenFields(OBJECT).values()];
  const built: JsonObject = {};
  for (const field of fields) setField(built, field);
  assert.deepEqual(built, OBJECT);
  for (const field of fields) removeField(built, field.path);
  assert.deepEqual(built, {});
});

it('tells items of keyed lists apart, and takes other lists as one value', () => {
  const ids = [...flattenFields(OBJECT).values()].map(({ path }) =>
    path.map((segment) => (typeof segment === 'string' ? segment : `[${segment.value}]`)).join('.'),
  );
  assert.ok(ids.includes('spec.containers.[worker].command'));
  assert.ok(ids.includes('spec.containers.[worker].env.[A].value'));
  assert.ok(ids.includes('metadata.finalizers.[x/y]'));
});

it('sets a field where something of another kind stands', () => {
  const object: JsonObject = { spec: { a: 'text' } };
  setField(object, { path: ['spec', 'a', 'b'], value: 1 });
  assert.deepEqual(object, { spec: { a: { b: 1 } } });
  setField(object, { path: ['spec', 'a'], value: {} });
  assert.deepEqual(object, { spec: { a: { b: 1 } } });
});
