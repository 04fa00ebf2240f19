// Responses don't depend on who else is asked, and end where they should.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sampler } from '../../../examples/arithmetic/sampler.ts';
import { initialParameters } from '../../../examples/arithmetic/sft.ts';
import {
  EOS_ID,
  MAX_RESPONSE_TOKENS,
  MODEL_CONFIG,
  promptTokenIds,
  splitProblems,
} from '../../../examples/arithmetic/task.ts';
import { layoutParameters } from '../../../worker/models/layout.ts';
import { Rng } from '../../../worker/ppo/rng.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';

const layout = layoutParameters(MODEL_CONFIG, 'language-model');
const model = { config: MODEL_CONFIG, layout };
const parameters = initialParameters(layout, new Rng(1));
const sampler = new Sampler({ device: createCpuDevice(), threads: 2, model, parameters });
const prompts = splitProblems().heldout.slice(0, 600).map(promptTokenIds);

test.after(() => sampler.dispose());

test('a response ends at its first end token or after 5 tokens', () => {
  for (const response of sampler.respond(prompts, new Rng(2))) {
    const end = response.indexOf(EOS_ID);
    assert.equal(response.length, end < 0 ? MAX_RESPONSE_TOKENS : end + 1);
  }
});

test('the same generator gives the same responses, another one others', () => {
  const responses = sampler.respond(prompts, new Rng(2));
  assert.deepEqual(sampler.respond(prompts, new Rng(2)), responses);
  assert.notDeepEqual(sampler.respond(prompts, new Rng(3)), responses);
});

test('fewer prompts change nothing for those that stay', () => {
  const few = prompts.slice(0, 7);
  assert.deepEqual(sampler.respond(few, new Rng(2)), sampler.respond(prompts, new Rng(2)).slice(0, 7));
  assert.deepEqual(sampler.respond(few, null), sampler.respond(prompts, null).slice(0, 7));
});
