/** Where parameters lie in the flat buffer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  layoutParameters,
  numElementsOf,
  type ParameterLayout,
  SLOT_ALIGNMENT,
  slotView,
} from '../../../worker/models/layout.ts';
import { llama, qwen2 } from './fixtures.ts';

const shapesOf = (layout: ParameterLayout) => Object.fromEntries(layout.slots.map((slot) => [slot.name, slot.shape]));

test('a Llama has the slots that the graph expects, in shapes of [out, in]', () => {
  const shapes = shapesOf(layoutParameters(llama, 'language-model'));
  const layer = (i: number) => ({
    [`layers.${i}.attentionNorm`]: [8],
    [`layers.${i}.qkv`]: [16, 8],
    [`layers.${i}.o`]: [8, 8],
    [`layers.${i}.mlpNorm`]: [8],
    [`layers.${i}.gateUp`]: [24, 8],
    [`layers.${i}.down`]: [8, 12],
  });
  assert.deepEqual(shapes, { embedding: [10, 8], ...layer(0), ...layer(1), finalNorm: [8], head: [10, 8] });
});

test('biases, tied embeddings and the score head change the slots as they should', () => {
  const tied = shapesOf(layoutParameters(qwen2, 'language-model'));
  assert.deepEqual(tied['layers.1.qkvBias'], [16]);
  assert.ok(!('head' in tied));
  assert.deepEqual(shapesOf(layoutParameters(qwen2, 'score')).head, [1, 8]);
  assert.deepEqual(shapesOf(layoutParameters(llama, 'score')).head, [1, 8]);
});

test('a head wider than the hidden size is laid out by its own size', () => {
  const shapes = shapesOf(layoutParameters({ ...llama, headDim: 6 }, 'language-model'));
  assert.deepEqual(
    [shapes['layers.0.qkv'], shapes['layers.0.o']],
    [
      [24, 8],
      [8, 12],
    ],
  );
});

test('slots are aligned and disjoint; their tensors fill them without a gap', () => {
  for (const config of [llama, { ...qwen2, hiddenSize: 10, intermediateSize: 7 }]) {
    const layout = layoutParameters(config, 'score');
    let end = 0;
    for (const slot of layout.slots) {
      assert.equal(slot.offset % SLOT_ALIGNMENT, 0);
      assert.ok(slot.offset >= end && slot.offset < end + SLOT_ALIGNMENT);
      let next = slot.offset;
      for (const tensor of slot.tensors) {
        assert.equal(tensor.offset, next);
        next += numElementsOf(tensor.shape);
      }
      end = slot.offset + numElementsOf(slot.shape);
      assert.equal(next, end);
    }
    assert.ok(layout.numElements >= end && layout.numElements % SLOT_ALIGNMENT === 0);
  }
});

test('q, k, v and gate, up lie in the order of their rows', () => {
  const { slots } = layoutParameters(llama, 'language-model');
  const names = (slot: string) =>
    slots.find(({ name }) => name === slot)!.tensors.map(({ name, shape }) => [name, shape]);
  assert.deepEqual(names('layers.0.qkv'), [
    ['model.layers.0.self_attn.q_proj.weight', [8, 8]],
    ['model.layers.0.self_attn.k_proj.weight', [4, 8]],
    ['model.layers.0.self_attn.v_proj.weight', [4, 8]],
  ]);
  assert.deepEqual(names('layers.1.gateUp'), [
    ['model.layers.1.mlp.gate_proj.weight', [12, 8]],
    ['model.layers.1.mlp.up_proj.weight', [12, 8]],
  ]);
});

test('a view of a slot shares the buffer', () => {
  const layout = layoutParameters(llama, 'language-model');
  const flat = new Float32Array(layout.numElements);
  const slot = layout.slots[2]!;
  const view = slotView(flat, slot);
  view[0] = 5;
  assert.equal(view.length, 128);
  assert.equal(flat[slot.offset], 5);
});
