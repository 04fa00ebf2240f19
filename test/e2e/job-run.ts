/**
 * A real job started as a user would, small enough to end in seconds, with what tests need to disturb and to judge it:
 * its processes by pod and container, its iterations as they come, and what it leaves behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
export const NUM_ITERATIONS = 6;

/** The example, cut down: a sixth of the prompts, a checkpoint every other iteration. */
export const SMALL = {
  'spec.algorithm.numIterations': NUM_ITERATIONS,
  'spec.rollout.batchSize': 96,
  'spec.rollout.maxConcurrentSequences': 32,
  'spec.training.minibatchSize': 48,
  'spec.training.microbatchSize': 48,
  'spec.dataset.evaluation.limit': 100,
  'spec.evaluation.everyIterations': 3,
  'spec.checkpoint.everyIterations': 2,
};

export interface WorkerProcess {
  readonly pid: number;
  readonly pod: string;
  /** worker or communicator */
  readonly container: string;
  readonly environment: ReadonlyMap<string, string>;
}

export type IterationMetrics = Readonly<Record<string, number>>;

/** One line of metrics.jsonl an iteration, without what the clock says. */
export function readMetrics(output: string): IterationMetrics[] {
  const path = join(output, 'metrics.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const entries = Object.entries(JSON.parse(line) as Record<string, number>);
    return Object.fromEntries(entries.filter(([name]) => !/^timing\/|PerSecond$/.test(name)));
  });
}

/** The environment that a process was started with; null once it is gone. */
function environmentOf(pid: number): Map<string, string> | null {
  try {
    const pairs = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  } catch {
    return null;
  }
}

const runs: JobRun[] = [];

/** Ends what still runs, so that no run outlives a test that has failed. */
export async function endRuns(): Promise<void> {
  for (const run of runs) run.kill('SIGKILL');
  await Promise.all(runs.map(({ exit }) => exit));
}

export class JobRun {
  readonly output: string;
  readonly exit: Promise<number | null>;
  readonly #child: ChildProcess;
  #text = '';

  constructor(output: string, ...options: string[]) {
    this.output = output;
    const sets = Object.entries(SMALL).flatMap(([path, value]) => ['--set', `${path}=${value}`]);
    const args = ['operator/local/main.ts', '--plain', '--output', output, ...sets, ...options];
    this.#child = spawn(process.execPath, args, { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#text += chunk;
      });
    }
    this.exit = new Promise((resolve) => this.#child.once('close', resolve));
    runs.push(this);
  }

  /** Everything that it has printed. */
  text(): string {
    return this.#text;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The worker processes alive now, also those that have outlived the run: each was told of the run's folders. */
  processes(): WorkerProcess[] {
    const folder = `/ppo-operator-${this.#child.pid}/`;
    const pids = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
    return pids.flatMap((pid) => {
      const environment = environmentOf(pid);
      const pod = environment?.get('PPO_POD_NAME');
      if (environment == null || pod === undefined) return [];
      if (![...environment.values()].some((value) => value.includes(folder))) return [];
      const container = environment.get('PPO_ROLE') === 'communicator' ? 'communicator' : 'worker';
      return [{ pid, pod, container, environment }];
    });
  }

  /** Kills one process with SIGKILL. */
  killWorker(pod: string, container = 'worker'): void {
    const found = this.processes().find((candidate) => candidate.pod === pod && candidate.container === container);
    if (found === undefined) throw new Error(`${pod} has no process for ${container}:\n${this.#text}`);
    process.kill(found.pid, 'SIGKILL');
  }

  /** Resolves once `count` iterations are done; rejects when the run ends before. */
  async untilIteration(count: number): Promise<void> {
    let hasEnded = false;
    this.exit.then(() => {
      hasEnded = true;
    });
    while (readMetrics(this.output).length < count) {
      if (hasEnded) throw new Error(`the run ended before iteration ${count}:\n${this.#text}`);
      await delay(20);
    }
  }

  /** What the run's processes hold in shared memory. */
  sharedFolders(): string[] {
    return readdirSync('/dev/shm').filter((name) => name.includes(`-${this.#child.pid}`));
  }
}
