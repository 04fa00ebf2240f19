// Real worker processes for tests: a model folder, a job's file, the environment of a pod, and its end. Knows no test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type JobConfig, jobConfigSchema } from '../../../../worker/api/job-config.ts';
import type { Role } from '../../../../worker/config.ts';
import type { ModelConfig } from '../../../../worker/models/config.ts';
import { saveModelFolder } from '../../../../worker/models/folder.ts';
import { type HeadKind, layoutParameters } from '../../../../worker/models/layout.ts';
import { type Client, connect, type ServiceName } from '../../../../worker/service/protos.ts';
import { randomParameters } from './tiny-model.ts';

const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));
const GRPC_PORT = 7000;
const METRICS_PORT = 9090;
const START_MS = 30_000;
const END_MS = 10_000;

/** A folder for one test file's processes, in memory, removed with `remove`. */
export function makeTestFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'ppo-training-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Saves a model of random parameters; returns its folder. */
export function makeModel(path: string, head: HeadKind, config: ModelConfig, seed = 1): string {
  const layout = layoutParameters(config, head);
  const parameters = randomParameters(layout, seed);
  saveModelFolder(path, { config, head, layout, parameters, tokenizerFrom: null });
  return path;
}

type Algorithm = Partial<Omit<JobConfig['algorithm'], 'kl'>> & { readonly kl?: Partial<JobConfig['algorithm']['kl']> };

export interface JobOverrides {
  readonly models?: Partial<JobConfig['models']>;
  readonly criticHead?: JobConfig['criticHead'];
  readonly reward?: Partial<JobConfig['reward']>;
  readonly algorithm?: Algorithm;
  readonly training?: Partial<JobConfig['training']>;
  readonly replicas?: number;
}

/** A whole job, of which trainers and scorers read a part. */
export function testJob(overrides: JobOverrides = {}): JobConfig {
  const optimizer = {
    learningRate: 1e-3,
    schedule: 'constant' as const,
    warmupIterations: 0,
    minLearningRateRatio: 0,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0,
    maxGradNorm: 1,
  };
  const kl = { coef: 0.05, estimator: 'k1' as const, placement: 'reward' as const, target: null, horizon: 10_000 };
  const replicas = overrides.replicas ?? 1;
  return jobConfigSchema.parse({
    job: { name: 'test', namespace: 'default', uid: 'uid' },
    seed: 0,
    models: { actor: '/none', critic: '/none', reference: '/none', reward: '/none', ...overrides.models },
    criticHead: overrides.criticHead ?? 'Saved',
    reward: { clipRange: [-10, 10], function: null, ...overrides.reward },
    dataset: { trainPath: '/none', evaluationPath: null, promptField: 'p', answerField: 'a', evaluationLimit: null },
    algorithm: {
      numIterations: 10,
      gamma: 1,
      gaeLambda: 0.95,
      whitenAdvantages: true,
      numPpoEpochs: 1,
      clipRangeLow: 0.2,
      clipRangeHigh: 0.2,
      dualClip: null,
      valueClipRange: 0.2,
      entropyCoef: 0,
      criticWarmupIterations: 0,
      ...overrides.algorithm,
      kl: { ...kl, ...overrides.algorithm?.kl },
    },
    rollout: {
      batchSize: 8,
      samplesPerPrompt: 1,
      maxPromptTokens: 8,
      maxResponseTokens: 8,
      temperature: 1,
      topP: 1,
      topK: 0,
      maxConcurrentSequences: 8,
    },
    training: { minibatchSize: 8, microbatchSize: 8, actor: optimizer, critic: optimizer, ...overrides.training },
    evaluation: { everyIterations: 5, passScore: 0.5 },
    checkpoint: { directory: '/none', everyIterations: 0, keep: 1 },
    output: { directory: '/none' },
    roles: {
      actor: { replicas },
      critic: { replicas },
      generation: { replicas: 1 },
      reference: { replicas: 1 },
      reward: { replicas: 1 },
    },
    tracking: { tensorboard: null, wandb: null },
    deadlines: { rendezvousSeconds: 30, heartbeatSeconds: 5, callSeconds: 20 },
  });
}

export interface WorkerOptions {
  /** Where its job file and shared memory go. */
  readonly folder: string;
  readonly role: Role;
  readonly index?: number;
  readonly job: JobConfig;
  /** Default: an address that no other process of this test has. */
  readonly address?: string;
  /** Default: a folder of its own. A worker and its sidecar share one. */
  readonly sharedDir?: string;
  readonly threads?: number;
}

const SIDECAR_PORTS = { PPO_COMMUNICATOR_PORT: '7001', PPO_TRANSPORT_PORT: '7002' };

/** Or is one. */
function hasSidecar(role: Role): boolean {
  return role !== 'reference' && role !== 'reward';
}

let numAddresses = 0;

/** A loopback address of its own for each process of each test process. */
export function nextAddress(): string {
  numAddresses++;
  return `127.${100 + (process.pid % 100)}.${(process.pid >> 7) % 250}.${numAddresses}`;
}

export interface RunningWorker {
  readonly address: string;
  readonly process: ChildProcess;
  /** Everything it has written. */
  readonly output: () => string;
  readonly metricsUrl: string;
  readonly sharedDir: string;
  /** A connection per service, closed with the process. */
  client<Name extends ServiceName>(service: Name): Client<Name>;
  /** SIGTERM, unless the process was sent one; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Starts worker/main.ts in a role without waiting for it to serve. */
export function spawnWorker(options: WorkerOptions): RunningWorker {
  const { folder, role, index = 0, job } = options;
  const address = options.address ?? nextAddress();
  const sharedDir = options.sharedDir ?? join(folder, `${role}-${index}-shared`);
  if (hasSidecar(role)) mkdirSync(sharedDir, { recursive: true });
  const jobPath = join(folder, `${role}-${index}.json`);
  writeFileSync(jobPath, JSON.stringify(job));
  // A sidecar shares its worker's address.
  const metricsPort = role === 'communicator' ? METRICS_PORT + 1 : METRICS_PORT;
  const environment = {
    PATH: process.env.PATH,
    PPO_ROLE: role,
    PPO_INDEX: String(index),
    PPO_POD_NAME: `test-${role}-${index}`,
    PPO_POD_IP: address,
    PPO_GRPC_PORT: String(GRPC_PORT),
    PPO_METRICS_PORT: String(metricsPort),
    ...(hasSidecar(role) ? { ...SIDECAR_PORTS, PPO_SHARED_DIR: sharedDir } : {}),
    PPO_COORDINATOR_ADDRESS: `${address}:1`,
    PPO_JOB_CONFIG: jobPath,
    PPO_THREADS: String(options.threads ?? 1),
  };
  const child = spawn(process.execPath, [join(REPOSITORY, 'worker/main.ts')], { env: environment });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => chunks.push(text));
  const clients = new Map<string, { close(): void }>();
  return {
    address,
    process: child,
    output: () => chunks.join(''),
    metricsUrl: `http://${address}:${metricsPort}`,
    sharedDir,
    client: <Name extends ServiceName>(service: Name) => {
      const known = clients.get(service) ?? connect(service, `${address}:${GRPC_PORT}`);
      clients.set(service, known);
      // The map's key is the service that the client was made for.
      return known as Client<Name>;
    },
    stop: async () => {
      for (const client of clients.values()) client.close();
      return stop(child);
    },
  };
}

/** Starts a worker and waits until it is ready. Throws with its last words when it ends before. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const worker = spawnWorker(options);
  const giveUpAtMs = performance.now() + START_MS;
  while (!(await isReady(worker))) {
    const hasEnded = worker.process.exitCode !== null || worker.process.signalCode !== null;
    if (hasEnded || performance.now() > giveUpAtMs) {
      await worker.stop();
      throw new Error(`${options.role} did not start:\n${worker.output()}`);
    }
    await delay(20);
  }
  return worker;
}

async function isReady(worker: RunningWorker): Promise<boolean> {
  try {
    return (await fetch(`${worker.metricsUrl}/readyz`)).ok;
  } catch {
    return false; // not listening yet
  }
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    // A second one would end it without its handler.
    if (!child.killed) child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
    await ended;
    clearTimeout(timer);
  }
  return child.exitCode;
}
