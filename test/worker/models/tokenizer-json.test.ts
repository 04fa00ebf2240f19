/** The tokenizer files of a character vocabulary: the parts that transformers reads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTokenizerConfig, buildTokenizerJson } from '../../../worker/models/tokenizer-json.ts';

const vocabulary = {
  tokens: ['<p>', '<b>', '<e>', '1'],
  padToken: '<p>',
  bosToken: '<b>',
  eosToken: '<e>',
  unknownToken: '<e>',
};

test('special tokens are added once each, under their ids', () => {
  const { added_tokens } = buildTokenizerJson(vocabulary) as { added_tokens: { id: number; content: string }[] };
  assert.deepEqual(
    added_tokens.map(({ id, content }) => [id, content]),
    [
      [0, '<p>'],
      [1, '<b>'],
      [2, '<e>'],
    ],
  );
});

test('the vocabulary numbers tokens by place', () => {
  const { model } = buildTokenizerJson(vocabulary) as { model: { type: string; vocab: Record<string, number> } };
  assert.equal(model.type, 'WordLevel');
  assert.deepEqual(model.vocab, { '<p>': 0, '<b>': 1, '<e>': 2, '1': 3 });
});

test('the configuration names the class that transformers loads', () => {
  const config = buildTokenizerConfig(vocabulary, 64);
  assert.deepEqual(
    [config.tokenizer_class, config.model_max_length, config.pad_token],
    ['PreTrainedTokenizerFast', 64, '<p>'],
  );
});
