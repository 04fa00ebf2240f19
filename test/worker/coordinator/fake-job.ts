/**
 * A whole job in one process for tests: a temporary model folder and data set, a coordinator on a free port, and fake
 * workers around it. Cleans up after itself.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobConfig } from '../../../worker/api/job-config.ts';
import { coordinate } from '../../../worker/coordinator/main.ts';
import { merge, type Overrides, testJob } from '../support/job-config.ts';
import { testSettings } from '../support/settings.ts';
import { Fabric, FakeWorker, type FakeWorkerOptions, silent } from './fake-workers.ts';

const CHARACTERS = ['<pad>', '<bos>', '<eos>', ...'0123456789+='];

/** A character tokenizer and a configuration: all that the coordinator reads of a model. */
function writeModelFolder(folder: string): void {
  const special = (id: number) => ({
    id,
    content: CHARACTERS[id],
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const single = [{ SpecialToken: { id: '<bos>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }];
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [special(0), special(1), special(2)],
    normalizer: null,
    pre_tokenizer: { type: 'Split', pattern: { Regex: '.' }, behavior: 'Isolated', invert: false },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: single,
      special_tokens: { '<bos>': { id: '<bos>', ids: [1], tokens: ['<bos>'] } },
    },
    decoder: { type: 'Fuse' },
    model: { type: 'WordLevel', vocab: Object.fromEntries(CHARACTERS.map((c, i) => [c, i])), unk_token: '<pad>' },
  };
  const config = {
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    vocab_size: CHARACTERS.length,
    hidden_size: 8,
    intermediate_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    rms_norm_eps: 1e-5,
    max_position_embeddings: 32,
    tie_word_embeddings: false,
    bos_token_id: 1,
    eos_token_id: 2,
  };
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
}

function writeData(path: string, numLines: number): void {
  const line = (i: number) => JSON.stringify({ prompt: `${i % 7}+${i}=`, answer: String((i % 7) + i) });
  writeFileSync(path, Array.from({ length: numLines }, (_, i) => line(i)).join('\n'));
}

export function jobConfig(folder: string, overrides: Overrides<JobConfig> = {}): JobConfig {
  const optimizer = { learningRate: 0.1, schedule: 'linear', minLearningRateRatio: 0.1 } as const;
  const base = testJob({
    seed: 5,
    models: { actor: folder, critic: folder, reference: folder, reward: folder },
    reward: { clipRange: [-1, 1] },
    dataset: {
      trainPath: join(folder, 'train.jsonl'),
      evaluationPath: join(folder, 'evaluation.jsonl'),
      evaluationLimit: 5,
    },
    algorithm: { numIterations: 4, numPpoEpochs: 2, kl: { target: 1, horizon: 100 } },
    rollout: { batchSize: 6, samplesPerPrompt: 2, maxResponseTokens: 5, maxConcurrentSequences: 64 },
    training: { minibatchSize: 6, microbatchSize: 2, actor: optimizer, critic: optimizer },
    evaluation: { everyIterations: 2 },
    checkpoint: { directory: join(folder, 'checkpoints'), everyIterations: 2, keep: 2 },
    output: { directory: join(folder, 'output') },
    roles: { generation: { replicas: 2 } },
    deadlines: { rendezvousSeconds: 10, callSeconds: 10 },
  });
  return merge(base, overrides);
}

export interface FakeJobOptions {
  readonly overrides?: Overrides<JobConfig>;
  readonly numTrainLines?: number;
}

/** One coordinator's run: what it ended with, and how to end it early. */
export interface CoordinatorRun {
  readonly address: string;
  readonly ended: Promise<void>;
  terminate(): void;
}

export class FakeJob implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'ppo-coordinator-'));
  readonly config: JobConfig;
  readonly fabric = new Fabric();
  readonly workers = new Map<string, FakeWorker>();
  readonly #runs: CoordinatorRun[] = [];

  constructor(options: FakeJobOptions = {}) {
    writeModelFolder(this.folder);
    writeData(join(this.folder, 'train.jsonl'), options.numTrainLines ?? 20);
    writeData(join(this.folder, 'evaluation.jsonl'), 9);
    this.config = jobConfig(this.folder, options.overrides);
  }

  /** Starts a coordinator on `port` (0: any); resolves once it listens. */
  async startCoordinator(port = 0): Promise<CoordinatorRun> {
    const terminated = Promise.withResolvers<string>();
    const listening = Promise.withResolvers<number>();
    const settings = testSettings({ role: 'coordinator', grpcPort: port });
    const ended = coordinate({
      settings,
      config: this.config,
      terminated: terminated.promise,
      log: silent,
      onListening: listening.resolve,
      minFarewellMs: 0,
    });
    ended.catch((error: unknown) => listening.reject(error));
    const address = `127.0.0.1:${await listening.promise}`;
    const run = { address, ended, terminate: () => terminated.resolve('the test') };
    this.#runs.push(run);
    return run;
  }

  async startWorker(
    coordinatorAddress: string,
    worker: Pick<FakeWorkerOptions, 'role' | 'index' | 'before' | 'seenEpoch'>,
  ): Promise<FakeWorker> {
    const started = await FakeWorker.start({ ...worker, coordinatorAddress, fabric: this.fabric });
    this.workers.set(`${worker.role}-${worker.index}`, started);
    return started;
  }

  /** Every worker of the job; `before` by name, such as generation-0. */
  async startWorkers(
    coordinatorAddress: string,
    before: Readonly<Record<string, FakeWorkerOptions['before']>> = {},
  ): Promise<void> {
    for (const [role, { replicas }] of Object.entries(this.config.roles)) {
      for (let index = 0; index < replicas; index++) {
        const hook = before[`${role}-${index}`];
        const options = {
          role: role as FakeWorkerOptions['role'],
          index,
          ...(hook === undefined ? {} : { before: hook }),
        };
        await this.startWorker(coordinatorAddress, options);
      }
    }
  }

  /** metrics.jsonl without what a clock measured. */
  metrics(): Record<string, number>[] {
    const text = readFileSync(join(this.config.output.directory, 'metrics.jsonl'), 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => {
        const entries = Object.entries(JSON.parse(line) as Record<string, number>);
        return Object.fromEntries(
          entries.filter(([name]) => !name.startsWith('timing/') && !name.includes('PerSecond')),
        );
      });
  }

  exportedWeight(): number {
    return JSON.parse(readFileSync(join(this.config.output.directory, 'actor', 'weight.json'), 'utf8')) as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const run of this.#runs) run.terminate();
    await Promise.allSettled(this.#runs.map(({ ended }) => ended));
    await Promise.all([...this.workers.values()].map((worker) => worker.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs an undisturbed job to its end: what disturbed ones are compared with. */
export async function runUndisturbed(
  options: FakeJobOptions = {},
): Promise<{ metrics: Record<string, number>[]; weight: number }> {
  await using job = new FakeJob(options);
  const run = await job.startCoordinator();
  await job.startWorkers(run.address);
  await run.ended;
  return { metrics: job.metrics(), weight: job.exportedWeight() };
}
