/** What a registry exposes, as lines, and the check that some are there. Knows no series. */
import assert from 'node:assert/strict';
import type { Registry } from 'prom-client';

export async function samplesOf(registry: Registry): Promise<string[]> {
  const text = await registry.metrics();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

export async function assertSamples(registry: Registry, expected: readonly string[]): Promise<void> {
  const samples = await samplesOf(registry);
  const missing = expected.filter((line) => !samples.includes(line));
  assert.deepEqual(missing, [], samples.join('\n'));
}
