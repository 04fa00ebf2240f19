/** The trackers that a job asks for. Decides nothing else. */
import { hostname } from 'node:os';
import type { Registry } from 'prom-client';
import type { JobConfig } from '../../api/job-config.ts';
import type { Logger } from '../../service/log.ts';
import { TensorboardTracker } from './tensorboard.ts';
import type { Tracker } from './tracker.ts';
import { Trackers } from './trackers.ts';
import { WandbTracker } from './wandb.ts';

export function createTrackers(config: JobConfig, o: { readonly registry: Registry; readonly log: Logger }): Trackers {
  const { tensorboard, wandb } = config.tracking;
  const shared = { config, host: hostname(), nowMs: () => Date.now() };
  const trackers: Tracker[] = [];
  if (tensorboard !== null) trackers.push(new TensorboardTracker({ directory: tensorboard.directory, ...shared }));
  if (wandb !== null) trackers.push(new WandbTracker({ settings: wandb, ...shared }));
  return new Trackers({ trackers, sampleResponses: tensorboard?.sampleResponses ?? 0, ...o });
}
