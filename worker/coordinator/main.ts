/**
 * The coordinator process: settings and data in, servers up, the job run to its end, the last word heard, everything
 * closed. A table of contents: no rules of the job are here.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobConfig } from '../api/job-config.ts';
import { readJobConfig, type WorkerSettings } from '../config.ts';
import { Closers, HopelessError, untilTerminated } from '../service/lifecycle.ts';
import { createLogger, type Logger } from '../service/log.ts';
import { createMetrics, startMetricsServer } from '../service/metrics.ts';
import { definitions } from '../service/protos.ts';
import { startGrpcServer } from '../service/server.ts';
import { MemberCalls } from './calls.ts';
import { CheckpointFolders } from './checkpoint-folders.ts';
import { Checkpointing } from './checkpointing.ts';
import { coordinatorHandlers } from './coordinator-service.ts';
import type { Job } from './job.ts';
import { loadJobData } from './job-data.ts';
import { createJobMetrics } from './job-metrics.ts';
import { identify, initialState } from './job-state.ts';
import { runJob } from './loop.ts';
import { Membership } from './membership.ts';
import { MetricsLog } from './metrics-log.ts';
import { ProcessGroups } from './process-groups.ts';
import { ProgressBoard } from './progress.ts';
import { PromptSampler } from './prompt-sampler.ts';
import { WeightSync } from './weight-sync.ts';

const SWEEPS_PER_SILENCE = 8;
const CLOSE_GRACE_MS = 2000;
const MIN_FAREWELL_MS = 1000;
const MAX_FAREWELL_MS = 5000;
const FAREWELL_STEP_MS = 50;

/** Runs the job to its end. Throws HopelessError for settings or data that can't succeed, else what ended the job. */
export async function runCoordinator(settings: WorkerSettings): Promise<void> {
  const config = readConfig(settings);
  await coordinate({ settings, config, terminated: untilTerminated(), log: createLogger(settings) });
}

function readConfig({ jobConfigPath }: WorkerSettings): JobConfig {
  if (jobConfigPath === null) throw new HopelessError('PPO_JOB_CONFIG is not set; role coordinator needs it');
  try {
    return readJobConfig(jobConfigPath);
  } catch (error) {
    throw new HopelessError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

export interface CoordinateOptions {
  readonly settings: WorkerSettings;
  readonly config: JobConfig;
  /** Resolves with the reason when the process is asked to end. */
  readonly terminated: Promise<string>;
  readonly log: Logger;
  /** Told the port once the Coordinator service listens. */
  readonly onListening?: (port: number) => void;
  /** How long the last progress stays up at least, for watchers that are just reconnecting. */
  readonly minFarewellMs?: number;
}

/** The process without what belongs to a process alone. */
export async function coordinate(options: CoordinateOptions): Promise<void> {
  const { settings, config, log } = options;
  const closers = new Closers(log);
  const nowMs = () => performance.now();
  const progress = new ProgressBoard(config.algorithm.numIterations, nowMs);
  const ended = new AbortController();
  const minFarewellMs = options.minFarewellMs ?? MIN_FAREWELL_MS;
  options.terminated.then((reason) => ended.abort(new Error(`ended by ${reason}`)));
  try {
    const data = loadJobData(config);
    const silentMs = config.deadlines.heartbeatSeconds * 1000;
    const membership = new Membership({ expected: replicasOf(config), silentMs, nowMs });
    logChanges(membership, log);
    const registry = createMetrics(settings);
    const metrics = createJobMetrics(registry, membership);
    const calls = new MemberCalls({ membership, callMs: config.deadlines.callSeconds * 1000 });
    closers.add('the calls', async () => calls.close());
    const sweeper = setInterval(() => membership.sweep(), silentMs / SWEEPS_PER_SILENCE);
    closers.add('the sweeper', async () => clearInterval(sweeper));

    const host = settings.podIp;
    const server = await startGrpcServer({
      host,
      port: settings.grpcPort,
      services: [[definitions.Coordinator, coordinatorHandlers(membership, progress)]],
    });
    closers.add('the gRPC server', () => server.close(CLOSE_GRACE_MS));
    const http = await startMetricsServer({ host, port: settings.metricsPort, registry, isReady: () => true });
    closers.add('the metrics server', () => http.close());
    log.info({ address: `${host}:${server.port}` }, 'serving');
    options.onListening?.(server.port);

    const groups = new ProcessGroups(calls);
    const job: Job = {
      config,
      data,
      sampler: new PromptSampler(config.seed, data.train.length),
      membership,
      calls,
      groups,
      weights: createWeightSync({ calls, groups, config, log }),
      checkpointing: new Checkpointing({
        calls,
        folders: new CheckpointFolders(config.checkpoint.directory, config.checkpoint.keep),
        isOn: config.checkpoint.everyIterations > 0,
        identity: identify(config, data.checksums),
        initial: initialState(config),
        log,
      }),
      metricsLog: new MetricsLog(join(config.output.directory, 'metrics.jsonl')),
      metrics,
      progress,
      log,
      signal: ended.signal,
    };
    const state = await runJob(job);
    log.info({ iterations: state.iteration, accuracy: state.accuracy }, 'finished');
    progress.update({ phase: 'Finished', message: '', remainingSeconds: 0 });
    await untilHeard(progress, minFarewellMs);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    progress.update({ phase: 'Failed', message });
    if (!ended.signal.aborted) await untilHeard(progress, minFarewellMs);
    throw error;
  } finally {
    await closers.closeAll(CLOSE_GRACE_MS * 2);
  }
}

function replicasOf({ roles }: JobConfig): Record<keyof JobConfig['roles'], number> {
  return {
    actor: roles.actor.replicas,
    critic: roles.critic.replicas,
    generation: roles.generation.replicas,
    reference: roles.reference.replicas,
    reward: roles.reward.replicas,
  };
}

function createWeightSync(options: {
  readonly calls: MemberCalls;
  readonly groups: ProcessGroups;
  readonly config: JobConfig;
  readonly log: Logger;
}): WeightSync {
  const { calls, groups, config, log } = options;
  return new WeightSync({
    calls,
    groups,
    waitMs: config.deadlines.rendezvousSeconds * 1000,
    onFailure: (error) => log.warn({ err: error }, 'a weight sync failed; trying again'),
  });
}

function logChanges(membership: Membership, log: Logger): void {
  membership.onChange((change) => {
    if (change === null) return;
    const { role, index, pod, incarnation } = change.member;
    log.info({ member: `${role}-${index}`, memberPod: pod, incarnation, epoch: membership.epoch }, change.kind);
  });
}

/** Keeps the last state up until everyone who watches has it, at least `minMs`. */
async function untilHeard(progress: ProgressBoard, minMs: number): Promise<void> {
  const startMs = performance.now();
  const elapsedMs = () => performance.now() - startMs;
  const isHeard = () => elapsedMs() >= minMs && progress.numWatchers === 0;
  while (!isHeard() && elapsedMs() < MAX_FAREWELL_MS) await delay(FAREWELL_STEP_MS);
}
