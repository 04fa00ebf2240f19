/**
 * The policy's training graph: PPO's clipped surrogate with optional dual clip, entropy bonus and KL to the reference, as
 * token means over the whole optimizer step. Logprobs are at the rollout's temperature, the entropy is at 1.
 * Knows nothing of experiences, ranks or optimizers.
 * Source: design/ppo-math.md 3.1, 3.2, 3.4, 3.7 (OpenRLHF v0.11.0); worker/ppo/losses.ts computes the same in TypeScript.
 *
 * Letters: M positions, V vocabulary.
 */
import type { JobConfig } from '../../api/job-config.ts';
import { Graph, type Value } from '../../graph/graph.ts';
import {
  add,
  clamp,
  compare,
  exp,
  maximum,
  minimum,
  multiply,
  negate,
  square,
  subtract,
  where,
} from '../../graph/ops/elementwise.ts';
import { atTemperature, entropy, logitsHead, logprobHead } from '../../models/heads.ts';
import { type CompiledGraph, finishTrainGraph } from '../../models/train-graph.ts';
import { type BatchShape, buildTrunk, type ModelDescription } from '../../models/trunk.ts';
import type { KlEstimator } from '../../ppo/kl.ts';
import { LOG_RATIO_LIMIT } from '../../ppo/losses.ts';
import { addTokenWeights, type ColumnName, maskedSum, type Objective } from './objective.ts';

export interface PolicyOptions {
  /** What responses are sampled at: ratios and KL are of that distribution, which is the policy that acts. */
  readonly temperature: number;
  readonly clipRangeLow: number;
  readonly clipRangeHigh: number;
  /** > 1; null: off. */
  readonly dualClip: number | null;
  /** Weight of the entropy bonus; 0: none. */
  readonly entropyCoef: number;
  /** KL to the reference as a part of the loss; null: none. */
  readonly kl: { readonly coef: number; readonly estimator: KlEstimator } | null;
}

/** As in kl.ts: an estimate is held within +- this. */
const KL_LIMIT = 10;
/** Beyond it every estimate of |d| is cut to KL_LIMIT anyway, and exp would overflow. */
const KL_DIFFERENCE_LIMIT = 20;

export function policyOptions({ algorithm, rollout }: JobConfig): PolicyOptions {
  const { clipRangeLow, clipRangeHigh, dualClip, entropyCoef, kl } = algorithm;
  const klInLoss = kl.placement === 'loss' ? { coef: kl.coef, estimator: kl.estimator } : null;
  return { temperature: rollout.temperature, clipRangeLow, clipRangeHigh, dualClip, entropyCoef, kl: klInLoss };
}

/** The actor's objective. Figures: clipFraction, approxKl (old - new, nats), entropy (nats), referenceKl with a KL term. */
export function createPolicyObjective(options: PolicyOptions): Objective {
  const columns: ColumnName[] = ['oldLogprobs', 'advantages'];
  const figures = ['clipFraction', 'approxKl', 'entropy'];
  if (options.kl !== null) {
    columns.push('referenceLogprobs');
    figures.push('referenceKl');
  }
  return {
    head: 'language-model',
    temperature: options.temperature,
    columns,
    figures,
    buildTrainGraph: (model, shape) => buildPolicyGraph(model, shape, options),
  };
}

function buildPolicyGraph(model: ModelDescription, shape: BatchShape, options: PolicyOptions): CompiledGraph {
  const graph = new Graph();
  const trunk = buildTrunk(graph, model, shape);
  const logits = logitsHead(graph, trunk);
  const targets = graph.input('targets', [shape.positions], 'int64');
  const newLogprobs = logprobHead(graph, atTemperature(graph, logits, options.temperature), targets);
  const loss = addPolicyLoss(graph, { newLogprobs, entropy: entropy(graph, logits) }, options);
  return finishTrainGraph(graph, loss, trunk, model.layout);
}

/** newLogprobs and entropy [M] to the loss []; adds the objective's inputs and the outputs "sum.<figure>". */
export function addPolicyLoss(
  graph: Graph,
  policy: { readonly newLogprobs: Value; readonly entropy: Value },
  options: PolicyOptions,
): Value {
  const positions = policy.newLogprobs.shape[0] as number;
  const weights = addTokenWeights(graph, positions);
  const oldLogprobs = graph.input('oldLogprobs', [positions]);
  const advantages = graph.input('advantages', [positions]);
  const difference = subtract(graph, policy.newLogprobs, oldLogprobs);
  const { surrogate, isClipped } = graph.unit('policyLoss', () =>
    clippedTerm(graph, { difference, advantages }, options),
  );
  const total = (values: Value) => maskedSum(graph, values, weights);
  const entropySum = total(policy.entropy);
  let loss = negate(graph, total(surrogate));
  if (options.entropyCoef > 0) {
    loss = subtract(graph, loss, multiply(graph, entropySum, graph.scalar(options.entropyCoef)));
  }
  if (options.kl !== null) {
    const referenceLogprobs = graph.input('referenceLogprobs', [positions]);
    const kl = tokenKl(graph, subtract(graph, policy.newLogprobs, referenceLogprobs), options.kl.estimator);
    const klSum = total(kl);
    loss = add(graph, loss, multiply(graph, klSum, graph.scalar(options.kl.coef)));
    graph.output(klSum, 'sum.referenceKl');
  }
  graph.output(total(where(graph, isClipped, graph.scalar(1), graph.scalar(0))), 'sum.clipFraction');
  graph.output(total(negate(graph, difference)), 'sum.approxKl');
  graph.output(entropySum, 'sum.entropy');
  return multiply(graph, loss, weights.tokenWeight);
}

/** min(ratio A, clip(ratio) A) per token, [M], bounded below by dual clip where A < 0; and where the clip decided. */
function clippedTerm(
  graph: Graph,
  { difference, advantages }: { readonly difference: Value; readonly advantages: Value },
  { clipRangeLow, clipRangeHigh, dualClip }: PolicyOptions,
): { readonly surrogate: Value; readonly isClipped: Value } {
  const ratio = exp(graph, clamp(graph, difference, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT));
  const plain = multiply(graph, ratio, advantages);
  const clipped = multiply(graph, clamp(graph, ratio, 1 - clipRangeLow, 1 + clipRangeHigh), advantages);
  const isClipped = compare(graph, 'Less', clipped, plain);
  const surrogate = minimum(graph, clipped, plain);
  if (dualClip === null) return { surrogate, isClipped };
  const bound = maximum(graph, multiply(graph, advantages, graph.scalar(dualClip)), surrogate);
  const isNegative = compare(graph, 'Less', advantages, graph.scalar(0));
  return { surrogate: where(graph, isNegative, bound, surrogate), isClipped };
}

/** kl.ts's estimateTokenKl of d = new - reference, [M]. */
function tokenKl(graph: Graph, d: Value, estimator: KlEstimator): Value {
  const bounded = clamp(graph, d, -KL_DIFFERENCE_LIMIT, KL_DIFFERENCE_LIMIT);
  const estimate = () => {
    if (estimator === 'k1') return bounded;
    if (estimator === 'k2') return multiply(graph, square(graph, bounded), graph.scalar(0.5));
    const excess = subtract(graph, exp(graph, negate(graph, bounded)), graph.scalar(1));
    return add(graph, excess, bounded);
  };
  return graph.unit('kl', () => clamp(graph, estimate(), -KL_LIMIT, KL_LIMIT));
}
