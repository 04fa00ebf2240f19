/**
 * What a reference and a reward pod do the same way: a frozen model on a compute thread, served until the end.
 * Knows nothing of the coordinator's use of the scores.
 */
import type { JobConfig } from '../api/job-config.ts';
import type { WorkerSettings } from '../config.ts';
import type { HeadKind } from '../models/layout.ts';
import { ComputeThread } from '../runtime/compute-thread.ts';
import { EpochFence } from '../service/epoch.ts';
import { failureOf } from '../service/lifecycle.ts';
import { createLogger } from '../service/log.ts';
import { createMetrics } from '../service/metrics.ts';
import { definitions } from '../service/protos.ts';
import { serveWorker } from '../service/worker.ts';
import type { ScoreKind } from './forward-model.ts';
import { openModel, readWorkerJob } from './role.ts';
import { createScorerMetrics } from './scorer-metrics.ts';
import type { ScorerApi, ScorerProgramData } from './scorer-program.ts';
import { scorerHandlers } from './scorer-service.ts';

export interface ScorerRole {
  readonly kind: ScoreKind;
  readonly head: HeadKind;
  readonly modelPath: (job: JobConfig) => string;
}

/** Serves until SIGTERM. Throws HopelessError for a job or a model that can't be used. */
export async function runScorer(settings: WorkerSettings, role: ScorerRole): Promise<void> {
  const log = createLogger(settings);
  const job = readWorkerJob(settings);
  const { kind, head } = role;
  const { temperature } = job.rollout;
  const data: ScorerProgramData = {
    modelPath: role.modelPath(job),
    head,
    kind,
    temperature,
    threads: settings.threads,
  };
  const thread = await ComputeThread.start<ScorerApi>(new URL('./scorer-program.ts', import.meta.url), data);
  try {
    const limits = await openModel(() => thread.call('open'));
    log.info({ model: data.modelPath, kind }, 'model loaded');
    const fence = new EpochFence();
    const registry = createMetrics();
    const service = scorerHandlers({
      kind,
      limits,
      fence,
      metrics: createScorerMetrics(registry),
      microbatchSize: job.training.microbatchSize,
      score: (sequences) => thread.call('score', sequences),
    });
    await serveWorker({
      settings,
      log,
      fence,
      metrics: registry,
      services: [[definitions.Scorer, service]],
      failed: failureOf(thread),
      close: () => thread.terminate(),
    });
  } finally {
    await thread.terminate();
  }
}
