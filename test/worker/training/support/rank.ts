// A rank's trainer on a tiny random model in plain memory, and experiences for it. Knows no test.
import { layoutParameters } from '../../../../worker/models/layout.ts';
import { createCpuDevice } from '../../../../worker/runtime/cpu-device.ts';
import { responseLength } from '../../../../worker/scoring/sequence.ts';
import type { Experience } from '../../../../worker/training/experience.ts';
import type { Objective } from '../../../../worker/training/objectives/objective.ts';
import { RankTrainer, reductionElements, type StepFigures } from '../../../../worker/training/rank-trainer.ts';
import { noise, randomParameters, tinyConfig } from './tiny-model.ts';

const device = createCpuDevice();
export const HYPER = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 };

export interface Rank {
  readonly trainer: RankTrainer;
  readonly parameters: Float32Array;
  /** Gradients, then figures. */
  readonly reduction: Float32Array;
  /** beginStep, accumulate each microbatch, finishStep. */
  step(microbatches: readonly (readonly number[])[], numTokens: number): StepFigures;
}

export function createRank(objective: Objective, options: { threads?: number; maxGradNorm?: number } = {}): Rank {
  const config = tinyConfig();
  const layout = layoutParameters(config, objective.head);
  const parameters = randomParameters(layout, 7);
  const reduction = new Float32Array(reductionElements(layout.numElements));
  const { threads = 1, maxGradNorm = 0 } = options;
  const trainer = new RankTrainer({ device, threads, model: { config, layout }, objective, parameters, reduction });
  return {
    trainer,
    parameters,
    reduction,
    step: (microbatches, numTokens) => {
      trainer.beginStep();
      for (const indices of microbatches) trainer.accumulate(indices, numTokens);
      return trainer.finishStep({ hyper: HYPER, maxGradNorm, numTokens });
    },
  };
}

/** Sequences of 3 to 12 tokens with random numbers in every column. */
export function randomExperiences(count: number, seed: number): Experience[] {
  const next = noise(seed);
  const whole = (limit: number) => Math.floor(((next() + 1) / 2) * limit);
  return Array.from({ length: count }, () => {
    const promptLength = 1 + whole(5);
    const length = promptLength + 1 + whole(6);
    const column = (low: number, high: number) =>
      Float32Array.from({ length: length - promptLength }, () => low + ((next() + 1) / 2) * (high - low));
    return {
      tokenIds: Int32Array.from({ length }, () => whole(23)),
      promptLength,
      columns: {
        oldLogprobs: column(-4, -2),
        advantages: column(-2, 2),
        referenceLogprobs: column(-4, -2),
        oldValues: column(-1, 1),
        returns: column(-1, 1),
      },
    };
  });
}

export function countTokens(experiences: readonly Experience[]): number {
  return experiences.reduce((sum, experience) => sum + responseLength(experience), 0);
}
