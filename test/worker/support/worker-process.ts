// Real worker processes for tests: a model folder, a job's file, the environment of a pod, and its end. Knows no test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { JobConfig } from '../../../worker/api/job-config.ts';
import type { Role } from '../../../worker/config.ts';
import type { ModelConfig } from '../../../worker/models/config.ts';
import { saveModelFolder } from '../../../worker/models/folder.ts';
import { type HeadKind, layoutParameters } from '../../../worker/models/layout.ts';
import { type Client, connect, type ServiceName } from '../../../worker/service/protos.ts';
import { randomParameters } from '../training/support/tiny-model.ts';
import { testJob } from './job-config.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
export const PORTS = { grpc: 7000, communicator: 7001, transport: 7002, openai: 8000, metrics: 9090 };
/** From ours, which may know where compiled modules are kept. */
const { PATH, NODE_COMPILE_CACHE } = process.env;
const START_MS = 60_000;
const END_MS = 30_000;

/** A folder for one test file's processes, removed with `remove`. */
export function makeTestFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'ppo-worker-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Saves a model of random parameters; returns its folder. */
export function makeModel(path: string, head: HeadKind, config: ModelConfig, seed = 1): string {
  const layout = layoutParameters(config, head);
  const parameters = randomParameters(layout, seed);
  saveModelFolder(path, { config, head, layout, parameters, tokenizerFrom: null });
  return path;
}

export interface WorkerOptions {
  /** Where its job file and shared memory go. */
  readonly folder: string;
  readonly role: Role;
  readonly index?: number;
  readonly job?: JobConfig;
  /** Default: an address that no other process of this test has. */
  readonly address?: string;
  /** Default: a folder of its own. A worker and its sidecar share one. */
  readonly sharedDir?: string;
  readonly threads?: number;
  /** Default: nobody is there. */
  readonly coordinatorAddress?: string;
}

/** Or is one. */
function hasSidecar(role: Role): boolean {
  return role !== 'reference' && role !== 'reward';
}

let numAddresses = 0;

/** A loopback address of its own for each process of each test process. */
export function nextAddress(): string {
  numAddresses++;
  return `127.${100 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 250}.${numAddresses}`;
}

export interface RunningWorker {
  readonly address: string;
  readonly process: ChildProcess;
  /** The exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>;
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
  const { folder, role, index = 0, job = testJob() } = options;
  const address = options.address ?? nextAddress();
  const sharedDir = options.sharedDir ?? join(folder, `${role}-${index}-shared`);
  if (hasSidecar(role)) mkdirSync(sharedDir, { recursive: true });
  const jobPath = join(folder, `${role}-${index}.json`);
  writeFileSync(jobPath, JSON.stringify(job));
  // A sidecar shares its worker's address.
  const metricsPort = role === 'communicator' ? PORTS.metrics + 1 : PORTS.metrics;
  const sidecar = {
    PPO_COMMUNICATOR_PORT: String(PORTS.communicator),
    PPO_TRANSPORT_PORT: String(PORTS.transport),
    PPO_SHARED_DIR: sharedDir,
  };
  const environment = {
    ...{ PATH, NODE_COMPILE_CACHE },
    PPO_ROLE: role,
    PPO_INDEX: String(index),
    PPO_POD_NAME: `test-${role}-${index}`,
    PPO_POD_IP: address,
    PPO_GRPC_PORT: String(PORTS.grpc),
    PPO_METRICS_PORT: String(metricsPort),
    ...(hasSidecar(role) ? sidecar : {}),
    ...(role === 'generation' ? { PPO_OPENAI_PORT: String(PORTS.openai) } : {}),
    PPO_COORDINATOR_ADDRESS: options.coordinatorAddress ?? `${address}:1`,
    PPO_JOB_CONFIG: jobPath,
    PPO_THREADS: String(options.threads ?? 1),
  };
  const child = spawn(process.execPath, [join(REPOSITORY, 'worker/main.ts')], { env: environment });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => chunks.push(text));
  const clients = new Map<string, { close(): void }>();
  return {
    address,
    process: child,
    ended,
    output: () => chunks.join(''),
    metricsUrl: `http://${address}:${metricsPort}`,
    sharedDir,
    client: <Name extends ServiceName>(service: Name) => {
      const known = clients.get(service) ?? connect(service, `${address}:${PORTS.grpc}`);
      clients.set(service, known);
      // The map's key is the service that the client was made for.
      return known as Client<Name>;
    },
    stop: async () => {
      for (const client of clients.values()) client.close();
      return stop(child, ended);
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

async function stop(child: ChildProcess, ended: Promise<number | null>): Promise<number | null> {
  // A second one would end it without its handler.
  if (!child.killed) child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  const code = await ended;
  clearTimeout(timer);
  return code;
}
