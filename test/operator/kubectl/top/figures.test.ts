/** Figures from pages of metrics, and that the workers have the series which are read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExposition } from '../../../../operator/kubectl/top/exposition.ts';
import { figuresOf, SERIES, STEP_HISTOGRAMS, TOKEN_COUNTERS } from '../../../../operator/kubectl/top/figures.ts';
import { formatBytes, formatCpu, parseQuantity } from '../../../../operator/kubectl/top/quantity.ts';
import { GenerationMetrics } from '../../../../worker/generation/generation-metrics.ts';
import { createScorerMetrics } from '../../../../worker/scoring/scorer-metrics.ts';
import { createMetrics } from '../../../../worker/service/metrics.ts';
import { createTrainerMetrics } from '../../../../worker/training/trainer-metrics.ts';

const page = (text: string, atMs: number) => ({ samples: parseExposition(text), atMs });

test('the text format: labels, escapes, exponents, what is no sample', () => {
  const text = '# HELP a b\n\na{x="1",y="q\\"\\\\"} 1.5e3 1700\nb +Inf\nc NaN\n!';
  assert.deepEqual(parseExposition(text).slice(0, 2), [
    { name: 'a', labels: { x: '1', y: 'q"\\' }, value: 1500 },
    { name: 'b', labels: {}, value: Number.POSITIVE_INFINITY },
  ]);
  assert.equal(parseExposition(text).length, 3);
});

test('speeds between two looks, steps of that time, levels as they are', () => {
  const first = page(
    'vllm:generation_tokens_total{a="1"} 100\nppo_train_step_seconds_sum 10\nppo_train_step_seconds_count 10',
    0,
  );
  const second = page(
    `vllm:generation_tokens_total{a="1"} 500
vllm:num_requests_running 3
vllm:num_requests_waiting 4
vllm:kv_cache_usage_perc 0.25
ppo_train_step_seconds_sum 16
ppo_train_step_seconds_count 12
process_resident_memory_bytes 1048576`,
    2000,
  );
  assert.deepEqual(figuresOf(first, second), {
    ...{
      tokensPerSecond: 200,
      running: 3,
      waiting: 4,
      cacheShare: 0.25,
      stepSeconds: 3,
      cpus: null,
      memoryBytes: 1048576,
    },
  });
  assert.equal(figuresOf(second, second).stepSeconds, 16 / 12, 'of all steps where there was none between');
  assert.equal(
    figuresOf(page('ppo_train_tokens_total 50', 0), page('ppo_train_tokens_total 2', 1000)).tokensPerSecond,
    0,
  );
});

test('the workers have these series', async () => {
  const registry = createMetrics();
  new GenerationMetrics(registry, { modelName: 'm', maxRows: 1, parameterBytes: 1, kvCacheBytes: 1 });
  createScorerMetrics(registry);
  const trainer = createMetrics();
  createTrainerMetrics(trainer);
  const text = `${await registry.metrics()}${await trainer.metrics()}`;
  for (const name of [...Object.values(SERIES), ...TOKEN_COUNTERS, ...STEP_HISTOGRAMS]) {
    assert.match(text, new RegExp(`^# TYPE ${name} `, 'm'), name);
  }
});

test('quantities', () => {
  const cases: [string, number][] = [
    ['250m', 0.25],
    ['1', 1],
    ['12345678n', 0.012345678],
    ['2Ki', 2048],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['1e3', 1000],
  ];
  for (const [text, value] of cases) assert.ok(Math.abs(parseQuantity(text) - value) < 1e-9 * value, text);
  assert.ok(Number.isNaN(parseQuantity('lots')));
  assert.deepEqual(
    [formatCpu(0.2504), formatBytes(3 * 2 ** 20), formatBytes(3.25 * 2 ** 30)],
    ['250m', '3Mi', '3.3Gi'],
  );
});
