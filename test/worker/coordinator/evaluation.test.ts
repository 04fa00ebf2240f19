/** What counts as an exact match. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isExact } from '../../../worker/coordinator/evaluation.ts';

test('a response is exact when it says the answer and nothing else', () => {
  const decode = (ids: readonly number[]) => ids.map(String).join('');
  const response = (...responseTokenIds: number[]) => ({
    responseTokenIds,
    rolloutLogprobs: [],
    finishReason: 'stop' as const,
  });
  const record = (answer: string | null) => ({ promptTokenIds: [1], prompt: '1', answer });
  assert.ok(isExact(response(4, 2), record('42'), decode));
  assert.ok(isExact(response(4, 2), record(' 42\n'), decode));
  assert.ok(!isExact(response(4, 2, 0), record('42'), decode));
  assert.ok(!isExact(response(4), record('42'), decode));
  assert.ok(!isExact(response(4), record(null), decode));
});
