// Sequences from the network: what is refused, and that every problem is said at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { readSequences, refuseProblems, responseLength } from '../../../worker/scoring/sequence.ts';
import { RpcError } from '../../../worker/service/rpc.ts';

const limits = { vocabSize: 10, maxPositions: 6 };

test('a sequence is read as it stands', () => {
  const [sequence] = readSequences([{ tokenIds: [1, 9, 0], promptLength: 2 }], limits);
  assert.deepEqual(sequence, { tokenIds: Int32Array.of(1, 9, 0), promptLength: 2 });
  assert.equal(responseLength(sequence!), 1);
});

test('every problem of every sequence is listed', () => {
  const wire = [
    { tokenIds: [], promptLength: 1 },
    { tokenIds: [1, 10], promptLength: 0 },
    { tokenIds: [1, 2, 3, 4, 5, 6, 7], promptLength: 8 },
    { tokenIds: [1, 2], promptLength: 1 },
  ];
  assert.throws(
    () => readSequences(wire, limits),
    (error) => {
      assert.ok(error instanceof RpcError);
      assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
      for (const part of [
        "sequences[0].token_ids: found 0 tokens, allowed 1 to 6 (the model's)",
        'sequences[0].prompt_length: found 1, allowed 1 to the 0 tokens of the sequence',
        'sequences[1].prompt_length: found 0',
        'sequences[1].token_ids[1]: found 10, allowed 0 to 9; use the tokenizer of this model',
        'sequences[2].token_ids: found 7 tokens',
        'sequences[2].prompt_length: found 8, allowed 1 to the 7 tokens',
      ]) {
        assert.ok(error.message.includes(part), `${part}\nnot in\n${error.message}`);
      }
      assert.ok(!error.message.includes('sequences[3]'));
      return true;
    },
  );
});

test('a long list of problems is cut, and says how much is left', () => {
  const problems = Array.from({ length: 25 }, (_, i) => `problem ${i}`);
  assert.throws(() => refuseProblems(problems), /problem 19; and 5 more$/);
  refuseProblems([]);
});
