/** Text to ids and back, through tokenizer.json. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadTokenizer } from '../../../worker/models/tokenizer.ts';
import { buildTokenizerJson, writeTokenizer } from '../../../worker/models/tokenizer-json.ts';
import { modelError, temporaryFolder } from './fixtures.ts';

const vocabulary = {
  tokens: ['<pad>', '<bos>', '<eos>', ...'0123456789', '+', '=', '<unused>'],
  padToken: '<pad>',
  bosToken: '<bos>',
  eosToken: '<eos>',
  unknownToken: '<unused>',
};

function folderWithTokenizer(context: TestContext): string {
  const folder = temporaryFolder(context);
  writeTokenizer(folder, vocabulary, 16);
  return folder;
}

test('text becomes ids with what tokenizer.json adds, and ids text', (t) => {
  const tokenizer = loadTokenizer(folderWithTokenizer(t));
  assert.deepEqual(tokenizer.encode('12+34='), [1, 4, 5, 13, 6, 7, 14]);
  assert.deepEqual(tokenizer.encode(''), [1]);
  assert.deepEqual(tokenizer.encode('46<eos>'), [1, 7, 9, 2]);
  assert.equal(tokenizer.decode([1, 7, 9, 2, 0], { skipSpecialTokens: true }), '46');
  assert.equal(tokenizer.decode([1, 7, 9, 2, 0], { skipSpecialTokens: false }), '<bos>46<eos><pad>');
});

test('every text of the vocabulary comes back as it was', (t) => {
  const tokenizer = loadTokenizer(folderWithTokenizer(t));
  for (const text of ['0', '99+1=100', '====', '0123456789+=']) {
    assert.equal(tokenizer.decode(tokenizer.encode(text), { skipSpecialTokens: true }), text);
  }
});

test('no ids, and ids without a token, are no text', (t) => {
  const tokenizer = loadTokenizer(folderWithTokenizer(t));
  assert.equal(tokenizer.decode([], { skipSpecialTokens: true }), '');
  assert.equal(tokenizer.decode([99, 4], { skipSpecialTokens: false }), '1');
});

test('tokenizer_config.json may be absent, and may give tokens as objects', (t) => {
  const folder = folderWithTokenizer(t);
  rmSync(join(folder, 'tokenizer_config.json'));
  assert.deepEqual(loadTokenizer(folder).encode('1='), [1, 4, 14]);
  const bos_token = { __type: 'AddedToken', content: '<bos>', special: true };
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ bos_token }));
  assert.deepEqual(loadTokenizer(folder).encode('1='), [1, 4, 14]);
});

test('a byte-level BPE, as Llama 3 and Qwen2 have, is read', (t) => {
  const folder = temporaryFolder(t);
  const added = (id: number, content: string) => ({ id, content, special: true, normalized: false });
  const json = {
    added_tokens: [added(5, '<|end|>')],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: { a: 0, b: 1, Ġ: 2, ab: 3, Ġab: 4 }, merges: ['a b', 'Ġ ab'] },
  };
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(json));
  const tokenizer = loadTokenizer(folder);
  assert.deepEqual(tokenizer.encode('ab ab<|end|>'), [3, 4, 5]);
  assert.equal(tokenizer.decode([3, 4, 5], { skipSpecialTokens: true }), 'ab ab');
});

test('a missing or malformed tokenizer is refused with its path', (t) => {
  const folder = temporaryFolder(t);
  const error = modelError(() => loadTokenizer(folder));
  assert.equal(error.code, 'tokenizer');
  assert.match(error.message, /tokenizer\.json .*\n.*no readable file/);
  for (const text of ['[]', '{}', '{"model":5}']) {
    writeFileSync(join(folder, 'tokenizer.json'), text);
    assert.equal(modelError(() => loadTokenizer(folder)).code, 'tokenizer');
  }
});

test('a special token outside the vocabulary is a mistake', () => {
  assert.throws(() => buildTokenizerJson({ ...vocabulary, eosToken: '</s>' }), /<\/s> is not in the vocabulary/);
});
