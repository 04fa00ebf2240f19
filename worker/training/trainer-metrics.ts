/**
 * Prometheus series of a trainer: what its steps take and what the last one found. What an iteration comes to is the
 * coordinator's. Knows nothing of how the figures come about.
 */
import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { SECONDS_BUCKETS, Series, showModelBytes } from '../service/series.ts';

/** gradients: forward and backward; reduction: their sum over ranks, with the wait for them; optimizer: clip and update. */
export const TRAIN_PARTS = ['gradients', 'reduction', 'optimizer'] as const;
export type TrainPart = (typeof TRAIN_PARTS)[number];

export interface TrainerMetrics {
  readonly version: Gauge;
  /** When the weights became this version. */
  readonly versionTime: Gauge;
  readonly steps: Counter;
  readonly tokens: Counter;
  readonly stepSeconds: Histogram;
  readonly partSeconds: Counter<'part'>;
  /** Of the last optimizer step. */
  readonly loss: Gauge;
  readonly gradientNorm: Gauge;
  readonly learningRate: Gauge;
  /** By what is in it; parameters and gradients are shared with the sidecar. */
  readonly onMemory: (bytes: { parameters: number; gradients: number; optimizer: number }) => void;
  readonly sentBytes: Counter;
  readonly sendSeconds: Histogram;
  readonly checkpointBytes: Counter;
}

export function createTrainerMetrics(registry: Registry): TrainerMetrics {
  const series = new Series(registry);
  const partSeconds = series.counterBy('ppo_train_time_seconds_total', 'Time of optimizer steps by their parts', [
    'part',
  ]);
  for (const part of TRAIN_PARTS) partSeconds.inc({ part }, 0);
  const sharedBytes = series.gauge('ppo_shared_memory_bytes', 'Memory shared with the communicator');
  return {
    version: series.gauge('ppo_weights_version', 'Version of the weights: updates by whole iterations'),
    versionTime: series.gauge('ppo_weights_timestamp_seconds', 'When the weights became this version, Unix time'),
    steps: series.counter('ppo_train_steps_total', 'Optimizer steps'),
    tokens: series.counter('ppo_train_tokens_total', 'Response tokens of optimizer steps, over all ranks of the role'),
    stepSeconds: series.histogram('ppo_train_step_seconds', 'Length of an optimizer step', SECONDS_BUCKETS),
    partSeconds,
    loss: series.gauge('ppo_train_loss', 'Loss of the last optimizer step'),
    gradientNorm: series.gauge('ppo_train_gradient_norm', 'Gradient norm of the last optimizer step, before clipping'),
    learningRate: series.gauge('ppo_train_learning_rate', 'Learning rate of the last optimizer step'),
    onMemory: (bytes) => {
      showModelBytes(registry, bytes);
      sharedBytes.set(bytes.parameters + bytes.gradients);
    },
    sentBytes: series.counter('ppo_weight_sync_sent_bytes_total', 'Bytes of weights broadcast to generation'),
    sendSeconds: series.histogram('ppo_weight_sync_send_seconds', 'Length of a weight broadcast', SECONDS_BUCKETS),
    checkpointBytes: series.counter('ppo_checkpoint_written_bytes_total', 'Bytes of checkpoints written'),
  };
}
