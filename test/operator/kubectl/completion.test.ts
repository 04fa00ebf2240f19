/** What Tab proposes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complete } from '../../../operator/kubectl/completion.ts';

async function proposals(...words: string[]): Promise<string[]> {
  const text = await complete(words, async (namespace) => [`tiny-${namespace ?? 'default'}`, 'other']);
  const lines = text.split('\n');
  assert.deepEqual(lines.slice(-2), [':4', ''], 'it ends in the directive');
  return lines.slice(0, -2);
}

test('commands, names in their namespace, flags, values', async () => {
  assert.deepEqual(await proposals('s'), ['status', 'suspend', 'scale']);
  assert.deepEqual(await proposals('status', 't'), ['tiny-default']);
  assert.deepEqual(await proposals('-n', 'ml', 'status', ''), ['tiny-ml', 'other']);
  assert.deepEqual(await proposals('--namespace=ml', 'status', 't'), ['tiny-ml']);
  assert.deepEqual(await proposals('status', 'tiny', ''), []);
  assert.deepEqual(await proposals('version', ''), []);
  assert.deepEqual(await proposals('logs', 'tiny', '--ro'), ['--role']);
  assert.deepEqual(await proposals('logs', 'tiny', '--role', 're'), ['reference', 'reward']);
  assert.deepEqual(await proposals('logs', 'tiny', '-o', ''), ['text', 'json']);
  assert.deepEqual(await proposals('status', '-n', ''), []);
});
