// Text piece by piece: whole characters, stop strings held back, found and cut off.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TextStream } from '../../../../worker/generation/openai/text-stream.ts';
import type { Tokenizer } from '../../../../worker/models/tokenizer.ts';

/** A token is a byte; 0 is special. */
const bytes: Tokenizer = {
  encode: (text) => [...Buffer.from(text)],
  decode: (ids, { skipSpecialTokens }) => Buffer.from(ids.filter((id) => !skipSpecialTokens || id !== 0)).toString(),
};

function pieces(
  text: string,
  stopStrings: readonly string[],
): { readonly given: string[]; readonly isStopped: boolean } {
  const stream = new TextStream(bytes, stopStrings);
  const given = bytes.encode(text).map((id) => stream.push(id));
  given.push(stream.end());
  return { given, isStopped: stream.isStopped };
}

test('gives out every character as soon as it is whole', () => {
  assert.deepEqual(pieces('aé€b', []).given, ['a', '', 'é', '', '', '€', 'b', '']);
});

test('leaves special tokens out', () => {
  const stream = new TextStream(bytes, []);
  assert.deepEqual([97, 0, 98].map((id) => stream.push(id)).join('|') + stream.end(), 'a||b');
});

test('gives the rest at the end, broken bytes as the replacement character', () => {
  const stream = new TextStream(bytes, []);
  assert.equal(stream.push(97), 'a');
  assert.equal(stream.push(0xe2), '');
  assert.equal(stream.end(), '\uFFFD');
});

test('cuts at the first stop string and gives out nothing of it', () => {
  assert.deepEqual(pieces('one two three', ['two', 'three']), {
    given: [...'one ', ...Array<string>(10).fill('')],
    isStopped: true,
  });
});

test('holds back what may begin a stop string, and gives it when it does not', () => {
  assert.deepEqual(pieces('abab!', ['abc']).given, ['', '', 'ab', '', 'ab!', '']);
  assert.deepEqual(pieces('ab', ['abc']), { given: ['', '', 'ab'], isStopped: false });
});

test('takes the stop string that begins first', () => {
  assert.equal(pieces('xabcd', ['bc', 'abcd']).given.join(''), 'xa');
});
