/**
 * A generation server's Prometheus series: vLLM's names where vLLM measures the same, so that its dashboards work, and
 * ours for versions and weight syncs. Knows nothing of how the figures come about.
 * Source of names: docs.vllm.ai, "Production Metrics".
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ReceiveWeightsReply } from '../api/generated/ppo/v1/ReceiveWeightsReply.ts';
import type { EngineStats } from './engine.ts';
import type { EngineListener } from './engine-client.ts';
import type { FinishedSequence } from './sequence.ts';

const LATENCY_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const TOKEN_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

export class GenerationMetrics implements EngineListener {
  readonly #running: Gauge;
  readonly #waiting: Gauge;
  readonly #cacheUsage: Gauge;
  readonly #promptTokens: Counter;
  readonly #generationTokens: Counter;
  readonly #steps: Counter;
  readonly #success: Counter<'finished_reason'>;
  readonly #timeToFirstToken: Histogram;
  readonly #timePerOutputToken: Histogram;
  readonly #latency: Histogram;
  readonly #queueTime: Histogram;
  readonly #requestPromptTokens: Histogram;
  readonly #requestGenerationTokens: Histogram;
  readonly #policyVersion: Gauge;
  readonly #syncs: Counter;
  readonly #syncBytes: Counter;
  readonly #receiveSeconds: Histogram;
  readonly #flipSeconds: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
    const counter = (name: string, help: string) => new Counter({ name, help, registers });
    const histogram = (name: string, help: string, buckets = LATENCY_BUCKETS) =>
      new Histogram({ name, help, buckets, registers });
    this.#running = gauge('vllm:num_requests_running', 'Sequences being decoded');
    this.#waiting = gauge('vllm:num_requests_waiting', 'Sequences waiting for a row');
    this.#cacheUsage = gauge('vllm:kv_cache_usage_perc', 'Share of the KV cache in use, 1 is all of it');
    this.#promptTokens = counter('vllm:prompt_tokens_total', 'Prompt tokens taken in');
    this.#generationTokens = counter('vllm:generation_tokens_total', 'Tokens generated');
    this.#steps = counter('ppo_generation_steps_total', 'Decode steps');
    this.#success = new Counter({
      name: 'vllm:request_success_total',
      help: 'Sequences finished, by reason',
      labelNames: ['finished_reason'] as const,
      registers,
    });
    this.#timeToFirstToken = histogram('vllm:time_to_first_token_seconds', 'Arrival to first token');
    this.#timePerOutputToken = histogram('vllm:time_per_output_token_seconds', 'Between two tokens of a sequence');
    this.#latency = histogram('vllm:e2e_request_latency_seconds', 'Arrival to last token');
    this.#queueTime = histogram('vllm:request_queue_time_seconds', 'Arrival to a row of the batch');
    this.#requestPromptTokens = histogram('vllm:request_prompt_tokens', 'Prompt tokens of a sequence', TOKEN_BUCKETS);
    this.#requestGenerationTokens = histogram(
      'vllm:request_generation_tokens',
      'Generated tokens of a sequence',
      TOKEN_BUCKETS,
    );
    this.#policyVersion = gauge('ppo_policy_version', 'Version of the weights in use');
    this.#syncs = counter('ppo_weight_syncs_total', 'Versions of the weights received');
    this.#syncBytes = counter('ppo_weight_sync_bytes_total', 'Bytes of weights received');
    this.#receiveSeconds = histogram('ppo_weight_receive_seconds', 'Broadcast and checksum of the weights');
    this.#flipSeconds = histogram('ppo_weight_flip_seconds', 'From the received weights to their use');
  }

  onStats(stats: EngineStats, previous: EngineStats): void {
    this.#running.set(stats.numRunning);
    this.#waiting.set(stats.numWaiting);
    this.#cacheUsage.set(stats.cacheUsage);
    this.#promptTokens.inc(stats.promptTokens - previous.promptTokens);
    this.#generationTokens.inc(stats.generatedTokens - previous.generatedTokens);
    this.#steps.inc(stats.numSteps - previous.numSteps);
  }

  onFinished(sequence: FinishedSequence): void {
    const numTokens = sequence.tokenIds.length;
    this.#success.inc({ finished_reason: sequence.finishReason });
    this.#latency.observe(sequence.totalMs / 1000);
    this.#queueTime.observe(sequence.queueMs / 1000);
    this.#requestPromptTokens.observe(sequence.numPromptTokens);
    this.#requestGenerationTokens.observe(numTokens);
    if (numTokens === 0) return;
    this.#timeToFirstToken.observe(sequence.timeToFirstTokenMs / 1000);
    if (numTokens === 1) return;
    const decodeMs = sequence.totalMs - sequence.timeToFirstTokenMs;
    this.#timePerOutputToken.observe(decodeMs / 1000 / (numTokens - 1));
  }

  onReceived(reply: ReceiveWeightsReply): void {
    this.#policyVersion.set(reply.policyVersion);
    this.#syncs.inc();
    this.#syncBytes.inc(reply.bytes);
    this.#receiveSeconds.observe(reply.receiveSeconds);
    this.#flipSeconds.observe(reply.flipSeconds);
  }
}
