/**
 * The coordinator process: settings and data in, servers up, the job run to its end, the last word heard, everything
 * closed. A table of contents: no rules of the job are here.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { JobConfig } from '../api/job-config.ts';
import { readJobConfig, type WorkerSettings } from '../config.ts';
import { formatAddress } from '../service/host-port.ts';
import { decideIteration } from '../service/iteration.ts';
import { Closers, HopelessError, untilTerminated } from '../service/lifecycle.ts';
import { createLogger, type Logger } from '../service/log.ts';
import { createMetrics, startMetricsServer } from '../service/metrics.ts';
import { definitions } from '../service/protos.ts';
import { startGrpcServer } from '../service/server.ts';
import { assembleJob, createMembership } from './assemble.ts';
import { MemberCalls } from './calls.ts';
import { coordinatorHandlers } from './coordinator-service.ts';
import { FigureHistory } from './figure-history.ts';
import { loadJobData } from './job-data.ts';
import { runJob } from './loop.ts';
import type { Membership } from './membership.ts';
import { ProgressBoard } from './progress.ts';
import { followWantedReplicas } from './wanted-replicas.ts';

/** Between two looks at the settings: a kubelet replaces them within a minute or two. */
const SETTINGS_MS = 2000;
const SWEEPS_PER_SILENCE = 8;
const CLOSE_GRACE_MS = 2000;
const MIN_FAREWELL_MS = 1000;
const MAX_FAREWELL_MS = 5000;
const FAREWELL_STEP_MS = 50;

/** Runs the job to its end. Throws HopelessError for settings or data that can't succeed, else what ended the job. */
export async function runCoordinator(settings: WorkerSettings): Promise<void> {
  const config = readConfig(settings);
  decideIteration(null);
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
  const minFarewellMs = options.minFarewellMs ?? MIN_FAREWELL_MS;
  const ended = new AbortController();
  options.terminated.then((reason) => ended.abort(new Error(`ended by ${reason}`)));
  try {
    const data = loadJobData(config);
    const membership = createMembership(config, nowMs, log);
    const calls = new MemberCalls({ membership, callMs: config.deadlines.callSeconds * 1000 });
    closers.add('the calls', async () => calls.close());
    const sweepMs = (config.deadlines.heartbeatSeconds * 1000) / SWEEPS_PER_SILENCE;
    const sweeper = setInterval(() => membership.sweep(), sweepMs);
    closers.add('the sweeper', async () => clearInterval(sweeper));

    closers.add('the wanted replicas', followReplicas(settings, membership));

    const host = settings.podIp;
    const figures = new FigureHistory();
    const handlers = coordinatorHandlers({ membership, progress, figures });
    const services = [[definitions.Coordinator, handlers] as const];
    const server = await startGrpcServer({ host, port: settings.grpcPort, services });
    closers.add('the gRPC server', () => server.close(CLOSE_GRACE_MS));
    const registry = createMetrics();
    const http = await startMetricsServer({ host, port: settings.metricsPort, registry, isReady: () => true });
    closers.add('the metrics server', () => http.close());
    log.info({ address: formatAddress({ host, port: server.port }) }, 'serving');
    options.onListening?.(server.port);

    const { signal } = ended;
    const state = await runJob(assembleJob({ config, data, calls, registry, progress, figures, log, signal }));
    log.info({ iterations: state.iteration, accuracy: state.accuracy }, 'finished');
    progress.update({ phase: 'Finished', message: '', remainingSeconds: 0 });
    await untilHeard(progress, minFarewellMs);
  } catch (error) {
    if (!ended.signal.aborted) {
      progress.update({ phase: 'Failed', message: error instanceof Error ? error.message : String(error) });
      await untilHeard(progress, minFarewellMs);
    }
    throw error;
  } finally {
    progress.close();
    await closers.closeAll(CLOSE_GRACE_MS * 2);
  }
}

function followReplicas({ jobConfigPath }: WorkerSettings, membership: Membership): () => Promise<void> {
  if (jobConfigPath === null) return async () => {};
  const read = (): JobConfig => readJobConfig(jobConfigPath);
  const stop = followWantedReplicas({ membership, read, everyMs: SETTINGS_MS });
  return async () => stop();
}

/** Keeps the last state up until everyone who watches has it, at least `minMs`. */
async function untilHeard(progress: ProgressBoard, minMs: number): Promise<void> {
  const startMs = performance.now();
  const elapsedMs = () => performance.now() - startMs;
  const isHeard = () => elapsedMs() >= minMs && progress.numWatchers === 0;
  while (!isHeard() && elapsedMs() < MAX_FAREWELL_MS) await delay(FAREWELL_STEP_MS);
}
