/**
 * What a Train request must satisfy before the first step runs: nothing may be found wrong half-way. Pure; knows nothing
 * of models or threads.
 */
import type { TrainRequest } from '../api/generated/ppo/v1/TrainRequest.ts';
import type { TrainStep } from '../api/generated/ppo/v1/TrainStep.ts';

/** What a rank holds for one iteration. */
export interface HeldExperiences {
  /** null: none were appended yet. */
  readonly iteration: number | null;
  /** Response tokens of each. */
  readonly responseLengths: readonly number[];
}

/** Every problem; empty where the request can run. */
export function findTrainProblems(request: TrainRequest, held: HeldExperiences, numRanks: number): string[] {
  const problems: string[] = [];
  const { learningRate, iteration, steps } = request;
  if (!(Number.isFinite(learningRate) && learningRate >= 0)) {
    problems.push(`learning_rate: found ${learningRate}, allowed a finite number of at least 0`);
  }
  const isUsed = steps.some(({ microbatches }) => microbatches.some((batch) => batch.experienceIndices.length > 0));
  if (isUsed && held.iteration !== iteration) {
    const found = held.iteration === null ? 'no experiences' : `experiences of iteration ${held.iteration}`;
    problems.push(`iteration: found ${iteration} where ${found} are held; append those of ${iteration} first`);
    return problems;
  }
  steps.forEach((step, index) => {
    problems.push(...findStepProblems(`steps[${index}]`, step, { held, numRanks }));
  });
  return problems;
}

interface StepContext {
  readonly held: HeldExperiences;
  readonly numRanks: number;
}

function findStepProblems(where: string, step: TrainStep, { held, numRanks }: StepContext): string[] {
  const problems: string[] = [];
  const lengths = held.responseLengths;
  let ownTokens = 0;
  step.microbatches.forEach(({ experienceIndices }, batch) => {
    const wrong = experienceIndices.find((index) => index >= lengths.length);
    for (const index of experienceIndices) ownTokens += lengths[index] ?? 0;
    if (wrong === undefined) return;
    const path = `${where}.microbatches[${batch}].experience_indices`;
    problems.push(`${path}: found ${wrong}, allowed less than the ${lengths.length} experiences held`);
  });
  // A single rank has all the tokens; one of several knows its own share only.
  const isRight = numRanks === 1 ? step.numTokens === ownTokens : step.numTokens >= ownTokens;
  if (problems.length === 0 && !(isRight && step.numTokens > 0)) {
    const allowed = `${numRanks === 1 ? 'exactly' : 'at least'} the ${ownTokens} response tokens of the step, and above 0`;
    problems.push(`${where}.num_tokens: found ${step.numTokens}, allowed ${allowed}`);
  }
  return problems;
}
