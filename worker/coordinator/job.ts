/**
 * What the steps of a job share: settings, data, members, and where results go. Has no behaviour of its own but keeping
 * time of phases.
 */
import type { JobConfig } from '../api/job-config.ts';
import type { Logger } from '../service/log.ts';
import { traced } from '../service/tracing.ts';
import type { MemberCalls } from './calls.ts';
import type { Checkpointing } from './checkpointing.ts';
import type { JobData } from './job-data.ts';
import type { JobMetrics } from './job-metrics.ts';
import type { Membership } from './membership.ts';
import type { MetricsLog } from './metrics-log.ts';
import type { ProcessGroups } from './process-groups.ts';
import type { Phase, ProgressBoard } from './progress.ts';
import type { PromptSampler } from './prompt-sampler.ts';
import type { Sampling } from './rollout.ts';
import type { Trackers } from './tracking/trackers.ts';
import type { TrainerGang } from './trainers.ts';
import type { WeightSync } from './weight-sync.ts';

export interface Job {
  readonly config: JobConfig;
  readonly data: JobData;
  readonly sampler: PromptSampler;
  readonly membership: Membership;
  readonly calls: MemberCalls;
  readonly groups: ProcessGroups;
  readonly weights: WeightSync;
  readonly checkpointing: Checkpointing;
  readonly metricsLog: MetricsLog;
  readonly trackers: Trackers;
  readonly metrics: JobMetrics;
  readonly progress: ProgressBoard;
  readonly log: Logger;
  /** Ends the job. */
  readonly signal: AbortSignal;
}

/** A job between two rollbacks: one gang of trainers, and the signal that ends with it. */
export interface Attempt {
  readonly job: Job;
  readonly gang: TrainerGang;
  readonly signal: AbortSignal;
}

/** Longest wait for members that are missing. */
export function rendezvousMs({ deadlines }: JobConfig): number {
  return deadlines.rendezvousSeconds * 1000;
}

export function samplingOf(job: Job): Sampling {
  const { maxResponseTokens, temperature, topP, topK } = job.config.rollout;
  return { maxTokens: maxResponseTokens, temperature, topP, topK, stopTokenIds: job.data.stopTokenIds };
}

/** Runs one phase: shown as progress, timed into `timings` (seconds, by name). */
export async function inPhase<T>(
  job: Job,
  { phase, name, timings }: { readonly phase: Phase; readonly name: string; readonly timings: Record<string, number> },
  run: () => Promise<T>,
): Promise<T> {
  job.progress.update({ phase, message: '', epoch: job.membership.epoch });
  const startMs = performance.now();
  const result = await traced(name, {}, run);
  timings[name] = (performance.now() - startMs) / 1000;
  return result;
}
