/**
 * A generation server's Prometheus series: vLLM's names and labels where vLLM measures the same, so that dashboards made
 * for it work, and ours for memory, versions and weight syncs. Knows nothing of how the figures come about.
 * Source of names: docs.vllm.ai, "Production Metrics" (those of V1).
 */
import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ReceiveWeightsReply } from '../api/generated/ppo/v1/ReceiveWeightsReply.ts';
import { SECONDS_BUCKETS, Series, showModelBytes, TOKEN_BUCKETS } from '../service/series.ts';
import type { EngineStats } from './engine.ts';
import type { EngineListener } from './engine-client.ts';
import type { FinishedSequence, FinishReason } from './sequence.ts';

const LATENCY_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
const FINISH_REASONS: readonly FinishReason[] = ['stop', 'length', 'abort'];

/** vLLM's labels of every series; there is one engine in a server. */
const VLLM_LABELS = ['model_name', 'engine'] as const;
type VllmLabel = (typeof VLLM_LABELS)[number];

export interface GenerationMetricsOptions {
  /** The name that the OpenAI-compatible API knows the model by. */
  readonly modelName: string;
  /** Sequences decoded at once. */
  readonly maxRows: number;
  /** Of one version of the weights. */
  readonly parameterBytes: number;
  readonly kvCacheBytes: number;
}

export class GenerationMetrics implements EngineListener {
  readonly #of: Record<VllmLabel, string>;
  readonly #running: Gauge<VllmLabel>;
  readonly #waiting: Gauge<VllmLabel>;
  readonly #cacheUsage: Gauge<VllmLabel>;
  readonly #promptTokens: Counter<VllmLabel>;
  readonly #generationTokens: Counter<VllmLabel>;
  readonly #success: Counter<VllmLabel | 'finished_reason'>;
  readonly #timeToFirstToken: Histogram<VllmLabel>;
  readonly #interToken: Histogram<VllmLabel>;
  readonly #timePerOutputToken: Histogram<VllmLabel>;
  readonly #latency: Histogram<VllmLabel>;
  readonly #queueTime: Histogram<VllmLabel>;
  readonly #inferenceTime: Histogram<VllmLabel>;
  readonly #prefillTime: Histogram<VllmLabel>;
  readonly #decodeTime: Histogram<VllmLabel>;
  readonly #requestPromptTokens: Histogram<VllmLabel>;
  readonly #requestGenerationTokens: Histogram<VllmLabel>;
  readonly #requestMaxGenerationTokens: Histogram<VllmLabel>;
  readonly #requestMaxTokens: Histogram<VllmLabel>;
  readonly #steps: Counter;
  readonly #version: Gauge;
  readonly #versionTime: Gauge;
  readonly #receivedBytes: Counter;
  readonly #receiveSeconds: Histogram;
  readonly #flipSeconds: Histogram;

  constructor(registry: Registry, options: GenerationMetricsOptions) {
    const series = new Series(registry);
    const of = { model_name: options.modelName, engine: '0' };
    this.#of = of;
    const gauge = (name: string, help: string) => startAt0(series.gaugeBy(name, help, VLLM_LABELS), of);
    const counter = (name: string, help: string) => startAt0(series.counterBy(name, help, VLLM_LABELS), of);
    const histogram = (name: string, help: string, buckets = LATENCY_BUCKETS) => {
      const made = series.histogramBy(name, help, { labelNames: VLLM_LABELS, buckets });
      made.zero(of);
      return made;
    };
    this.#running = gauge('vllm:num_requests_running', 'Sequences being decoded');
    this.#waiting = gauge('vllm:num_requests_waiting', 'Sequences waiting to be decoded');
    this.#cacheUsage = gauge('vllm:kv_cache_usage_perc', 'Share of the KV cache in use, 1 is all of it');
    this.#promptTokens = counter('vllm:prompt_tokens_total', 'Prompt tokens taken in');
    this.#generationTokens = counter('vllm:generation_tokens_total', 'Tokens generated');
    const reasons = [...VLLM_LABELS, 'finished_reason'] as const;
    this.#success = series.counterBy('vllm:request_success_total', 'Sequences finished, by reason', reasons);
    for (const reason of FINISH_REASONS) this.#success.inc({ ...of, finished_reason: reason }, 0);
    this.#timeToFirstToken = histogram('vllm:time_to_first_token_seconds', 'Arrival to first token');
    const interToken = 'From one token of a sequence to the next';
    this.#interToken = histogram('vllm:inter_token_latency_seconds', interToken);
    const perToken = 'Mean time between two tokens of a sequence';
    this.#timePerOutputToken = histogram('vllm:request_time_per_output_token_seconds', perToken);
    this.#latency = histogram('vllm:e2e_request_latency_seconds', 'Arrival to last token');
    this.#queueTime = histogram('vllm:request_queue_time_seconds', 'Arrival to the begin of prefill');
    this.#inferenceTime = histogram('vllm:request_inference_time_seconds', 'Begin of prefill to last token');
    this.#prefillTime = histogram('vllm:request_prefill_time_seconds', 'Begin of prefill to first token');
    this.#decodeTime = histogram('vllm:request_decode_time_seconds', 'First token to last token');
    this.#requestPromptTokens = histogram('vllm:request_prompt_tokens', 'Prompt tokens of a sequence', TOKEN_BUCKETS);
    const generated = 'Generated tokens of a sequence';
    this.#requestGenerationTokens = histogram('vllm:request_generation_tokens', generated, TOKEN_BUCKETS);
    // vLLM's is of the longest choice of a request; every choice is a request of its own here.
    const longest = 'Generated tokens of a sequence, under the name that dashboards for vLLM ask for';
    this.#requestMaxGenerationTokens = histogram('vllm:request_max_num_generation_tokens', longest, TOKEN_BUCKETS);
    const most = 'Tokens of a sequence at most, as asked for';
    this.#requestMaxTokens = histogram('vllm:request_params_max_tokens', most, TOKEN_BUCKETS);

    this.#steps = series.counter('ppo_generation_steps_total', 'Decode steps');
    series.gauge('ppo_generation_max_sequences', 'Sequences that can be decoded at once').set(options.maxRows);
    this.#version = series.gauge('ppo_weights_version', 'Version of the weights: updates by whole iterations');
    this.#versionTime = series.gauge(
      'ppo_weights_timestamp_seconds',
      'When the weights became this version, Unix time',
    );
    this.#version.set(0);
    this.#versionTime.setToCurrentTime();
    this.#receivedBytes = series.counter('ppo_weight_sync_received_bytes_total', 'Bytes of weights received');
    const receipt = 'Length of a weight broadcast with its checksum';
    this.#receiveSeconds = series.histogram('ppo_weight_sync_receive_seconds', receipt, SECONDS_BUCKETS);
    const flip = 'From the received weights to their use';
    this.#flipSeconds = series.histogram('ppo_weight_sync_flip_seconds', flip, SECONDS_BUCKETS);
    // Two versions of the weights lie in shared memory: one in use, one being received.
    const parameters = 2 * options.parameterBytes;
    showModelBytes(registry, { parameters, kv_cache: options.kvCacheBytes });
    series.gauge('ppo_shared_memory_bytes', 'Memory shared with the communicator').set(parameters);
  }

  onStats(stats: EngineStats, previous: EngineStats): void {
    this.#running.set(this.#of, stats.numRunning);
    this.#waiting.set(this.#of, stats.numWaiting);
    this.#cacheUsage.set(this.#of, stats.cacheUsage);
    this.#promptTokens.inc(this.#of, stats.promptTokens - previous.promptTokens);
    this.#generationTokens.inc(this.#of, stats.generatedTokens - previous.generatedTokens);
    this.#steps.inc(stats.numSteps - previous.numSteps);
  }

  onTokens(interTokenMs: readonly number[]): void {
    for (const ms of interTokenMs) this.#interToken.observe(this.#of, ms / 1000);
  }

  onFinished(sequence: FinishedSequence): void {
    const of = this.#of;
    const { queueMs, timeToFirstTokenMs, totalMs } = sequence;
    const numTokens = sequence.tokenIds.length;
    this.#success.inc({ ...of, finished_reason: sequence.finishReason });
    this.#latency.observe(of, totalMs / 1000);
    this.#queueTime.observe(of, queueMs / 1000);
    this.#requestPromptTokens.observe(of, sequence.numPromptTokens);
    this.#requestGenerationTokens.observe(of, numTokens);
    this.#requestMaxGenerationTokens.observe(of, numTokens);
    this.#requestMaxTokens.observe(of, sequence.maxTokens);
    if (numTokens === 0) return;
    this.#timeToFirstToken.observe(of, timeToFirstTokenMs / 1000);
    this.#inferenceTime.observe(of, (totalMs - queueMs) / 1000);
    this.#prefillTime.observe(of, (timeToFirstTokenMs - queueMs) / 1000);
    const decodeMs = totalMs - timeToFirstTokenMs;
    this.#decodeTime.observe(of, decodeMs / 1000);
    if (numTokens > 1) this.#timePerOutputToken.observe(of, decodeMs / 1000 / (numTokens - 1));
  }

  onReceived(reply: ReceiveWeightsReply): void {
    this.#version.set(reply.policyVersion);
    this.#versionTime.setToCurrentTime();
    this.#receivedBytes.inc(reply.bytes);
    this.#receiveSeconds.observe(reply.receiveSeconds);
    this.#flipSeconds.observe(reply.flipSeconds);
  }
}

function startAt0<T extends Gauge<VllmLabel> | Counter<VllmLabel>>(metric: T, of: Record<VllmLabel, string>): T {
  metric.inc(of, 0);
  return metric;
}
