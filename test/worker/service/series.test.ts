// Series of a registry: what is absent until it is measured, and what begins at 0.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { Series, unset } from '../../../worker/service/series.ts';

async function samplesOf(registry: Registry): Promise<string[]> {
  const text = await registry.metrics();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('a gauge is absent until it is set, and again when it is unset', async () => {
  const registry = new Registry();
  const gauge = new Series(registry).gauge('loss', 'Loss');
  assert.deepEqual(await samplesOf(registry), []);
  gauge.set(0);
  assert.deepEqual(await samplesOf(registry), ['loss 0']);
  unset(gauge);
  assert.deepEqual(await samplesOf(registry), []);
  gauge.set(2);
  assert.deepEqual(await samplesOf(registry), ['loss 2']);
});

test('a gauge that is asked tells what is so when somebody looks', async () => {
  const registry = new Registry();
  let value: number | undefined = 1;
  new Series(registry).gaugeOf('epoch', 'Epoch', () => value);
  assert.deepEqual(await samplesOf(registry), ['epoch 1']);
  value = undefined;
  assert.deepEqual(await samplesOf(registry), []);
  value = 5;
  assert.deepEqual(await samplesOf(registry), ['epoch 5']);
});

test('a gauge that is asked may have labels', async () => {
  const registry = new Registry();
  let value: number | undefined = 1;
  new Series(registry).gaugeOf('depth', 'Depth', () => value, { name: 'q' });
  assert.deepEqual(await samplesOf(registry), ['depth{name="q"} 1']);
  value = undefined;
  assert.deepEqual(await samplesOf(registry), []);
});

test('series of a label that are asked have a sample for each of its values, always the present one', async () => {
  const registry = new Registry();
  const series = new Series(registry);
  const values = ['actor', 'critic'] as const;
  const now = { actor: 1, critic: 2 };
  series.gaugesOf('members', 'Members', { label: 'role', values, read: (role) => now[role] });
  series.countersOf('losses_total', 'Losses', { label: 'role', values, read: (role) => 10 * now[role] });
  const expected = () => [
    `members{role="actor"} ${now.actor}`,
    `members{role="critic"} ${now.critic}`,
    `losses_total{role="actor"} ${10 * now.actor}`,
    `losses_total{role="critic"} ${10 * now.critic}`,
  ];
  assert.deepEqual(await samplesOf(registry), expected());
  now.critic = 3;
  assert.deepEqual(await samplesOf(registry), expected());
});

test('counters and histograms begin at 0', async () => {
  const registry = new Registry();
  const series = new Series(registry);
  series.counter('tokens_total', 'Tokens');
  series.histogram('wait_seconds', 'Wait', [1]);
  const samples = await samplesOf(registry);
  assert.ok(samples.includes('tokens_total 0'));
  assert.ok(samples.includes('wait_seconds_count 0'));
});

test('labelled series have a sample for each value that was used', async () => {
  const registry = new Registry();
  const series = new Series(registry);
  series.counterBy('losses_total', 'Losses', ['role']).inc({ role: 'actor' });
  series.gaugeBy('members', 'Members', ['role']).set({ role: 'critic' }, 3);
  series.histogramBy('call_seconds', 'Calls', { labelNames: ['role'], buckets: [1] }).observe({ role: 'reward' }, 0.5);
  const samples = await samplesOf(registry);
  assert.ok(samples.includes('losses_total{role="actor"} 1'));
  assert.ok(samples.includes('members{role="critic"} 3'));
  assert.ok(samples.includes('call_seconds_bucket{le="1",role="reward"} 1'));
});
