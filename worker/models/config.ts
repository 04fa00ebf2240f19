/**
 * config.json of a Hugging Face model folder: the architectures this project computes, read from and written in the
 * style of transformers 4 and 5. Refuses whatever would silently compute something else.
 * Knows nothing of weights, files or graphs.
 * Source of names and defaults: transformers' configuration_llama.py, configuration_mistral.py, configuration_qwen2.py.
 */
import { ConfigReader, isJsonObject, type JsonObject } from './config-reader.ts';
import type { HeadKind } from './layout.ts';
import { ModelError } from './model-error.ts';

export type ModelType = 'llama' | 'mistral' | 'qwen2';

export interface ModelConfig {
  readonly modelType: ModelType;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly numKvHeads: number;
  /** Even: rotary embedding turns pairs of a head's elements. */
  readonly headDim: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  /** Tokens of the longest sequence. */
  readonly maxPositions: number;
  readonly tieWordEmbeddings: boolean;
  /** q, k and v have biases, o has none (qwen2). */
  readonly attentionBias: boolean;
  readonly bosTokenId: number | null;
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number | null;
  /** A score is (head's output - scoreMean) / scoreStd: "mean" and "std" of OpenRLHF's reward models. */
  readonly scoreMean: number;
  readonly scoreStd: number;
}

const CLASS_PREFIX: Readonly<Record<ModelType, string>> = { llama: 'Llama', mistral: 'Mistral', qwen2: 'Qwen2' };
const HEAD_CLASS: Readonly<Record<HeadKind, string>> = {
  'language-model': 'ForCausalLM',
  score: 'ForSequenceClassification',
};
/** What transformers assumes where config.json is silent. */
const MISTRAL_DEFAULT_WINDOW = 4096;

/**
 * Reads the JSON value of a config.json; `path` names it in messages.
 * Throws ModelError ('config') that lists every problem.
 */
export function parseModelConfig(json: unknown, path: string): ModelConfig {
  if (!isJsonObject(json)) {
    const remedy = 'Copy the config.json that belongs to the weights.';
    throw new ModelError('config', path, [{ path: '.', found: typeof json, allowed: 'a JSON object', remedy }]);
  }
  const reader = new ConfigReader(json);
  const modelType = readModelType(reader);
  const hiddenSize = reader.count('hidden_size');
  const numHeads = reader.count('num_attention_heads');
  const vocabSize = reader.count('vocab_size');
  const hasDefaultTokens = modelType !== 'qwen2';
  const config: ModelConfig = {
    modelType,
    vocabSize,
    hiddenSize,
    intermediateSize: reader.count('intermediate_size'),
    numLayers: reader.count('num_hidden_layers'),
    numHeads,
    numKvHeads: reader.count('num_key_value_heads', defaultKvHeads(modelType, numHeads)),
    headDim: readHeadDim(reader, hiddenSize, numHeads),
    rmsNormEps: reader.number('rms_norm_eps', 1e-6, 0),
    ropeTheta: readRopeTheta(reader, json),
    maxPositions: reader.count('max_position_embeddings'),
    tieWordEmbeddings: reader.boolean('tie_word_embeddings', false),
    attentionBias: modelType === 'qwen2',
    bosTokenId: reader.tokenIds('bos_token_id', hasDefaultTokens ? [1] : [], vocabSize)[0] ?? null,
    eosTokenIds: reader.tokenIds('eos_token_id', hasDefaultTokens ? [2] : [], vocabSize),
    padTokenId: readPadTokenId(reader, vocabSize),
    scoreMean: reader.number('mean', 0, Number.NEGATIVE_INFINITY),
    scoreStd: reader.number('std', 1, 0),
  };
  refuseUnsupported(reader, config);
  if (reader.problems.length > 0) throw new ModelError('config', path, reader.problems);
  return config;
}

function readModelType(reader: ConfigReader): ModelType {
  const value = reader.raw('model_type');
  const modelType = (Object.keys(CLASS_PREFIX) as ModelType[]).find((known) => known === value);
  if (modelType === undefined) {
    reader.refuse('model_type', value, '"llama", "mistral" or "qwen2"', 'Use a model of one of these families.');
    return 'llama';
  }
  const architectures = reader.raw('architectures');
  const allowed = Object.values(HEAD_CLASS).map((head) => CLASS_PREFIX[modelType] + head);
  const isAllowed = (name: unknown) => typeof name === 'string' && allowed.includes(name);
  if (architectures != null && !(Array.isArray(architectures) && architectures.every(isAllowed))) {
    reader.refuse('architectures', architectures, allowed.join(' or '), 'Use a model with one of these heads.');
  }
  return modelType;
}

function defaultKvHeads(modelType: ModelType, numHeads: number): number {
  return modelType === 'mistral' ? 8 : numHeads;
}

function readHeadDim(reader: ConfigReader, hiddenSize: number, numHeads: number): number {
  if (hiddenSize === 0 || numHeads === 0) return 0; // refused already; what follows from them says nothing new
  const headDim = reader.count('head_dim', Math.max(1, Math.floor(hiddenSize / numHeads)));
  if (reader.raw('head_dim') == null && hiddenSize % numHeads !== 0) {
    const remedy = 'Set head_dim, or correct the sizes.';
    reader.refuse('hidden_size', hiddenSize, `a multiple of num_attention_heads ${numHeads}`, remedy);
  }
  if (headDim % 2 !== 0) reader.refuse('head_dim', headDim, 'an even number', 'Rotary embedding needs pairs.');
  return headDim;
}

function readPadTokenId(reader: ConfigReader, vocabSize: number): number | null {
  // Some published configs say -1 for "none".
  return reader.raw('pad_token_id') === -1 ? null : (reader.tokenIds('pad_token_id', [], vocabSize)[0] ?? null);
}

/** transformers 4: rope_theta and rope_scaling at the top; transformers 5: both in rope_parameters. */
function readRopeTheta(reader: ConfigReader, json: JsonObject): number {
  for (const key of ['rope_parameters', 'rope_scaling']) {
    const rope = json[key];
    if (rope == null) continue;
    const type = isJsonObject(rope) ? (rope.rope_type ?? rope.type ?? 'default') : 'malformed';
    if (type !== 'default')
      reader.refuse(key, rope, 'null or rope_type "default"', 'Use a model without RoPE scaling.');
  }
  const nested = isJsonObject(json.rope_parameters) ? json.rope_parameters.rope_theta : undefined;
  if (nested === undefined) return reader.number('rope_theta', 10_000, 0);
  if (typeof nested === 'number' && Number.isFinite(nested) && nested > 0) return nested;
  reader.refuse('rope_parameters.rope_theta', nested, 'a number above 0', 'Set it as in training.');
  return 10_000;
}

function refuseUnsupported(reader: ConfigReader, config: ModelConfig): void {
  const { numHeads, numKvHeads } = config;
  if (numKvHeads > 0 && numHeads % numKvHeads !== 0) {
    const remedy = 'Correct the head counts.';
    reader.refuse('num_key_value_heads', numKvHeads, `a divisor of num_attention_heads ${numHeads}`, remedy);
  }
  const activation = reader.raw('hidden_act') ?? 'silu';
  if (activation !== 'silu') reader.refuse('hidden_act', activation, '"silu"', 'Use a model with SwiGLU.');
  refuseValue(reader, 'mlp_bias', [false]);
  // In transformers a Llama's attention_bias gives o a bias too; Qwen2's are always on and never on o.
  if (config.modelType !== 'qwen2') refuseValue(reader, 'attention_bias', [false]);
  refuseValue(reader, 'partial_rotary_factor', [1]);
  refuseSlidingWindow(reader, config);
}

function refuseValue(reader: ConfigReader, key: string, allowed: readonly unknown[]): void {
  const value = reader.raw(key);
  if (value == null || allowed.includes(value)) return;
  reader.refuse(key, value, allowed.map(String).join(' or '), 'Use a model without it.');
}

/** A window at least as long as the longest sequence changes nothing and is let through. */
function refuseSlidingWindow(reader: ConfigReader, config: ModelConfig): void {
  const layerTypes = reader.raw('layer_types');
  const isFull = !Array.isArray(layerTypes) || layerTypes.every((type) => type === 'full_attention');
  let window = reader.raw('sliding_window');
  if (config.modelType === 'mistral' && window === undefined) window = MISTRAL_DEFAULT_WINDOW;
  const canSlide = config.modelType === 'mistral' || reader.raw('use_sliding_window') === true || !isFull;
  if (!canSlide || window == null) return;
  if (typeof window === 'number' && window >= config.maxPositions) return;
  const allowed = `null, or at least max_position_embeddings ${config.maxPositions}`;
  const remedy = 'Lower max_position_embeddings to the window (longer sequences are then refused).';
  reader.refuse('sliding_window', window, allowed, remedy);
}

/** The config.json that transformers 4 and 5 read back as this model, with float32 weights. */
export function toConfigJson(config: ModelConfig, head: HeadKind): JsonObject {
  const eos = config.eosTokenIds;
  return {
    architectures: [CLASS_PREFIX[config.modelType] + HEAD_CLASS[head]],
    model_type: config.modelType,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.numLayers,
    num_attention_heads: config.numHeads,
    num_key_value_heads: config.numKvHeads,
    head_dim: config.headDim,
    hidden_act: 'silu',
    rms_norm_eps: config.rmsNormEps,
    rope_theta: config.ropeTheta,
    max_position_embeddings: config.maxPositions,
    tie_word_embeddings: config.tieWordEmbeddings,
    bos_token_id: config.bosTokenId,
    eos_token_id: eos.length > 1 ? [...eos] : (eos[0] ?? null),
    pad_token_id: config.padTokenId,
    ...familyFields(config),
    ...(head === 'score' ? scoreFields(config) : {}),
    attention_dropout: 0,
    initializer_range: 0.02,
    use_cache: true,
    torch_dtype: 'float32',
  };
}

function familyFields(config: ModelConfig): JsonObject {
  if (config.modelType === 'llama') return { attention_bias: false, mlp_bias: false };
  // Said aloud, because transformers assumes a window where Mistral's is absent.
  if (config.modelType === 'mistral') return { sliding_window: null };
  return { use_sliding_window: false };
}

function scoreFields(config: ModelConfig): JsonObject {
  // One label makes transformers build a head with one output.
  return { id2label: { 0: 'LABEL_0' }, label2id: { LABEL_0: 0 }, mean: config.scoreMean, std: config.scoreStd };
}
