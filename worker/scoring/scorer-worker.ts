/**
 * What every pod that only scores does the same way: something on a compute thread that scores, served until the end.
 * Knows nothing of what scores, and nothing of the coordinator's use of the scores.
 */
import type { JobConfig } from '../api/job-config.ts';
import type { WorkerSettings } from '../config.ts';
import { EpochFence } from '../service/epoch.ts';
import { createLogger } from '../service/log.ts';
import { createMetrics } from '../service/metrics.ts';
import { definitions } from '../service/protos.ts';
import { showModelBytes } from '../service/series.ts';
import { serveWorker } from '../service/worker.ts';
import type { ScoreKind } from './forward-model.ts';
import { readWorkerJob } from './role.ts';
import { createScorerMetrics } from './scorer-metrics.ts';
import { type ScorerServiceOptions, scorerHandlers } from './scorer-service.ts';
import type { SequenceLimits } from './sequence.ts';

/** Something that scores, ready to. */
export interface Scorer {
  readonly limits: SequenceLimits;
  /** Null where there is no model. */
  readonly parameterBytes: number | null;
  readonly needsTexts: boolean;
  readonly keepAliveMs: number | null;
  readonly score: ScorerServiceOptions['score'];
  /** Rejects when it can't score any more. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

export interface ScorerRole {
  readonly kind: ScoreKind;
  /** Where the scores come from, for the log. */
  readonly source: (job: JobConfig) => string;
  /** Throws HopelessError for what can't be used. */
  readonly open: (job: JobConfig, settings: WorkerSettings) => Promise<Scorer>;
}

/** Serves until SIGTERM. Throws HopelessError for a job, a model or a function that can't be used. */
export async function runScorer(settings: WorkerSettings, { kind, source, open }: ScorerRole): Promise<void> {
  const log = createLogger(settings);
  const job = readWorkerJob(settings);
  const scorer = await open(job, settings);
  try {
    log.info({ source: source(job), kind }, 'ready to score');
    const fence = new EpochFence();
    const registry = createMetrics();
    if (scorer.parameterBytes !== null) showModelBytes(registry, { parameters: scorer.parameterBytes });
    const { limits, needsTexts, keepAliveMs, score } = scorer;
    const service = scorerHandlers({
      ...{ kind, fence, limits, needsTexts, keepAliveMs, score },
      metrics: createScorerMetrics(registry),
      microbatchSize: job.training.microbatchSize,
    });
    await serveWorker({
      ...{ settings, log, fence, metrics: registry, failed: scorer.failed },
      services: [[definitions.Scorer, service]],
      close: () => scorer.close(),
    });
  } finally {
    await scorer.close();
  }
}
