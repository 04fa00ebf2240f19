/** Fields accept what they say, refuse what they don't, and carry the twin CEL rule of what OpenAPI can't express. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { countCharacters, decimal, decimalRule, integer, path, text } from '../../../operator/api/fields.ts';

test('decimals are finite numbers written as text', () => {
  for (const text of ['0', '-3', '0.95', '3e-4', '1E+2', '-1.5e3']) assert.ok(decimal().safeParse(text).success, text);
  for (const text of ['', '.5', '5.', '1e', 'x', '1 ', '0x10', 'NaN', '1e999', '1'.repeat(33)]) {
    assert.ok(!decimal().safeParse(text).success, text);
  }
  assert.ok(!decimal().safeParse(0.5).success);
});

test('bounds are inclusive with min and max, exclusive with above and below', () => {
  const closed = decimal({ min: 0, max: 1 });
  const open = decimal({ above: 0, below: 1 });
  for (const text of ['0', '1', '0.5']) assert.ok(closed.safeParse(text).success, text);
  for (const text of ['-1e-9', '1.0001']) assert.ok(!closed.safeParse(text).success, text);
  assert.ok(open.safeParse('0.5').success);
  for (const text of ['0', '1']) assert.ok(!open.safeParse(text).success, text);
});

test('the rule in words and the CEL rule follow from the same bounds', () => {
  assert.equal(decimalRule({ above: 0, max: 1 }), 'must be a decimal in quotes, above 0 and at most 1');
  assert.equal(decimalRule({}), 'must be a decimal in quotes');
  const schema = z.toJSONSchema(decimal({ min: 0, below: 1.5 }), { target: 'openapi-3.0' });
  assert.deepEqual(schema['x-kubernetes-validations'], [
    {
      rule: 'double(self) >= 0.0 && double(self) < 1.5',
      message: 'must be a decimal in quotes, at least 0 and below 1.5',
    },
  ]);
});

test('a text that is no number is one problem, not one per rule', () => {
  assert.equal(decimal({ min: 0 }).safeParse('abc').error?.issues.length, 1);
});

test('integers are whole and bounded, paths are not empty', () => {
  assert.ok(integer(1, 3).safeParse(3).success);
  for (const value of [0, 4, 1.5, '2', null]) assert.ok(!integer(1, 3).safeParse(value).success, String(value));
  assert.ok(path().safeParse('./a').success);
  for (const value of ['', 'a'.repeat(1025)]) assert.ok(!path().safeParse(value).success);
});

test('text is measured in characters, not in UTF-16 units', () => {
  assert.equal(countCharacters('a\u{1F600}\ud800'), 3);
  assert.ok(text(2).safeParse('\u{1F600}\u{1F600}').success);
  assert.equal(text(2).safeParse('abc').error?.issues[0]?.message, 'must have at most 2 characters');
  assert.ok(!text(2).safeParse('').success);
  assert.equal(z.toJSONSchema(text(2), { target: 'openapi-3.0' }).maxLength, 2);
});
