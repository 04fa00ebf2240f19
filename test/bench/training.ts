/**
 * How fast a trainer rank learns and scores on this machine, at the size of the arithmetic example: tokens a second of
 * PPO steps and of scoring, against the plain forward pass of one microbatch. Medians; a benchmark, never a test.
 */
import type { ModelConfig } from '../../worker/models/config.ts';
import { layoutParameters } from '../../worker/models/layout.ts';
import { createCpuDevice } from '../../worker/runtime/cpu-device.ts';
import type { Experience } from '../../worker/training/experience.ts';
import type { Objective } from '../../worker/training/objectives/objective.ts';
import { createPolicyObjective } from '../../worker/training/objectives/policy.ts';
import { createValueObjective } from '../../worker/training/objectives/value.ts';
import { RankTrainer, reductionElements } from '../../worker/training/rank-trainer.ts';
import { randomParameters } from '../worker/training/support/tiny-model.ts';
import type { Figure } from './figure.ts';

const CONFIG: ModelConfig = {
  modelType: 'llama',
  vocabSize: 16,
  hiddenSize: 96,
  intermediateSize: 256,
  numLayers: 3,
  numHeads: 4,
  numKvHeads: 4,
  headDim: 24,
  rmsNormEps: 1e-5,
  ropeTheta: 10000,
  maxPositions: 64,
  tieWordEmbeddings: false,
  attentionBias: false,
  bosTokenId: 1,
  eosTokenIds: [2],
  padTokenId: 0,
  scoreMean: 0,
  scoreStd: 1,
};
const HYPER = { learningRate: 1e-4, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 };
const MICROBATCH_ROWS = 128;
const LENGTH_TOKENS = 12;
const RESPONSE_TOKENS = 4;
const ROUNDS = 9;

export async function run(): Promise<readonly Figure[]> {
  const policy = createPolicyObjective({
    temperature: 1,
    clipRangeLow: 0.2,
    clipRangeHigh: 0.2,
    dualClip: null,
    entropyCoef: 0,
    kl: null,
  });
  return [...measure('actor', policy), ...measure('critic', createValueObjective({ valueClipRange: 0.2 }))];
}

function measure(role: string, objective: Objective): Figure[] {
  const layout = layoutParameters(CONFIG, objective.head);
  const parameters = randomParameters(layout, 1);
  const reduction = new Float32Array(reductionElements(layout.numElements));
  const model = { config: CONFIG, layout };
  const trainer = new RankTrainer({ device: createCpuDevice(), threads: 1, model, objective, parameters, reduction });
  try {
    const experiences = Array.from({ length: MICROBATCH_ROWS }, (_, row) => experienceOf(row));
    const indices = experiences.map((_, index) => index);
    const numTokens = MICROBATCH_ROWS * RESPONSE_TOKENS;
    trainer.append(0, experiences);
    const scoreMs = medianMs(() => trainer.score(experiences));
    const stepMs = medianMs(() => {
      trainer.beginStep();
      trainer.accumulate(indices, numTokens);
      trainer.finishStep({ hyper: HYPER, maxGradNorm: 1, numTokens });
    });
    const tokensPerSecond = (ms: number) => (MICROBATCH_ROWS * LENGTH_TOKENS * 1000) / ms;
    const base = { bench: 'training', unit: 'tokens/s' };
    return [
      { ...base, metric: `${role}, scoring`, value: tokensPerSecond(scoreMs), reference: '', ratio: null },
      {
        ...base,
        metric: `${role}, optimizer step`,
        value: tokensPerSecond(stepMs),
        reference: 'scoring the same tokens',
        ratio: scoreMs / stepMs,
      },
    ];
  } finally {
    trainer.dispose();
  }
}

function experienceOf(row: number): Experience {
  const column = () => Float32Array.from({ length: RESPONSE_TOKENS }, (_, t) => Math.sin(row + t) - 2);
  return {
    tokenIds: Int32Array.from({ length: LENGTH_TOKENS }, (_, t) => (row * 5 + t * 3) % CONFIG.vocabSize),
    promptLength: LENGTH_TOKENS - RESPONSE_TOKENS,
    columns: { oldLogprobs: column(), advantages: column(), oldValues: column(), returns: column() },
  };
}

function medianMs(task: () => void): number {
  task();
  const times = Array.from({ length: ROUNDS }, () => {
    const startMs = performance.now();
    task();
    return performance.now() - startMs;
  });
  return times.sort((a, b) => a - b)[ROUNDS >> 1]!;
}
