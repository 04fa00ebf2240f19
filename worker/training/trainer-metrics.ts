/** Prometheus series of a trainer. Knows nothing of how the figures come about. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface TrainerMetrics {
  readonly version: Gauge;
  readonly steps: Counter;
  readonly tokens: Counter;
  readonly tokensPerSecond: Gauge;
  readonly stepSeconds: Histogram;
  readonly reduceSeconds: Histogram;
  /** The last step's, by name: loss, clipFraction, entropy, gradientNorm, ... */
  readonly figure: Gauge<'name'>;
  readonly sharedBytes: Gauge;
  readonly weightSyncBytes: Counter;
  readonly weightSyncSeconds: Histogram;
  readonly checkpointBytes: Counter;
}

const SECONDS_BUCKETS = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300];

export function createTrainerMetrics(registry: Registry): TrainerMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const histogram = (name: string, help: string) => new Histogram({ name, help, registers, buckets: SECONDS_BUCKETS });
  return {
    version: gauge('ppo_weight_version', 'Version of the weights: updates by whole iterations'),
    steps: counter('ppo_train_steps_total', 'Optimizer steps'),
    tokens: counter('ppo_trained_tokens_total', 'Response tokens trained on, over all ranks, each PPO epoch anew'),
    tokensPerSecond: gauge('ppo_trained_tokens_per_second', 'Response tokens a second in the last iteration'),
    stepSeconds: histogram('ppo_train_step_seconds', 'Length of an optimizer step'),
    reduceSeconds: histogram('ppo_gradient_reduce_seconds', 'Length of the sum of gradients over ranks'),
    figure: new Gauge({
      name: 'ppo_train_figure',
      help: 'Figures of the last optimizer step',
      labelNames: ['name'] as const,
      registers,
    }),
    sharedBytes: gauge('ppo_shared_memory_bytes', 'Shared memory that parameters and gradients take'),
    weightSyncBytes: counter('ppo_weight_sync_bytes_total', 'Bytes of weights published'),
    weightSyncSeconds: histogram('ppo_weight_sync_seconds', 'Length of a weight broadcast'),
    checkpointBytes: counter('ppo_checkpoint_bytes_total', 'Bytes of checkpoints written'),
  };
}
