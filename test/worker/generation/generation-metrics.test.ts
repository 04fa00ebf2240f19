// Series of a generation server: counters by differences, latencies in seconds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { GenerationMetrics } from '../../../worker/generation/generation-metrics.ts';

const OPTIONS = { modelName: 'addition', maxRows: 8, parameterBytes: 1000, kvCacheBytes: 300 };
const OF = 'model_name="addition",engine="0"';
const zero = { numRunning: 0, numWaiting: 0, cacheUsage: 0, numSteps: 0, promptTokens: 0, generatedTokens: 0 };

test('follows the engine', async () => {
  const registry = new Registry();
  const metrics = new GenerationMetrics(registry, OPTIONS);
  const first = { numRunning: 3, numWaiting: 7, cacheUsage: 0.25, numSteps: 10, promptTokens: 50, generatedTokens: 20 };
  metrics.onStats(first, zero);
  metrics.onStats({ ...first, numWaiting: 1, numSteps: 12, generatedTokens: 26 }, first);
  const text = await registry.metrics();
  assertSamples(text, [
    `vllm:num_requests_running{${OF}} 3`,
    `vllm:num_requests_waiting{${OF}} 1`,
    `vllm:kv_cache_usage_perc{${OF}} 0.25`,
    `vllm:prompt_tokens_total{${OF}} 50`,
    `vllm:generation_tokens_total{${OF}} 26`,
    'ppo_generation_steps_total 12',
    'ppo_generation_max_sequences 8',
  ]);
});

test('measures what has finished', async () => {
  const registry = new Registry();
  const metrics = new GenerationMetrics(registry, OPTIONS);
  const shared = {
    id: 1,
    numPromptTokens: 4,
    maxTokens: 16,
    policyVersions: [],
    queueMs: 500,
    timeToFirstTokenMs: 1000,
  };
  metrics.onFinished({ ...shared, tokenIds: [1, 2, 3], logprobs: [], finishReason: 'stop', totalMs: 3000 });
  metrics.onFinished({ ...shared, tokenIds: [], logprobs: [], finishReason: 'abort', totalMs: 10 });
  assertSamples(await registry.metrics(), [
    `vllm:request_success_total{${OF},finished_reason="stop"} 1`,
    `vllm:request_success_total{${OF},finished_reason="length"} 0`,
    `vllm:request_success_total{${OF},finished_reason="abort"} 1`,
    `vllm:time_to_first_token_seconds_sum{${OF}} 1`,
    `vllm:request_prefill_time_seconds_sum{${OF}} 0.5`,
    `vllm:request_inference_time_seconds_sum{${OF}} 2.5`,
    `vllm:request_params_max_tokens_sum{${OF}} 32`,
    `vllm:request_decode_time_seconds_sum{${OF}} 2`,
    `vllm:request_time_per_output_token_seconds_sum{${OF}} 1`,
    `vllm:e2e_request_latency_seconds_count{${OF}} 2`,
    `vllm:request_queue_time_seconds_sum{${OF}} 1`,
    `vllm:request_prompt_tokens_sum{${OF}} 8`,
    `vllm:request_generation_tokens_sum{${OF}} 3`,
    `vllm:request_max_num_generation_tokens_sum{${OF}} 3`,
    `vllm:request_max_num_generation_tokens_count{${OF}} 2`,
  ]);
});

test('measures the time from token to token', async () => {
  const registry = new Registry();
  const metrics = new GenerationMetrics(registry, OPTIONS);
  metrics.onTokens([20, 20, 500]);
  metrics.onTokens([]);
  assertSamples(await registry.metrics(), [
    `vllm:inter_token_latency_seconds_count{${OF}} 3`,
    `vllm:inter_token_latency_seconds_sum{${OF}} 0.54`,
    `vllm:inter_token_latency_seconds_bucket{le="0.025",${OF}} 2`,
  ]);
});

test('knows the version of the weights and what it took to get them', async () => {
  const registry = new Registry();
  const metrics = new GenerationMetrics(registry, OPTIONS);
  assertSamples(await registry.metrics(), ['ppo_weights_version 0', 'ppo_weight_sync_receive_seconds_count 0']);
  metrics.onReceived({ policyVersion: 7, bytes: 1000, receiveSeconds: 0.5, flipSeconds: 0.25 });
  const text = await registry.metrics();
  assertSamples(text, [
    'ppo_weights_version 7',
    'ppo_weight_sync_received_bytes_total 1000',
    'ppo_weight_sync_receive_seconds_sum 0.5',
    'ppo_weight_sync_flip_seconds_sum 0.25',
  ]);
  assert.match(text, /^ppo_weights_timestamp_seconds \d{10}/m);
});

test('tells what the model takes: two versions of the weights in shared memory, and the cache', async () => {
  const registry = new Registry();
  new GenerationMetrics(registry, OPTIONS);
  assertSamples(await registry.metrics(), [
    'ppo_model_bytes{kind="parameters"} 2000',
    'ppo_model_bytes{kind="kv_cache"} 300',
    'ppo_shared_memory_bytes 2000',
  ]);
});

function assertSamples(text: string, expected: readonly string[]): void {
  const lines = new Set(text.split('\n'));
  assert.deepEqual(
    expected.filter((line) => !lines.has(line)),
    [],
    text,
  );
}
