// The reward model: from the SFT model's trunk, by right answers beside wrong ones. Refuses to know PPO, which gets
// nothing of it but one number per response.
import { buildScalarGraph } from '../../worker/models/forward-graphs.ts';
import { layoutParameters, type ParameterLayout, slotView } from '../../worker/models/layout.ts';
import { Rng } from '../../worker/ppo/rng.ts';
import type { Device } from '../../worker/runtime/device.ts';
import { TrainableModel } from '../../worker/training/trainable-model.ts';
import type { Sequence } from './batches.ts';
import { corrupt } from './corruptions.ts';
import { LastTokenModel } from './forward.ts';
import { optimize } from './optimization.ts';
import { type AnswerPair, buildRewardGraph, NUM_PAIRS, rewardInputs, twoHeadedLayout } from './reward-graph.ts';
import { Sampler } from './sampler.ts';
import { initialParameters, type TrainedModel } from './sft.ts';
import {
  answerText,
  isRight,
  MAX_SEQUENCE_TOKENS,
  PAD_ID,
  type Problem,
  ProblemStream,
  promptTokenIds,
  responseTokenIds,
} from './task.ts';

/** How often a rejected answer is a mistake of the SFT model itself, where it made one. */
const OWN_MISTAKE = 0.5;

export interface RewardOptions {
  readonly device: Device;
  readonly threads: number;
  readonly seed: number;
  readonly numSteps: number;
  readonly problems: readonly Problem[];
  /** What PPO will start from: the mistakes to reject are drawn from it. */
  readonly sft: TrainedModel;
  /** Responses of the SFT model per problem, of which the wrong ones are kept. */
  readonly samplesPerProblem: number;
  readonly onStep: (step: number, loss: number) => void;
}

/** Scores are raw: scoreMean and scoreStd of its config are still 0 and 1. */
export function trainRewardModel(options: RewardOptions): TrainedModel {
  const { device, threads, seed, numSteps, problems, sft, onStep } = options;
  const mistakes = drawMistakes(options);
  const layout = twoHeadedLayout();
  const parameters = initialParameters(layout, new Rng(seed, 10));
  copySlots(sft, { layout, parameters });
  const gradients = new Float32Array(layout.numElements);
  const model = new TrainableModel({ device, threads, config: sft.config, layout, parameters, gradients });
  try {
    const stream = new ProblemStream(problems, new Rng(seed, 11));
    const rng = new Rng(seed, 12);
    const nextInputs = () =>
      rewardInputs(stream.take(NUM_PAIRS).map((problem) => drawPair(problem, mistakes.get(problem) ?? [], rng)));
    optimize({ model, program: model.compile(buildRewardGraph(layout)), numSteps, nextInputs, onStep });
  } finally {
    model.dispose();
  }
  return dropLanguageModelHead(sft, { layout, parameters });
}

/** The SFT model's wrong answers by problem. */
function drawMistakes(options: RewardOptions): ReadonlyMap<Problem, readonly number[][]> {
  const { problems, sft, samplesPerProblem, seed } = options;
  const sampler = new Sampler({ ...options, model: sft, parameters: sft.parameters });
  const asked = problems.flatMap((problem) => Array.from({ length: samplesPerProblem }, () => problem));
  try {
    const responses = sampler.respond(asked.map(promptTokenIds), new Rng(seed, 13));
    const mistakes = new Map<Problem, number[][]>();
    responses.forEach((response, i) => {
      const problem = asked[i]!;
      if (isRight(problem, response) || response[0] === PAD_ID) return;
      mistakes.set(problem, [...(mistakes.get(problem) ?? []), response]);
    });
    return mistakes;
  } finally {
    sampler.dispose();
  }
}

function drawPair(problem: Problem, mistakes: readonly number[][], rng: Rng): AnswerPair {
  const isOwn = mistakes.length > 0 && rng.uniform() < OWN_MISTAKE;
  return {
    prompt: promptTokenIds(problem),
    chosen: responseTokenIds(answerText(problem)),
    rejected: isOwn ? mistakes[rng.nextInt(mistakes.length)]! : corrupt(problem, rng),
  };
}

interface FlatParameters {
  readonly layout: ParameterLayout;
  readonly parameters: Float32Array;
}

/** Every slot that both have by the same name. */
function copySlots(from: FlatParameters, to: FlatParameters): void {
  const sources = new Map(from.layout.slots.map((slot) => [slot.name, slot]));
  for (const slot of to.layout.slots) {
    const source = sources.get(slot.name);
    if (source !== undefined) slotView(to.parameters, slot).set(slotView(from.parameters, source));
  }
}

function dropLanguageModelHead({ config }: TrainedModel, { layout, parameters }: FlatParameters): TrainedModel {
  const slots = layout.slots.flatMap((slot) => {
    if (slot.name === 'head') return [];
    return slot.name === 'score' ? [{ ...slot, name: 'head' }] : [slot];
  });
  const kept = layoutParameters(config, 'score');
  const scored = { config, layout: kept, parameters: new Float32Array(kept.numElements) };
  copySlots({ layout: { ...layout, slots }, parameters }, scored);
  return scored;
}

export interface ScorerOptions {
  readonly device: Device;
  readonly threads: number;
  readonly model: TrainedModel;
}

/** The score at each response's last token, normalised as the model's config says. */
export function scoreResponses({ device, threads, model }: ScorerOptions, sequences: readonly Sequence[]): number[] {
  const { scoreMean, scoreStd } = model.config;
  const { parameters } = model;
  const options = { device, threads, model, parameters, length: MAX_SEQUENCE_TOKENS, buildGraph: buildScalarGraph };
  const lastToken = new LastTokenModel(options);
  try {
    const raw = lastToken.outputs(sequences.map(({ prompt, response }) => [...prompt, ...response]));
    return Array.from(raw, (value) => (value - scoreMean) / scoreStd);
  } finally {
    lastToken.dispose();
  }
}

/** The same model with scoreMean and scoreStd such that these sequences' scores have mean 0 and variance 1. */
export function normalizeScores(options: ScorerOptions, sequences: readonly Sequence[]): TrainedModel {
  const scores = scoreResponses(options, sequences);
  const mean = scores.reduce((total, score) => total + score, 0) / scores.length;
  const variance = scores.reduce((total, score) => total + (score - mean) ** 2, 0) / scores.length;
  const { model } = options;
  return { ...model, config: { ...model.config, scoreMean: mean, scoreStd: Math.sqrt(variance) } };
}
