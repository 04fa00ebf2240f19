// What the tests of model graphs share: tiny configurations, random parameters, inputs of a batch.
import type { ModelConfig } from '../../../worker/models/config.ts';
import { buildLogitsGraph } from '../../../worker/models/forward-graphs.ts';
import { type HeadKind, layoutParameters, type ParameterLayout, slotView } from '../../../worker/models/layout.ts';
import type { ModelDescription } from '../../../worker/models/trunk.ts';
import { random, runOnce } from '../graph/support.ts';

export const tinyConfig: ModelConfig = {
  modelType: 'llama',
  vocabSize: 11,
  hiddenSize: 8,
  intermediateSize: 12,
  numLayers: 2,
  numHeads: 4,
  numKvHeads: 2,
  headDim: 4,
  rmsNormEps: 1e-5,
  ropeTheta: 100,
  maxPositions: 2048,
  tieWordEmbeddings: false,
  attentionBias: false,
  bosTokenId: 1,
  eosTokenIds: [2],
  padTokenId: 0,
  scoreMean: 0,
  scoreStd: 1,
};

export interface RandomModel extends ModelDescription {
  /** One view of the flat parameters per slot, keyed as the graph's inputs: "parameter.<slot>". */
  readonly parameters: Record<string, Float32Array>;
}

/** Norms near 1, biases near 0, matrices uniform in about +-sqrt(3 / columns): activations of order one. */
export function randomModel(config: ModelConfig, head: HeadKind, seed = 1): RandomModel {
  const layout = layoutParameters(config, head);
  const flat = new Float32Array(layout.numElements);
  layout.slots.forEach((slot, index) => {
    const view = slotView(flat, slot);
    const isVector = slot.shape.length === 1;
    const range = isVector ? 0.3 : Math.sqrt(3 / slot.shape[1]!);
    const center = isVector && !slot.name.endsWith('Bias') ? 1 : 0;
    view.set(random(view.length, seed * 1000 + index, center - range, center + range));
  });
  return { config, layout, parameters: parameterInputs(flat, layout) };
}

export function parameterInputs(flat: Float32Array, layout: ParameterLayout): Record<string, Float32Array> {
  return Object.fromEntries(layout.slots.map((slot) => [`parameter.${slot.name}`, slotView(flat, slot)]));
}

/** tokenIds [B*T], selected [M] and inverse [B*T]; `selected` defaults to all positions. */
export function batchInputs(rows: readonly (readonly number[])[], selected?: readonly number[]) {
  const tokens = rows.flat();
  const chosen = selected ?? tokens.map((_, position) => position);
  const inverse = new BigInt64Array(tokens.length).fill(BigInt(chosen.length));
  chosen.forEach((position, place) => {
    inverse[position] = BigInt(place);
  });
  return { tokenIds: BigInt64Array.from(tokens, BigInt), selected: BigInt64Array.from(chosen, BigInt), inverse };
}

/** Logits [M, V] of the selected positions (default: all). */
export function logitsOf(model: RandomModel, rows: readonly (readonly number[])[], selected?: readonly number[]) {
  const inputs = batchInputs(rows, selected);
  const shape = { rows: rows.length, length: rows[0]!.length, positions: inputs.selected.length };
  return runOnce(buildLogitsGraph(model, shape), { ...model.parameters, ...inputs }).logits!;
}
