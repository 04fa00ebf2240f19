/**
 * Real processes for the tests of the generation server: the server, its communicator sidecar, the sidecar of a pretended
 * actor, and a coordinator in this process that says yes to everyone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { JobConfig } from '../../../worker/api/job-config.ts';
import { definitions } from '../../../worker/service/protos.ts';
import { streamHandler, unaryHandler } from '../../../worker/service/rpc.ts';
import { startGrpcServer } from '../../../worker/service/server.ts';

const MAIN = fileURLToPath(new URL('../../../worker/main.ts', import.meta.url));
export const ACTOR_FOLDER = fileURLToPath(new URL('../../../examples/arithmetic/models/actor', import.meta.url));
export const PORTS = {
  grpc: 7000,
  communicator: 7001,
  transport: 7002,
  openai: 8000,
  metrics: 9090,
  sidecarMetrics: 9091,
};
const START_TIMEOUT_MS = 60_000;

/** A loopback address of this test process's own. */
export function addressOf(index: number): string {
  return `127.${131 + index}.${Math.floor(process.pid / 250) % 250}.${(process.pid % 250) + 1}`;
}

export class TestProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  output = '';

  constructor(environment: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.exited = once(this.child, 'exit').then(([code]) => code as number | null);
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (text) => {
        this.output += String(text);
      });
    }
  }

  async ready(url: string): Promise<void> {
    for (const giveUpAtMs = performance.now() + START_TIMEOUT_MS; ; await delay(20)) {
      if (this.child.exitCode !== null) throw new Error(`ended with ${this.child.exitCode}:\n${this.output}`);
      try {
        if ((await fetch(url)).ok) return;
      } catch (error) {
        if (performance.now() > giveUpAtMs) throw new Error(`not ready:\n${this.output}`, { cause: error });
      }
    }
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

/** As operator/plan compiles it for the arithmetic example, where the generation server reads it. */
export function jobConfig(overrides: Partial<JobConfig['rollout']> = {}, actorFolder = ACTOR_FOLDER): JobConfig {
  const optimizer = {
    learningRate: 3e-4,
    schedule: 'constant',
    warmupIterations: 0,
    minLearningRateRatio: 0,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0,
    maxGradNorm: 1,
  } as const;
  return {
    job: { name: 'test', namespace: 'default', uid: '1' },
    seed: 0,
    models: { actor: actorFolder, critic: '-', reference: '-', reward: '-' },
    criticHead: 'Saved',
    reward: { clipRange: [-3, 3], function: null },
    dataset: {
      trainPath: '-',
      evaluationPath: null,
      promptField: 'prompt',
      answerField: 'answer',
      evaluationLimit: null,
    },
    algorithm: {
      numIterations: 1,
      gamma: 1,
      gaeLambda: 0.95,
      whitenAdvantages: true,
      numPpoEpochs: 1,
      clipRangeLow: 0.2,
      clipRangeHigh: 0.2,
      dualClip: null,
      valueClipRange: 0.2,
      entropyCoef: 0,
      kl: { coef: 0.05, estimator: 'k1', placement: 'reward', target: null, horizon: 1 },
      criticWarmupIterations: 0,
    },
    rollout: {
      batchSize: 512,
      samplesPerPrompt: 1,
      maxPromptTokens: 8,
      maxResponseTokens: 5,
      temperature: 1,
      topP: 1,
      topK: 0,
      maxConcurrentSequences: 64,
      ...overrides,
    },
    training: { minibatchSize: 128, microbatchSize: 128, actor: optimizer, critic: optimizer },
    evaluation: { everyIterations: 5, passScore: 0.5 },
    checkpoint: { directory: '-', everyIterations: 0, keep: 1 },
    output: { directory: '-' },
    roles: {
      actor: { replicas: 1 },
      critic: { replicas: 1 },
      generation: { replicas: 1 },
      reference: { replicas: 1 },
      reward: { replicas: 1 },
    },
    tracking: { tensorboard: null, wandb: null },
    deadlines: { rendezvousSeconds: 30, heartbeatSeconds: 5, callSeconds: 10 },
  };
}

/** One pod's worth of processes and folders, and what ends them. */
export class TestJob {
  readonly root = mkdtempSync(join(tmpdir(), 'ppo-generation-'));
  /** Roles and incarnations that have registered. */
  readonly registered: string[] = [];
  readonly #processes: TestProcess[] = [];
  #coordinator: { port: number; close(graceMs: number): Promise<void> } | null = null;

  async startCoordinator(): Promise<void> {
    const coordinator = {
      Register: unaryHandler(async ({ member }: { member: { role: string; incarnation: string } }) => {
        this.registered.push(`${member.role} ${member.incarnation}`);
        return { epoch: 0, complete: true, members: [] };
      }),
      Heartbeat: unaryHandler(async () => ({ known: true, epoch: 0 })),
      WatchProgress: streamHandler(async function* () {}),
    };
    const host = addressOf(9);
    this.#coordinator = await startGrpcServer({ host, port: 0, services: [[definitions.Coordinator, coordinator]] });
  }

  /** A sidecar on its own address; its shared folder is created here. */
  async startSidecar(index: number): Promise<{ readonly process: TestProcess; readonly sharedDir: string }> {
    const sharedDir = join(this.root, `shared-${index}`);
    mkdirSync(sharedDir, { recursive: true });
    const started = this.#start(index, 'communicator', PORTS.sidecarMetrics, {
      PPO_TRANSPORT_PORT: String(PORTS.transport),
      PPO_SHARED_DIR: sharedDir,
    });
    await started.ready(`http://${addressOf(index)}:${PORTS.sidecarMetrics}/readyz`);
    return { process: started, sharedDir };
  }

  /** A generation server, ready; `sharedDir` is what it shares with the sidecar of the same index. */
  async startGeneration(index: number, config: JobConfig, sharedDir: string): Promise<TestProcess> {
    const started = this.spawnGeneration(index, config, sharedDir);
    await started.ready(`http://${addressOf(index)}:${PORTS.metrics}/readyz`);
    return started;
  }

  spawnGeneration(index: number, config: JobConfig, sharedDir: string): TestProcess {
    const jobPath = join(this.root, `job-${index}.json`);
    writeFileSync(jobPath, JSON.stringify(config));
    mkdirSync(sharedDir, { recursive: true });
    return this.#start(index, 'generation', PORTS.metrics, {
      PPO_OPENAI_PORT: String(PORTS.openai),
      PPO_SHARED_DIR: sharedDir,
      PPO_COORDINATOR_ADDRESS: `${addressOf(9)}:${this.#coordinator?.port ?? 1}`,
      PPO_JOB_CONFIG: jobPath,
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((started) => started.kill()));
    await this.#coordinator?.close(100);
    rmSync(this.root, { recursive: true, force: true });
  }

  #start(index: number, role: string, metricsPort: number, more: Readonly<Record<string, string>>): TestProcess {
    const started = new TestProcess({
      PPO_ROLE: role,
      PPO_INDEX: '0',
      PPO_POD_NAME: `test-${role}-${index}`,
      PPO_POD_IP: addressOf(index),
      PPO_GRPC_PORT: String(PORTS.grpc),
      PPO_METRICS_PORT: String(metricsPort),
      PPO_COMMUNICATOR_PORT: String(PORTS.communicator),
      ...more,
    });
    this.#processes.push(started);
    return started;
  }
}
