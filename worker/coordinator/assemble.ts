/**
 * Puts the parts of a job together from its settings. Decides nothing and starts nothing.
 */
import { join } from 'node:path';
import type { Registry } from 'prom-client';
import type { JobConfig } from '../api/job-config.ts';
import type { Logger } from '../service/log.ts';
import type { MemberCalls } from './calls.ts';
import { CheckpointFolders } from './checkpoint-folders.ts';
import { Checkpointing } from './checkpointing.ts';
import type { FigureHistory } from './figure-history.ts';
import { type Job, rendezvousMs } from './job.ts';
import type { JobData } from './job-data.ts';
import { JobMetrics } from './job-metrics.ts';
import { identify, initialState } from './job-state.ts';
import { Membership, memberName, type WorkerRole } from './membership.ts';
import { MetricsLog } from './metrics-log.ts';
import { ProcessGroups } from './process-groups.ts';
import type { ProgressBoard } from './progress.ts';
import { PromptSampler } from './prompt-sampler.ts';
import { createTrackers } from './tracking/create.ts';
import { WeightSync } from './weight-sync.ts';

/** The places of a job's workers, nobody in them yet; every change is logged. */
export function createMembership(config: JobConfig, nowMs: () => number, log: Logger): Membership {
  const { actor, critic, generation, reference, reward } = config.roles;
  const expected: Record<WorkerRole, number> = {
    actor: actor.replicas,
    critic: critic.replicas,
    generation: generation.replicas,
    reference: reference.replicas,
    reward: reward.replicas,
  };
  const membership = new Membership({ expected, silentMs: config.deadlines.heartbeatSeconds * 1000, nowMs });
  membership.onChange((change) => {
    if (change === null) return;
    const { pod, incarnation } = change.member;
    const member = memberName(change.member);
    log.info({ member, memberPod: pod, incarnation, epoch: membership.epoch }, change.kind);
  });
  return membership;
}

export interface JobParts {
  readonly config: JobConfig;
  readonly data: JobData;
  readonly calls: MemberCalls;
  readonly registry: Registry;
  readonly progress: ProgressBoard;
  readonly figures: FigureHistory;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export function assembleJob({ config, data, calls, registry, progress, figures, log, signal }: JobParts): Job {
  const { membership } = calls;
  const groups = new ProcessGroups(calls, rendezvousMs(config));
  const { directory, keep, everyIterations } = config.checkpoint;
  const metrics = new JobMetrics(registry, { config, membership, progress });
  return {
    config,
    data,
    sampler: new PromptSampler(config.seed, data.train.length),
    membership,
    calls,
    groups,
    weights: new WeightSync({
      calls,
      groups,
      waitMs: rendezvousMs(config),
      onFailure: (error) => {
        metrics.weightSyncFailures.inc();
        log.warn({ err: error }, 'a weight sync failed; trying again');
      },
    }),
    checkpointing: new Checkpointing({
      calls,
      folders: new CheckpointFolders(directory, keep),
      isOn: everyIterations > 0,
      identity: identify(config, data.checksums),
      initial: initialState(config),
      log,
    }),
    metricsLog: new MetricsLog(join(config.output.directory, 'metrics.jsonl'), figures),
    trackers: createTrackers(config, { registry, log }),
    metrics,
    progress,
    log,
    signal,
  };
}
