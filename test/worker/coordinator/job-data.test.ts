/** All problems of model and data come out together, as a failure that no restart can mend. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadJobData } from '../../../worker/coordinator/job-data.ts';
import { HopelessError } from '../../../worker/service/lifecycle.ts';
import { FakeJob } from './fake-job.ts';

test('a job reads its prompts with the tokenizer of the actor', async () => {
  await using job = new FakeJob();
  const data = loadJobData(job.config);
  assert.equal(data.train.length, 20);
  assert.equal(data.evaluation?.length, 5);
  // <bos> 0 + 0 =
  assert.deepEqual(data.train[0]!.promptTokenIds, [1, 3, 13, 3, 14]);
  assert.deepEqual(data.stopTokenIds, [2]);
  assert.equal(data.decode([4, 5, 2]), '12');
});

test('a coordinator with bad data fails for good and names every problem of both files', async () => {
  await using job = new FakeJob({ overrides: { rollout: { maxPromptTokens: 4, maxResponseTokens: 40 } } });
  writeFileSync(join(job.folder, 'evaluation.jsonl'), '{"prompt":"1+1="}\nnonsense\n');
  await assert.rejects(job.startCoordinator(), (error: unknown) => {
    assert.ok(error instanceof HopelessError);
    assert.match(error.message, /maxPromptTokens \+ rollout\.maxResponseTokens is 44; allowed: up to the 32 positions/);
    assert.match(error.message, /dataset\.train: .*20 of 20 prompts have more than 4 tokens/);
    assert.match(error.message, /evaluation\.jsonl has 2 bad lines;.*line 1: "answer" is absent/s);
    assert.match(error.message, /line 2: not JSON: nonsense/);
    return true;
  });
});

test('a model folder that is no model is hopeless too', async () => {
  await using job = new FakeJob();
  rmSync(join(job.folder, 'tokenizer.json'));
  await assert.rejects(job.startCoordinator(), HopelessError);
});
