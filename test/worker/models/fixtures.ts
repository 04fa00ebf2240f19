/** Small model configurations, and temporary folders that the test's end removes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ModelConfig } from '../../../worker/models/config.ts';
import { ModelError } from '../../../worker/models/model-error.ts';

/** config.json of a Llama small enough to compute by hand: d 8, F 12, 2 layers, 2 heads of 4, 1 KV head, V 10. */
export const llamaJson = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 10,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 32,
  rms_norm_eps: 1e-5,
  rope_theta: 500,
  bos_token_id: 1,
  eos_token_id: 2,
  pad_token_id: 0,
};

export const llama: ModelConfig = {
  modelType: 'llama',
  vocabSize: 10,
  hiddenSize: 8,
  intermediateSize: 12,
  numLayers: 2,
  numHeads: 2,
  numKvHeads: 1,
  headDim: 4,
  rmsNormEps: 1e-5,
  ropeTheta: 500,
  maxPositions: 32,
  tieWordEmbeddings: false,
  attentionBias: false,
  bosTokenId: 1,
  eosTokenIds: [2],
  padTokenId: 0,
  scoreMean: 0,
  scoreStd: 1,
};

export const qwen2: ModelConfig = { ...llama, modelType: 'qwen2', attentionBias: true, tieWordEmbeddings: true };

export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ppo-models-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The ModelError that `f` throws; anything else, or nothing, fails the test. */
export function modelError(f: () => unknown): ModelError {
  try {
    f();
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
  throw new Error('expected a ModelError');
}
