// Batch sizes, and the promise they rest on: every size gives a row the same bits, wherever it lies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeBuffers } from '../../../worker/generation/decode-buffers.ts';
import { batchSizes, DecoderSession } from '../../../worker/generation/decoder-session.ts';
import type { ModelConfig } from '../../../worker/models/config.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';
import { flatModel, smallConfig } from './support.ts';

test('batch sizes grow by at most half and end with the maximum', () => {
  assert.deepEqual(batchSizes(1), [1]);
  assert.deepEqual(batchSizes(2), [1, 2]);
  assert.deepEqual(batchSizes(8), [1, 2, 3, 4, 6, 8]);
  assert.deepEqual(batchSizes(10), [1, 2, 3, 4, 6, 8, 10]);
  assert.deepEqual(batchSizes(64), [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]);
});

/** Wide enough that threads share the work of one product, and that products are blocked along their inner axis. */
const wide: ModelConfig = { ...smallConfig, vocabSize: 1031, hiddenSize: 384, intermediateSize: 1040, headDim: 40 };

for (const config of [smallConfig, wide]) {
  for (const threads of [1, 2]) {
    test(`width ${config.hiddenSize}, ${threads} threads: a row's bits depend on neither size nor place`, () => {
      const maxRows = 130;
      const cacheTokens = 8;
      const model = flatModel(config);
      const buffers = new DecodeBuffers({ config, maxRows, cacheTokens });
      const { layout, parameters } = model;
      const options = { device: createCpuDevice(), threads, model: { config, layout }, parameters, buffers };
      const session = new DecoderSession(options);
      const { vocabSize } = config;
      /** Logprobs of the one sequence after three tokens, at `row` among others that differ. */
      const logprobsAt = (numRows: number, row: number) => {
        for (let position = 0; position < 3; position++) {
          for (let other = 0; other < maxRows; other++) buffers.setRow(other, (other * 5 + position) % 37, position, 1);
          buffers.setRow(row, 10 + position, position, 1);
          session.decode(numRows);
        }
        return buffers.logprobs.slice(row * vocabSize, (row + 1) * vocabSize);
      };
      const expected = logprobsAt(1, 0);
      for (const size of batchSizes(maxRows)) {
        for (const row of new Set([0, size >> 1, size - 1])) {
          assert.deepEqual(logprobsAt(size, row), expected, `row ${row} of ${size}`);
        }
      }
      session.dispose();
    });
  }
}
