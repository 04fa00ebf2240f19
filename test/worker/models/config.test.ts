/** config.json in, config.json out, and everything refused that would compute something else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseModelConfig, toConfigJson } from '../../../worker/models/config.ts';
import { llama, llamaJson, modelError, qwen2 } from './fixtures.ts';

const parse = (json: object) => parseModelConfig(json, 'config.json');
const problemsOf = (change: object) =>
  modelError(() => parse({ ...llamaJson, ...change })).problems.map((problem) => problem.path);

test('a Llama of transformers 4 is read', () => {
  assert.deepEqual(parse(llamaJson), llama);
});

test('a Llama of transformers 5, with rope_parameters and dtype, is the same model', () => {
  const { rope_theta, ...rest } = llamaJson;
  const rope_parameters = { rope_theta, rope_type: 'default' };
  assert.deepEqual(parse({ ...rest, rope_parameters, dtype: 'bfloat16' }), llama);
});

test('what config.json does not say is what transformers assumes', () => {
  const { rope_theta, rms_norm_eps, num_key_value_heads, bos_token_id, eos_token_id, pad_token_id, ...rest } =
    llamaJson;
  const config = parse(rest);
  assert.deepEqual(config, { ...llama, ropeTheta: 10_000, rmsNormEps: 1e-6, numKvHeads: 2, padTokenId: null });
});

test('Qwen2 has biases on q, k, v whatever it says, and no default special tokens', () => {
  const { bos_token_id, eos_token_id, ...rest } = llamaJson;
  const json = { ...rest, model_type: 'qwen2', architectures: ['Qwen2ForCausalLM'], tie_word_embeddings: true };
  assert.deepEqual(parse({ ...json, use_sliding_window: false, sliding_window: 8 }), {
    ...qwen2,
    bosTokenId: null,
    eosTokenIds: [],
  });
});

test('Mistral without a window in use is read', () => {
  const json = { ...llamaJson, model_type: 'mistral', architectures: ['MistralForCausalLM'] };
  for (const sliding_window of [null, 32, 4096]) {
    assert.deepEqual(parse({ ...json, sliding_window }), { ...llama, modelType: 'mistral' });
  }
  assert.equal(parse(json).modelType, 'mistral'); // 4096 assumed, 32 positions
});

test('a window that sequences can outgrow is refused', () => {
  const mistral = { model_type: 'mistral', architectures: ['MistralForCausalLM'] };
  assert.deepEqual(problemsOf({ ...mistral, sliding_window: 16 }), ['sliding_window']);
  assert.deepEqual(problemsOf({ ...mistral, max_position_embeddings: 8192 }), ['sliding_window']);
  const qwen = { model_type: 'qwen2', architectures: ['Qwen2ForCausalLM'], sliding_window: 16 };
  assert.deepEqual(problemsOf({ ...qwen, use_sliding_window: true }), ['sliding_window']);
  assert.deepEqual(problemsOf({ ...qwen, layer_types: ['full_attention', 'sliding_attention'] }), ['sliding_window']);
});

test('every problem is listed at once, with place, value, rule and remedy', () => {
  const error = modelError(() =>
    parse({ ...llamaJson, hidden_size: 0, hidden_act: 'gelu', rope_scaling: { rope_type: 'yarn' } }),
  );
  assert.equal(error.code, 'config');
  assert.deepEqual(
    error.problems.map((problem) => problem.path),
    ['hidden_size', 'rope_scaling', 'hidden_act'],
  );
  assert.match(error.message, /hidden_act: found "gelu"; allowed: "silu"\. Use a model with SwiGLU\./);
});

test('what is not supported is refused', () => {
  assert.deepEqual(problemsOf({ model_type: 'gpt2' }), ['model_type']);
  assert.deepEqual(problemsOf({ model_type: '__proto__' }), ['model_type']);
  assert.deepEqual(problemsOf({ architectures: ['LlamaForTokenClassification'] }), ['architectures']);
  assert.deepEqual(problemsOf({ attention_bias: true }), ['attention_bias']);
  assert.deepEqual(problemsOf({ mlp_bias: true }), ['mlp_bias']);
  assert.deepEqual(problemsOf({ partial_rotary_factor: 0.5 }), ['partial_rotary_factor']);
  assert.deepEqual(problemsOf({ rope_parameters: { rope_type: 'llama3', rope_theta: 5 } }), ['rope_parameters']);
  assert.deepEqual(problemsOf({ rope_parameters: { rope_theta: 'x' } }), ['rope_parameters.rope_theta']);
});

test('sizes that do not fit each other are refused', () => {
  assert.deepEqual(problemsOf({ num_key_value_heads: 3 }), ['num_key_value_heads']);
  assert.deepEqual(problemsOf({ head_dim: 5 }), ['head_dim']);
  assert.deepEqual(problemsOf({ hidden_size: 9 }), ['hidden_size']);
  assert.deepEqual(problemsOf({ vocab_size: 1e12 }), ['vocab_size']);
  assert.deepEqual(problemsOf({ vocab_size: undefined }), ['vocab_size']);
  assert.deepEqual(problemsOf({ eos_token_id: 10 }), ['eos_token_id']);
  assert.deepEqual(problemsOf({ std: 0 }), ['std']);
  assert.throws(() => parse([]), /allowed: a JSON object/);
});

test('token ids may be one, several, none', () => {
  assert.deepEqual(parse({ ...llamaJson, eos_token_id: [2, 3] }).eosTokenIds, [2, 3]);
  assert.deepEqual(parse({ ...llamaJson, eos_token_id: null }).eosTokenIds, []);
  assert.equal(parse({ ...llamaJson, pad_token_id: -1 }).padTokenId, null);
});

test('what is written is read back as the same model', () => {
  const models = [
    llama,
    qwen2,
    { ...llama, modelType: 'mistral', maxPositions: 100_000 } as const,
    { ...llama, headDim: 6, eosTokenIds: [2, 3], padTokenId: null, bosTokenId: null },
  ];
  for (const model of models) {
    for (const head of ['language-model', 'score'] as const) {
      const json = JSON.parse(JSON.stringify(toConfigJson(model, head)));
      assert.deepEqual(parseModelConfig(json, 'x'), model);
    }
  }
  const reward = { ...llama, scoreMean: -0.5, scoreStd: 2 };
  const json = toConfigJson(reward, 'score');
  assert.deepEqual(parseModelConfig(json, 'x'), reward);
  assert.deepEqual(json.architectures, ['LlamaForSequenceClassification']);
  assert.deepEqual(json.id2label, { 0: 'LABEL_0' });
});
