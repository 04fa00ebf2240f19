/**
 * A trainer rank as its main thread sees it: which version its weights are, what it holds, one operation at a time. The
 * compute thread does the work; the sidecar sums gradients over ranks and carries weights away. Knows nothing of gRPC's
 * wire and nothing of losses.
 *
 * Weights are `ready` (of a known version), or `unknown` (an update began and didn't end): then only a checkpoint helps.
 */
import { isAbsolute } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import type { TrainReplyInput } from '../api/generated/ppo/v1/TrainReply.ts';
import type { TrainRequest } from '../api/generated/ppo/v1/TrainRequest.ts';
import type { TrainStep } from '../api/generated/ppo/v1/TrainStep.ts';
import type { OptimizerConfig } from '../api/job-config.ts';
import type { Communicator } from '../collectives/communicator.ts';
import type { ComputeThread } from '../runtime/compute-thread.ts';
import { refuseProblems, responseLength, type Sequence } from '../scoring/sequence.ts';
import { awaitCollective } from '../service/collective.ts';
import { RpcError } from '../service/rpc.ts';
import { openSpan } from '../service/tracing.ts';
import { Exclusive } from './exclusive.ts';
import type { Experience } from './experience.ts';
import type { StepFigures } from './rank-trainer.ts';
import { findTrainProblems } from './train-request.ts';
import type { TrainerMetrics, TrainPart } from './trainer-metrics.ts';
import type { TrainerApi, TrainerInfo } from './trainer-program.ts';

export interface TrainerOptions {
  readonly thread: Pick<ComputeThread<TrainerApi>, 'call'>;
  readonly info: TrainerInfo;
  readonly optimizer: OptimizerConfig;
  /** Data-parallel ranks of the role. */
  readonly numRanks: number;
  readonly parametersName: string;
  readonly reductionName: string;
  /** The communicators of the present epoch; throw RpcError where there is none. */
  readonly reductionGroup: () => Communicator;
  readonly weightsGroup: () => Communicator;
  /** Longest wait for one collective. */
  readonly collectiveMs: number;
  readonly metrics: TrainerMetrics;
}

export interface Published {
  readonly checksum: number;
  readonly bytes: number;
  readonly seconds: number;
}

export interface Stored {
  readonly version: number;
  readonly checksum: number;
  readonly bytes: number;
}

export class Trainer {
  readonly #options: TrainerOptions;
  readonly #exclusive = new Exclusive();
  #weights: 'ready' | 'unknown' = 'ready';
  #version = 0;
  #checksum: number;
  #heldIteration: number | null = null;
  /** Response tokens of each experience held. */
  #heldLengths: number[] = [];

  constructor(options: TrainerOptions) {
    this.#options = options;
    this.#checksum = options.info.checksum;
    const { numElements, numReductionElements } = options.info;
    options.metrics.onMemory({
      parameters: numElements * Float32Array.BYTES_PER_ELEMENT,
      gradients: numReductionElements * Float32Array.BYTES_PER_ELEMENT,
      optimizer: 2 * numElements * Float32Array.BYTES_PER_ELEMENT,
    });
    options.metrics.version.set(0);
    options.metrics.versionTime.setToCurrentTime();
  }

  /** Returns how many experiences are held for the iteration now. */
  append(iteration: number, firstIndex: number, experiences: readonly Experience[]): Promise<number> {
    return this.#exclusive.run(async () => {
      const { thread } = this.#options;
      const isNew = this.#heldIteration !== iteration;
      const numHeld = isNew ? 0 : this.#heldLengths.length;
      if (firstIndex > numHeld) refuseProblems([`first_index: found ${firstIndex}, allowed 0 to ${numHeld}, no gaps`]);
      if (isNew) await this.#dropExperiences();
      this.#heldIteration = iteration;
      await thread.call('append', firstIndex, experiences);
      experiences.forEach((experience, index) => {
        this.#heldLengths[firstIndex + index] = responseLength(experience);
      });
      return this.#heldLengths.length;
    });
  }

  /** Runs every step; progress after each microbatch's work, then the result. Leaves `unknown` weights when it fails. */
  async *train(request: TrainRequest, signal: AbortSignal): AsyncGenerator<TrainReplyInput> {
    const release = await this.#exclusive.acquire();
    try {
      this.#checkTrain(request);
      const group = this.#options.numRanks > 1 ? this.#options.reductionGroup() : null;
      const startMs = performance.now();
      this.#weights = 'unknown';
      const figures: StepFigures[] = [];
      const numSteps = request.steps.length;
      for (const step of request.steps) {
        const stop = this.#options.metrics.stepSeconds.startTimer();
        const span = openSpan('train step', { 'ppo.step': figures.length + 1, 'ppo.tokens': step.numTokens });
        try {
          for await (const _ of this.#accumulate(step, signal)) yield progress(figures.length, numSteps);
          figures.push(await span.within(() => this.#finishStep(step, request.learningRate, group)));
        } finally {
          span.end();
        }
        stop();
        yield progress(figures.length, numSteps);
      }
      await this.#complete(request.iteration + 1);
      const seconds = (performance.now() - startMs) / 1000;
      const tokens = request.steps.reduce((sum, step) => sum + step.numTokens, 0);
      const metrics = figures.length === 0 ? {} : { ...meanOf(figures), learningRate: request.learningRate };
      yield { result: { version: this.#version, checksum: this.#checksum, metrics, seconds, tokens } };
    } finally {
      release();
    }
  }

  /** Takes the weights for scoring; returns how to release them. */
  async acquireForScoring(): Promise<() => void> {
    const release = await this.#exclusive.acquire();
    try {
      this.#requireReady();
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Between acquireForScoring and its release. */
  score(sequences: readonly Sequence[]): Promise<Float32Array[]> {
    return this.#options.thread.call('score', sequences);
  }

  save(iteration: number, directory: string): Promise<Stored> {
    return this.#exclusive.run(async () => {
      checkDirectory(directory);
      this.#requireVersion('iteration', iteration);
      const bytes = await this.#options.thread.call('save', directory, this.#version);
      this.#options.metrics.checkpointBytes.inc(bytes);
      return { version: this.#version, checksum: this.#checksum, bytes };
    });
  }

  /** An empty directory loads the initial model. Whatever was held is dropped. */
  load(iteration: number, directory: string): Promise<Stored> {
    return this.#exclusive.run(async () => {
      if (directory !== '') checkDirectory(directory);
      else if (iteration !== 0) refuseProblems([`iteration: found ${iteration}, allowed 0 for the initial model`]);
      await this.#dropExperiences();
      this.#weights = 'unknown';
      const { version, checksum, bytes } = await this.#options.thread.call('load', directory);
      if (version !== iteration) {
        const found = `${directory} holds version ${version}, not ${iteration}`;
        throw new RpcError(grpc.status.DATA_LOSS, found);
      }
      this.#setReady(version, checksum);
      return { version, checksum, bytes };
    });
  }

  /** Returns the bytes written. */
  export(directory: string): Promise<number> {
    return this.#exclusive.run(async () => {
      checkDirectory(directory);
      this.#requireReady();
      return this.#options.thread.call('export', directory);
    });
  }

  /** Broadcasts the parameters from this rank, which must be rank 0 of the weights' group. */
  publish(policyVersion: number): Promise<Published> {
    return this.#exclusive.run(async () => {
      const { info, metrics, parametersName, collectiveMs } = this.#options;
      this.#requireVersion('policy_version', policyVersion);
      const group = this.#options.weightsGroup();
      if (group.rank !== 0) {
        throw new RpcError(grpc.status.FAILED_PRECONDITION, `rank ${group.rank} of the weights' group can't publish`);
      }
      const startMs = performance.now();
      const broadcast = group.broadcast({
        buffer: { name: parametersName, offsetBytes: 0 },
        count: info.numElements,
        dataType: 'float32',
        root: 0,
        timeoutMs: collectiveMs,
      });
      await awaitCollective('publishing weights', broadcast);
      const seconds = (performance.now() - startMs) / 1000;
      const bytes = info.numElements * Float32Array.BYTES_PER_ELEMENT;
      metrics.sentBytes.inc(bytes);
      metrics.sendSeconds.observe(seconds);
      return { checksum: this.#checksum, bytes, seconds };
    });
  }

  #checkTrain(request: TrainRequest): void {
    const { numRanks } = this.#options;
    this.#requireVersion('iteration', request.iteration);
    const held = { iteration: this.#heldIteration, responseLengths: this.#heldLengths };
    refuseProblems(findTrainProblems(request, held, numRanks));
  }

  /** Yields between microbatches, so that a long step keeps telling that it is alive. */
  async *#accumulate(step: TrainStep, signal: AbortSignal): AsyncGenerator<void> {
    const { thread } = this.#options;
    await this.#timed('gradients', () => thread.call('beginStep'));
    for (const [index, { experienceIndices }] of step.microbatches.entries()) {
      signal.throwIfAborted();
      if (index > 0) yield;
      await this.#timed('gradients', () => thread.call('accumulate', experienceIndices, step.numTokens));
    }
  }

  async #finishStep(step: TrainStep, learningRate: number, group: Communicator | null): Promise<StepFigures> {
    const { thread, metrics, optimizer } = this.#options;
    const { numTokens } = step;
    if (group !== null) await this.#timed('reduction', () => this.#reduce(group));
    const { beta1, beta2, epsilon, weightDecay, maxGradNorm } = optimizer;
    const hyper = { learningRate, beta1, beta2, epsilon, weightDecay };
    const finish = () => thread.call('finishStep', { hyper, maxGradNorm, numTokens });
    const figures = await this.#timed('optimizer', finish);
    metrics.steps.inc();
    metrics.tokens.inc(numTokens);
    metrics.loss.set(figures['loss']!);
    metrics.gradientNorm.set(figures['gradientNorm']!);
    metrics.learningRate.set(learningRate);
    return figures;
  }

  async #timed<T>(part: TrainPart, run: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    const result = await run();
    this.#options.metrics.partSeconds.inc({ part }, (performance.now() - startMs) / 1000);
    return result;
  }

  /** Sums gradients and figures over the ranks, in shared memory. */
  async #reduce(group: Communicator): Promise<void> {
    const { info, reductionName, collectiveMs } = this.#options;
    const allReduce = group.allReduce({
      buffer: { name: reductionName, offsetBytes: 0 },
      count: info.numReductionElements,
      dataType: 'float32',
      op: 'sum',
      timeoutMs: collectiveMs,
    });
    await awaitCollective('summing gradients over the ranks', allReduce);
  }

  async #complete(version: number): Promise<void> {
    this.#setReady(version, await this.#options.thread.call('checksum'));
  }

  #setReady(version: number, checksum: number): void {
    this.#version = version;
    this.#checksum = checksum;
    this.#weights = 'ready';
    this.#options.metrics.version.set(version);
    this.#options.metrics.versionTime.setToCurrentTime();
  }

  async #dropExperiences(): Promise<void> {
    this.#heldIteration = null;
    this.#heldLengths = [];
    await this.#options.thread.call('clearExperiences');
  }

  #requireReady(): void {
    if (this.#weights === 'ready') return;
    const message = 'an update began and did not end, so the weights are of no version; load a checkpoint';
    throw new RpcError(grpc.status.FAILED_PRECONDITION, message);
  }

  #requireVersion(what: string, version: number): void {
    this.#requireReady();
    if (version === this.#version) return;
    const message = `${what}: found ${version}, but the weights are of version ${this.#version}`;
    throw new RpcError(grpc.status.FAILED_PRECONDITION, message);
  }
}

function progress(stepsDone: number, numSteps: number): TrainReplyInput {
  return { progress: { stepsDone, numSteps } };
}

function meanOf(figures: readonly StepFigures[]): Record<string, number> {
  const names = Object.keys(figures[0]!);
  const mean = (name: string) => figures.reduce((sum, step) => sum + step[name]!, 0) / figures.length;
  return Object.fromEntries(names.map((name) => [name, mean(name)]));
}

function checkDirectory(directory: string): void {
  if (!isAbsolute(directory)) refuseProblems([`directory: found "${directory}", allowed an absolute path`]);
}
