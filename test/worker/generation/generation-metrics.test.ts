// Series of a generation server: counters by differences, latencies in seconds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { GenerationMetrics } from '../../../worker/generation/generation-metrics.ts';

const zero = { numRunning: 0, numWaiting: 0, cacheUsage: 0, numSteps: 0, promptTokens: 0, generatedTokens: 0 };

test('follows the engine', async () => {
  const registry = new Registry();
  const metrics = new GenerationMetrics(registry);
  const first = { numRunning: 3, numWaiting: 7, cacheUsage: 0.25, numSteps: 10, promptTokens: 50, generatedTokens: 20 };
  metrics.onStats(first, zero);
  metrics.onStats({ ...first, numWaiting: 1, numSteps: 12, generatedTokens: 26 }, first);
  const text = await registry.metrics();
  assert.match(text, /^vllm:num_requests_running 3$/m);
  assert.match(text, /^vllm:num_requests_waiting 1$/m);
  assert.match(text, /^vllm:kv_cache_usage_perc 0.25$/m);
  assert.match(text, /^vllm:prompt_tokens_total 50$/m);
  assert.match(text, /^vllm:generation_tokens_total 26$/m);
  assert.match(text, /^ppo_generation_steps_total 12$/m);
});

test('measures what has finished', async () => {
  const registry = new Registry();
  const metrics = new GenerationMetrics(registry);
  const shared = { id: 1, numPromptTokens: 4, policyVersions: [], queueMs: 500, timeToFirstTokenMs: 1000 };
  metrics.onFinished({ ...shared, tokenIds: [1, 2, 3], logprobs: [], finishReason: 'stop', totalMs: 3000 });
  metrics.onFinished({ ...shared, tokenIds: [], logprobs: [], finishReason: 'abort', totalMs: 10 });
  const text = await registry.metrics();
  assert.match(text, /^vllm:request_success_total\{finished_reason="stop"\} 1$/m);
  assert.match(text, /^vllm:request_success_total\{finished_reason="abort"\} 1$/m);
  assert.match(text, /^vllm:time_to_first_token_seconds_sum 1$/m);
  assert.match(text, /^vllm:time_per_output_token_seconds_sum 1$/m);
  assert.match(text, /^vllm:e2e_request_latency_seconds_count 2$/m);
  assert.match(text, /^vllm:request_queue_time_seconds_sum 1$/m);
  assert.match(text, /^vllm:request_prompt_tokens_sum 8$/m);
});

test('knows the version of the weights and what it took to get them', async () => {
  const registry = new Registry();
  const metrics = new GenerationMetrics(registry);
  metrics.onReceived({ policyVersion: 7, bytes: 1000, receiveSeconds: 0.5, flipSeconds: 0.25 });
  const text = await registry.metrics();
  assert.match(text, /^ppo_policy_version 7$/m);
  assert.match(text, /^ppo_weight_syncs_total 1$/m);
  assert.match(text, /^ppo_weight_sync_bytes_total 1000$/m);
  assert.match(text, /^ppo_weight_receive_seconds_sum 0.5$/m);
  assert.match(text, /^ppo_weight_flip_seconds_sum 0.25$/m);
});
