/** zod schemas become structural schemas, and what can't become one is refused with its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { toStructuralSchema } from '../../../operator/api/structural.ts';

test('defaults, bounds, lists, maps and Kubernetes keywords are carried over', () => {
  const rules = [{ rule: 'true', message: 'm' }];
  const schema = z.object({
    name: z.string().max(3).default('a').describe('Name.'),
    part: z.object({ on: z.boolean().default(true) }).prefault({}),
    list: z.array(z.int32().min(1).max(3)).max(2).meta({ 'x-kubernetes-list-type': 'atomic' }),
    map: z.record(z.string(), z.string().max(1)).meta({ maxProperties: 4, 'x-kubernetes-validations': rules }),
    any: z.unknown().meta({ 'x-kubernetes-preserve-unknown-fields': true, type: 'object' }),
    amount: z.union([z.string().max(8), z.int().min(0)]).meta({ 'x-kubernetes-int-or-string': true, minimum: 0 }),
  });
  assert.deepEqual(toStructuralSchema(schema, 'spec'), {
    type: 'object',
    required: ['list', 'map', 'any', 'amount'],
    properties: {
      name: { description: 'Name.', type: 'string', default: 'a', maxLength: 3 },
      part: { type: 'object', default: {}, properties: { on: { type: 'boolean', default: true } } },
      list: {
        type: 'array',
        maxItems: 2,
        items: { type: 'integer', minimum: 1, maximum: 3 },
        'x-kubernetes-list-type': 'atomic',
      },
      map: {
        type: 'object',
        maxProperties: 4,
        additionalProperties: { type: 'string', maxLength: 1 },
        'x-kubernetes-validations': rules,
      },
      any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      amount: { minimum: 0, 'x-kubernetes-int-or-string': true },
    },
  });
});

const refused: Readonly<Record<string, [z.ZodType, RegExp]>> = {
  'a union': [z.union([z.string(), z.boolean()]), /spec\.field: a structural schema has no anyOf/],
  'a closed object': [z.strictObject({ a: z.string() }), /spec\.field: properties and additionalProperties/],
  'an open object': [z.looseObject({ a: z.string() }), /spec\.field: /],
  'anything at all': [z.unknown(), /spec\.field: every node .* has a type/],
  'a named schema': [z.string().meta({ id: 'named' }), /a structural schema has no definitions/],
  'a list without a type': [z.array(z.string()), /spec\.field: a list says/],
  'a tuple': [z.tuple([z.string(), z.int()]), /spec\.field/],
};

for (const [name, [field, message]] of Object.entries(refused)) {
  test(`${name} is refused`, () => {
    assert.throws(() => toStructuralSchema(z.object({ field: field.optional() }), 'spec'), message);
  });
}
