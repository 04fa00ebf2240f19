/**
 * A frozen model that scores, on a compute thread. Knows nothing of gRPC.
 */
import type { JobConfig } from '../api/job-config.ts';
import type { WorkerSettings } from '../config.ts';
import type { HeadKind } from '../models/layout.ts';
import { ComputeThread } from '../runtime/compute-thread.ts';
import { failureOf } from '../service/lifecycle.ts';
import type { ScoreKind } from './forward-model.ts';
import { openOrGiveUp } from './role.ts';
import type { ScorerApi, ScorerProgramData } from './scorer-program.ts';
import type { Scorer } from './scorer-worker.ts';

export interface FrozenModel {
  readonly modelPath: string;
  readonly head: HeadKind;
  readonly kind: ScoreKind;
}

/** Throws HopelessError for a model that can't be used. */
export async function openModelScorer(model: FrozenModel, job: JobConfig, settings: WorkerSettings): Promise<Scorer> {
  const data: ScorerProgramData = { ...model, temperature: job.rollout.temperature, threads: settings.threads };
  const thread = await ComputeThread.start<ScorerApi>(new URL('./scorer-program.ts', import.meta.url), data);
  const { parameterBytes, ...limits } = await openOrGiveUp(thread, () => thread.call('open'));
  return {
    ...{ limits, parameterBytes },
    needsTexts: false,
    keepAliveMs: null,
    score: (sequences) => thread.call('score', sequences),
    failed: failureOf(thread),
    close: () => thread.terminate(),
  };
}
