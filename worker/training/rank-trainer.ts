/**
 * One rank's training, synchronous: experiences, microbatches into gradients, clipped AdamW steps, scores from the same
 * weights. Between accumulating and finishing a step, others may sum `reduction` over all ranks. Knows neither ranks nor
 * files nor threads.
 */
import type { ModelDescription } from '../models/trunk.ts';
import type { Device } from '../runtime/device.ts';
import { ForwardModel } from '../scoring/forward-model.ts';
import { ProgramCache } from '../scoring/program-cache.ts';
import type { Sequence } from '../scoring/sequence.ts';
import type { AdamWHyper } from './adamw.ts';
import { buildTrainBatch } from './batch.ts';
import type { Experience } from './experience.ts';
import type { Objective } from './objectives/objective.ts';
import { TrainableModel, type TrainProgram } from './trainable-model.ts';

/** Elements behind the gradients that hold the loss and the objective's sums, so that one reduction covers both. */
const FIGURE_SLOTS = 16;
const MAX_PROGRAMS = 16;
/** As in torch.nn.utils.clip_grad_norm_. */
const NORM_EPSILON = 1e-6;

export interface RankTrainerOptions {
  readonly device: Device;
  readonly threads: number;
  readonly model: ModelDescription;
  readonly objective: Objective;
  /** [layout.numElements], borrowed; updated in place. */
  readonly parameters: Float32Array;
  /** [reductionElements(...)], borrowed: gradients, then figures. */
  readonly reduction: Float32Array;
}

export interface FinishOptions {
  readonly hyper: AdamWHyper;
  /** 0: no clipping. */
  readonly maxGradNorm: number;
  /** Response tokens of the step over all ranks. */
  readonly numTokens: number;
}

/** loss, gradientNorm (before clipping) and the objective's figures as token means. */
export type StepFigures = Readonly<Record<string, number>>;

/** The weights would become NaN: nothing has been updated. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
}

/** Length of a rank's reduction buffer for a model of so many elements. */
export function reductionElements(numElements: number): number {
  return numElements + FIGURE_SLOTS;
}

/** Owns sessions and moments, borrows parameters and gradients. */
export class RankTrainer {
  readonly trainable: TrainableModel;
  readonly #objective: Objective;
  readonly #maxPositions: number;
  /** [FIGURE_SLOTS]: loss, then the objective's sums. */
  readonly #figures: Float32Array;
  readonly #programs: ProgramCache<TrainProgram>;
  readonly #forward: ForwardModel;
  readonly #experiences: Experience[] = [];

  constructor(options: RankTrainerOptions) {
    const { device, threads, model, objective, parameters, reduction } = options;
    const { config, layout } = model;
    const gradients = reduction.subarray(0, layout.numElements);
    this.#objective = objective;
    this.#maxPositions = config.maxPositions;
    this.#figures = reduction.subarray(layout.numElements);
    this.trainable = new TrainableModel({ device, threads, config, layout, parameters, gradients });
    this.#programs = new ProgramCache({
      maxPrograms: MAX_PROGRAMS,
      compile: (shape) => this.trainable.compile(objective.buildTrainGraph(model, shape)),
      dispose: (program) => this.trainable.release(program),
    });
    const kind = objective.head === 'score' ? 'VALUES' : 'LOGPROBS';
    this.#forward = new ForwardModel({ device, threads, model, parameters, kind, temperature: objective.temperature });
  }

  clearExperiences(): void {
    this.#experiences.length = 0;
  }

  /** Puts experiences at `firstIndex` and behind. */
  append(firstIndex: number, experiences: readonly Experience[]): void {
    experiences.forEach((experience, index) => {
      this.#experiences[firstIndex + index] = experience;
    });
  }

  beginStep(): void {
    this.trainable.zeroGradients();
    this.#figures.fill(0);
  }

  /** Adds one microbatch's gradients and figures. `numTokens` is the step's, over all ranks. */
  accumulate(experienceIndices: readonly number[], numTokens: number): void {
    const experiences = experienceIndices.map((index) => this.#experiences[index]!);
    const options = { objective: this.#objective, numTokens, maxPositions: this.#maxPositions };
    const batch = buildTrainBatch(experiences, options);
    if (batch === null) return;
    const outputs = this.trainable.accumulate(this.#programs.get(batch.shape), batch.inputs);
    const names = ['loss', ...this.#objective.figures.map((name) => `sum.${name}`)];
    names.forEach((name, slot) => {
      this.#figures[slot]! += Number(outputs[name]![0]);
    });
  }

  /** Clips and steps. Throws DivergedError, before any update, where loss or gradients are not finite. */
  finishStep({ hyper, maxGradNorm, numTokens }: FinishOptions): StepFigures {
    const loss = this.#figures[0]!;
    const gradientNorm = this.trainable.gradientNorm();
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      const found = `loss ${loss}, gradient norm ${gradientNorm}`;
      throw new DivergedError(`training diverged (${found}): lower the learning rate or clip harder`);
    }
    if (maxGradNorm > 0 && gradientNorm > maxGradNorm) {
      this.trainable.scaleGradients(maxGradNorm / (gradientNorm + NORM_EPSILON));
    }
    this.trainable.step(hyper);
    const means = this.#objective.figures.map((name, slot) => [name, this.#figures[slot + 1]! / numTokens] as const);
    return { loss, gradientNorm, ...Object.fromEntries(means) };
  }

  score(sequences: readonly Sequence[]): Float32Array[] {
    return this.#forward.score(sequences);
  }

  dispose(): void {
    this.#forward.dispose();
    this.trainable.dispose();
  }
}
