/**
 * In-process workers that speak the real protocol (registration, epochs, groups, Generation, Scorer, Trainer) over real
 * gRPC and compute with fake-models.ts. They can be slowed down, killed and replaced. Weights travel through a fabric in
 * memory instead of a sidecar. Knows nothing of the coordinator's inside.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import * as grpc from '@grpc/grpc-js';
import { pino } from 'pino';
import type { GenerateReplyInput } from '../../../worker/api/generated/ppo/v1/GenerateReply.ts';
import type { GenerateRequest } from '../../../worker/api/generated/ppo/v1/GenerateRequest.ts';
import type { JoinGroupRequest } from '../../../worker/api/generated/ppo/v1/JoinGroupRequest.ts';
import type { ScoreReplyInput } from '../../../worker/api/generated/ppo/v1/ScoreReply.ts';
import type { ScoreRequest } from '../../../worker/api/generated/ppo/v1/ScoreRequest.ts';
import type { TrainingExperience } from '../../../worker/api/generated/ppo/v1/TrainingExperience.ts';
import type { TrainReplyInput } from '../../../worker/api/generated/ppo/v1/TrainReply.ts';
import type { TrainRequest } from '../../../worker/api/generated/ppo/v1/TrainRequest.ts';
import type { Role } from '../../../worker/config.ts';
import { EpochFence } from '../../../worker/service/epoch.ts';
import { definitions } from '../../../worker/service/protos.ts';
import { Registration } from '../../../worker/service/registration.ts';
import { RpcError, streamHandler, unaryHandler } from '../../../worker/service/rpc.ts';
import { type RunningServer, type ServiceEntry, startGrpcServer } from '../../../worker/service/server.ts';
import { testSettings } from '../support/settings.ts';
import { checksumOf, logprobAt, respond, scoreOf, step, valueAt } from './fake-models.ts';

export const silent = pino({ level: 'silent' });
const GROUP_TIMEOUT_MS = 5000;

/** Groups that stand, by unique id: rank 0's weights reach every other rank. */
export class Fabric {
  readonly #groups = new Map<
    string,
    { ranks: Set<number>; complete: PromiseWithResolvers<void>; sent: PromiseWithResolvers<number> }
  >();

  async join({ uniqueId, rank, worldSize }: JoinGroupRequest, signal: AbortSignal): Promise<string> {
    const id = uniqueId.toString('hex');
    const fresh = () => ({
      ranks: new Set<number>(),
      complete: Promise.withResolvers<void>(),
      sent: Promise.withResolvers<number>(),
    });
    const group = this.#groups.get(id) ?? fresh();
    this.#groups.set(id, group);
    group.ranks.add(rank);
    if (group.ranks.size === worldSize) group.complete.resolve();
    await within(group.complete.promise, signal, 'joining');
    return id;
  }

  send(id: string, weight: number): void {
    const group = this.#groups.get(id)!;
    group.sent.resolve(weight);
    // The next broadcast on the same group is another one.
    void delay(50, undefined, { ref: false }).then(() => {
      group.sent = Promise.withResolvers<number>();
    });
  }

  receive(id: string, signal: AbortSignal): Promise<number> {
    return within(this.#groups.get(id)!.sent.promise, signal, 'receiving');
  }
}

async function within<T>(promise: Promise<T>, signal: AbortSignal, what: string): Promise<T> {
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => over.reject(new Error(`${what} timed out`)), GROUP_TIMEOUT_MS);
  signal.addEventListener('abort', () => over.reject(new Error(`${what} was cancelled`)), { once: true });
  try {
    return await Promise.race([promise, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}

export interface FakeWorkerOptions {
  readonly role: Exclude<Role, 'coordinator' | 'communicator'>;
  readonly index: number;
  readonly coordinatorAddress: string;
  readonly fabric: Fabric;
  /** Highest epoch that this process has seen before it registers. */
  readonly seenEpoch?: number;
  /** Before each response (generation) or train step (actor, critic), with how many came before; may kill the worker. */
  readonly before?: (worker: FakeWorker, count: number) => Promise<void> | void;
}

const INITIAL_WEIGHT = { actor: 1, critic: 2, generation: 0, reference: 1, reward: 0 };
const NUM_HEX_ID = 128;

/** What a trainer rank writes into a checkpoint. */
interface TrainerState {
  readonly weight: number;
  readonly version: number;
}

export class FakeWorker {
  readonly options: FakeWorkerOptions;
  readonly fence = new EpochFence();
  /** Responses or train steps made, and scorings done. */
  numDone = 0;
  weight: number;
  version: number;
  #server: RunningServer | null = null;
  #registration: Registration | null = null;
  #isDead = false;
  readonly #groups = new Map<string, { readonly epoch: number; readonly id: string }>();
  #buffer: { iteration: number; experiences: TrainingExperience[] } = { iteration: -1, experiences: [] };

  private constructor(options: FakeWorkerOptions) {
    this.options = options;
    this.weight = INITIAL_WEIGHT[options.role];
    this.version = options.role === 'generation' ? -1 : 0;
    this.fence.admit(options.seenEpoch ?? 0);
  }

  static async start(options: FakeWorkerOptions): Promise<FakeWorker> {
    const worker = new FakeWorker(options);
    const { role, index, coordinatorAddress } = options;
    const server = await startGrpcServer({ host: '127.0.0.1', port: 0, services: worker.#services() });
    worker.#server = server;
    worker.#registration = Registration.start({
      settings: testSettings({ role, index, coordinatorAddress }),
      fence: worker.fence,
      log: silent,
      address: `127.0.0.1:${server.port}`,
    });
    return worker;
  }

  /** As by SIGKILL: connections break, heartbeats stop. */
  async kill(): Promise<void> {
    if (this.#isDead) return;
    this.#isDead = true;
    await Promise.all([this.#registration?.stop(), this.#server?.close(0)]);
  }

  #services(): ServiceEntry[] {
    const entries: ServiceEntry[] = [[definitions.GroupMember, this.#groupMember()]];
    const { role } = this.options;
    if (role === 'generation') entries.push([definitions.Generation, this.#generation()]);
    else entries.push([definitions.Scorer, this.#scorer()]);
    if (role === 'actor' || role === 'critic') entries.push([definitions.Trainer, this.#trainer()]);
    return entries;
  }

  #groupMember(): UntypedServiceImplementation {
    return {
      CreateUniqueId: unaryHandler(async ({ epoch }: { epoch: number }) => {
        this.fence.admit(epoch);
        return { uniqueId: randomBytes(NUM_HEX_ID) };
      }),
      JoinGroup: unaryHandler(async (request: JoinGroupRequest, signal) => {
        this.fence.admit(request.epoch);
        const id = await this.options.fabric.join(request, signal);
        this.#groups.set(request.group, { epoch: request.epoch, id });
        return {};
      }),
    };
  }

  #group(name: string): string {
    const group = this.#groups.get(name);
    if (group?.epoch === this.fence.epoch) return group.id;
    throw new RpcError(
      grpc.status.FAILED_PRECONDITION,
      `group ${name} has not been joined at epoch ${this.fence.epoch}`,
    );
  }

  #generation(): UntypedServiceImplementation {
    return {
      Generate: streamHandler((request: GenerateRequest, signal) => this.#generate(request, signal)),
      ReceiveWeights: unaryHandler(
        async (request: { epoch: number; policyVersion: number; checksum: number }, signal) => {
          this.fence.admit(request.epoch);
          const weight = await this.options.fabric.receive(this.#group('weights'), signal);
          if (checksumOf(weight) !== request.checksum) throw new RpcError(grpc.status.DATA_LOSS, 'wrong checksum');
          this.weight = weight;
          this.version = request.policyVersion;
          return { policyVersion: request.policyVersion, bytes: 8, receiveSeconds: 0, flipSeconds: 0 };
        },
      ),
    };
  }

  async *#generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<GenerateReplyInput> {
    this.fence.admit(request.epoch);
    if (this.version !== request.policyVersion) {
      const found = `version ${this.version} is held, not ${request.policyVersion}`;
      throw new RpcError(grpc.status.FAILED_PRECONDITION, found);
    }
    const { maxTokens, temperature } = request.sampling!;
    // The last first: results must not depend on the order in which responses end.
    for (const prompt of [...request.prompts].reverse()) {
      await this.options.before?.(this, this.numDone++);
      if (signal.aborted || this.#isDead) return;
      const made = respond(this.weight, prompt.tokenIds, { seed: prompt.seed, maxTokens, temperature });
      const policyVersions = made.tokenIds.map(() => this.version);
      yield { response: { requestId: prompt.requestId, ...made, policyVersions } };
    }
    yield { progress: { numRunning: 0, numWaiting: 0, tokensGenerated: 0 } };
  }

  #scorer(): UntypedServiceImplementation {
    return { Score: streamHandler((request: ScoreRequest) => this.#score(request)) };
  }

  async *#score(request: ScoreRequest): AsyncGenerator<ScoreReplyInput> {
    this.fence.admit(request.epoch);
    await this.options.before?.(this, this.numDone++);
    if (this.#isDead) return;
    const rows = request.sequences.map(({ tokenIds, promptLength }) => {
      if (request.kind === 'REWARDS') return { values: [scoreOf(tokenIds)] };
      const at = request.kind === 'VALUES' ? valueAt : logprobAt;
      const positions = tokenIds.map((_id, position) => position).slice(promptLength);
      return { values: positions.map((position) => at(this.weight, tokenIds, position)) };
    });
    for (let first = 0; first < rows.length; first += 3)
      yield { firstIndex: first, results: rows.slice(first, first + 3) };
  }

  #trainer(): UntypedServiceImplementation {
    return {
      AppendExperiences: unaryHandler(
        async (request: {
          epoch: number;
          iteration: number;
          firstIndex: number;
          experiences: TrainingExperience[];
        }) => {
          this.fence.admit(request.epoch);
          if (request.iteration !== this.#buffer.iteration) {
            this.#buffer = { iteration: request.iteration, experiences: [] };
          }
          this.#buffer.experiences.splice(request.firstIndex, request.experiences.length, ...request.experiences);
          return { numExperiences: this.#buffer.experiences.length };
        },
      ),
      Train: streamHandler((request: TrainRequest) => this.#train(request)),
      SaveCheckpoint: unaryHandler(async (request: { epoch: number; iteration: number; directory: string }) => {
        this.fence.admit(request.epoch);
        const state: TrainerState = { weight: this.weight, version: this.version };
        writeFileSync(this.#file(request.directory), JSON.stringify(state));
        return { version: this.version, checksum: checksumOf(this.weight), bytes: 8 };
      }),
      LoadCheckpoint: unaryHandler(async (request: { epoch: number; iteration: number; directory: string }) => {
        this.fence.admit(request.epoch);
        const initial: TrainerState = { weight: INITIAL_WEIGHT[this.options.role], version: 0 };
        const state = request.directory === '' ? initial : this.#read(request.directory);
        this.weight = state.weight;
        this.version = state.version;
        return { version: this.version, checksum: checksumOf(this.weight), bytes: 8 };
      }),
      ExportModel: unaryHandler(async (request: { epoch: number; directory: string }) => {
        this.fence.admit(request.epoch);
        mkdirSync(request.directory, { recursive: true });
        writeFileSync(join(request.directory, 'weight.json'), JSON.stringify(this.weight));
        return { bytes: 8 };
      }),
      PublishWeights: unaryHandler(async (request: { epoch: number; policyVersion: number }) => {
        this.fence.admit(request.epoch);
        if (request.policyVersion !== this.version) {
          throw new RpcError(grpc.status.FAILED_PRECONDITION, `version ${this.version} is held`);
        }
        this.options.fabric.send(this.#group('weights'), this.weight);
        return { checksum: checksumOf(this.weight), bytes: 8, seconds: 0 };
      }),
    };
  }

  #read(directory: string): TrainerState {
    try {
      return JSON.parse(readFileSync(this.#file(directory), 'utf8')) as TrainerState;
    } catch (error) {
      throw new RpcError(grpc.status.DATA_LOSS, 'damaged', { cause: error });
    }
  }

  #file(directory: string): string {
    return join(directory, `${this.options.role}-${this.options.index}.json`);
  }

  async *#train(request: TrainRequest): AsyncGenerator<TrainReplyInput> {
    this.fence.admit(request.epoch);
    if (request.iteration !== this.version) {
      throw new RpcError(
        grpc.status.FAILED_PRECONDITION,
        `version ${this.version} can't train iteration ${request.iteration}`,
      );
    }
    let stepsDone = 0;
    for (const { microbatches, numTokens } of request.steps) {
      await this.options.before?.(this, this.numDone++);
      if (this.#isDead) return;
      const used = microbatches.flatMap(({ experienceIndices }) => experienceIndices);
      const targets = used.map((index) => {
        const { advantages, returns } = this.#buffer.experiences[index]!;
        return this.options.role === 'actor' ? advantages : returns;
      });
      this.weight = step(this.weight, targets, { numTokens, rate: request.learningRate });
      yield { progress: { stepsDone: ++stepsDone, numSteps: request.steps.length } };
    }
    this.version = request.iteration + 1;
    const metrics: Record<string, number> =
      request.steps.length === 0
        ? {}
        : { loss: this.weight, gradientNorm: 1, clipFraction: 0, entropy: 1, approxKl: 0 };
    yield { result: { version: this.version, checksum: checksumOf(this.weight), metrics, seconds: 0, tokens: 0 } };
  }
}
