/**
 * An experience as a trainer holds it, and the check of those that arrive over the network. Knows the objective's columns
 * by name only, nothing of what they mean.
 *
 * Letters: P prompt tokens, R response tokens.
 */
import type { TrainingExperience } from '../api/generated/ppo/v1/TrainingExperience.ts';
import {
  findSequenceProblems,
  refuseProblems,
  type Sequence,
  type SequenceLimits,
  toSequence,
} from '../scoring/sequence.ts';
import type { ColumnName } from './objectives/objective.ts';

export interface Experience extends Sequence {
  /** The objective's columns, each [R]. */
  readonly columns: Readonly<Partial<Record<ColumnName, Float32Array>>>;
}

/** Checks what arrived: sequences, and that each column is there with R finite numbers. Throws with every problem. */
export function readExperiences(
  wire: readonly TrainingExperience[],
  columns: readonly ColumnName[],
  limits: SequenceLimits,
): Experience[] {
  const problems = wire.flatMap((experience, index) => {
    const where = `experiences[${index}]`;
    const found = findSequenceProblems(where, experience, limits);
    return found.length > 0 ? found : columns.flatMap((name) => findColumnProblems(where, experience, name));
  });
  refuseProblems(problems);
  return wire.map((experience) => ({
    ...toSequence(experience),
    columns: Object.fromEntries(columns.map((name) => [name, Float32Array.from(experience[name])])),
  }));
}

function findColumnProblems(where: string, experience: TrainingExperience, name: ColumnName): string[] {
  const numbers = experience[name];
  const expected = experience.tokenIds.length - experience.promptLength;
  const path = `${where}.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
  if (numbers.length !== expected) {
    return [`${path}: found ${numbers.length} numbers, allowed ${expected}, one per response token`];
  }
  const wrong = numbers.findIndex((value) => !Number.isFinite(value));
  return wrong < 0 ? [] : [`${path}[${wrong}]: found ${numbers[wrong]}, allowed a finite number`];
}
