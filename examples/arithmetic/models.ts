// The example's models from a seed: supervised fine-tuning, reward model, normalised scores, and how good they are.
// The same seed gives the same bits on the same kind of processor. Refuses to know files and the command line.
import { Rng } from '../../worker/ppo/rng.ts';
import type { Device } from '../../worker/runtime/device.ts';
import { answerAccuracy, type RewardAccuracy, rewardAccuracy } from './evaluation.ts';
import { normalizeScores, scoreResponses, trainRewardModel } from './reward-model.ts';
import { Sampler } from './sampler.ts';
import { type TrainedModel, trainSft } from './sft.ts';
import { type Problem, promptTokenIds } from './task.ts';

/** SFT responses to train prompts that the scores are normalised over. */
const NUM_NORMALIZATION_SAMPLES = 1000;

export interface MakeOptions {
  readonly device: Device;
  readonly threads: number;
  readonly seed: number;
  readonly train: readonly Problem[];
  /** Only asked, never trained on. */
  readonly heldout: readonly Problem[];
  readonly sftSteps: number;
  readonly rewardSteps: number;
  /** SFT responses per train prompt, from which the reward model's wrong answers come. */
  readonly samplesPerProblem: number;
  readonly onProgress: (stage: 'SFT' | 'reward model', step: number, loss: number) => void;
}

export interface MadeModels {
  readonly actor: TrainedModel;
  /** With scoreMean and scoreStd; the critic is the same model. */
  readonly reward: TrainedModel;
  /** On held-out problems. */
  readonly greedyAccuracy: number;
  readonly sampledAccuracy: number;
  readonly rewardAccuracy: RewardAccuracy;
}

export function makeModels(options: MakeOptions): MadeModels {
  const { device, threads, seed, train: problems, heldout, samplesPerProblem, onProgress } = options;
  const base = { device, threads, seed, problems };
  const actor = trainSft({
    ...base,
    numSteps: options.sftSteps,
    onStep: (step, loss) => onProgress('SFT', step, loss),
  });
  const raw = trainRewardModel({
    ...base,
    sft: actor,
    samplesPerProblem,
    numSteps: options.rewardSteps,
    onStep: (step, loss) => onProgress('reward model', step, loss),
  });
  const sampler = new Sampler({ device, threads, model: actor, parameters: actor.parameters });
  try {
    const answered = (asked: readonly Problem[], stream: number) => {
      const prompts = asked.map(promptTokenIds);
      const responses = sampler.respond(prompts, new Rng(seed, stream));
      return prompts.map((prompt, i) => ({ prompt, response: responses[i]! }));
    };
    const samples = answered(problems.slice(0, NUM_NORMALIZATION_SAMPLES), 30);
    const reward = normalizeScores({ device, threads, model: raw }, samples);
    const responses = answered(heldout, 31).map(({ response }) => response);
    const score = scoreResponses.bind(null, { device, threads, model: reward });
    return {
      actor,
      reward,
      greedyAccuracy: answerAccuracy(sampler, heldout, null),
      sampledAccuracy: answerAccuracy(sampler, heldout, new Rng(seed, 32)),
      rewardAccuracy: rewardAccuracy(score, heldout, { responses, seed }),
    };
  } finally {
    sampler.dispose();
  }
}

/** Throws where PPO would learn the reward model's errors instead of the task. */
export function assertLearnable({ balanced }: RewardAccuracy, minBalanced: number): void {
  if (balanced >= minBalanced) return;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const found = `${percent(balanced)}, allowed: at least ${percent(minBalanced)}`;
  throw new Error(`the reward model's balanced accuracy is ${found}: train it for more steps or from another seed`);
}
