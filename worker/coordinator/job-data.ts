/**
 * Everything the coordinator reads before the job starts: the prompts of both files, the actor's tokenizer and its stop
 * tokens. Finds all that is wrong with them at once. Knows nothing of weights.
 */
import type { JobConfig } from '../api/job-config.ts';
import type { ModelConfig } from '../models/config.ts';
import { loadModelConfig } from '../models/folder.ts';
import { loadTokenizer, type Tokenizer } from '../models/tokenizer.ts';
import { HopelessError } from '../service/lifecycle.ts';
import { type DatasetSource, type PromptRecord, readDataset } from './dataset.ts';

export interface JobData {
  readonly train: readonly PromptRecord[];
  /** null where the job measures nothing. */
  readonly evaluation: readonly PromptRecord[] | null;
  readonly stopTokenIds: readonly number[];
  /** Without special tokens. */
  readonly decode: (tokenIds: readonly number[]) => string;
  /** CRC-32 of the data files, by name. */
  readonly checksums: Readonly<Record<string, number>>;
}

interface Model {
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
}

/** Throws HopelessError that lists every problem of model and data. */
export function loadJobData(config: JobConfig): JobData {
  const { dataset, rollout } = config;
  const model = loadModel(config.models.actor);
  const rules = {
    encode: (text: string) => model.tokenizer.encode(text),
    maxPromptTokens: rollout.maxPromptTokens,
    vocabSize: model.config.vocabSize,
  };
  const { promptField, answerField, trainPath, evaluationPath, evaluationLimit } = dataset;
  const fields = { promptField, answerField };
  const source: DatasetSource = {
    ...fields,
    ...{ path: trainPath, name: 'dataset.train', needsAnswers: false, limit: null },
  };
  const train = readDataset(source, rules);
  const evaluationSource = {
    ...source,
    name: 'dataset.evaluation',
    needsAnswers: config.reward.function === null,
    limit: evaluationLimit,
  };
  const evaluation = evaluationPath === null ? null : readDataset({ ...evaluationSource, path: evaluationPath }, rules);
  const problems = [...checkLengths(config, model.config), ...train.problems, ...(evaluation?.problems ?? [])];
  if (problems.length > 0) {
    throw new HopelessError(`the job can't run on its data:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
  return {
    train: train.records,
    evaluation: evaluation?.records ?? null,
    stopTokenIds: model.config.eosTokenIds,
    decode: (tokenIds) => model.tokenizer.decode(tokenIds, { skipSpecialTokens: true }),
    checksums: { train: train.checksum, evaluation: evaluation?.checksum ?? 0 },
  };
}

function loadModel(folder: string): Model {
  try {
    return { config: loadModelConfig(folder), tokenizer: loadTokenizer(folder) };
  } catch (error) {
    throw new HopelessError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function checkLengths({ rollout, models }: JobConfig, { maxPositions }: ModelConfig): string[] {
  const needed = rollout.maxPromptTokens + rollout.maxResponseTokens;
  if (needed <= maxPositions) return [];
  const found = `rollout.maxPromptTokens + rollout.maxResponseTokens is ${needed}`;
  return [`${found}; allowed: up to the ${maxPositions} positions of ${models.actor}. Lower one of them.`];
}
