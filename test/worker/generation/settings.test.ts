// What a generation server needs before it starts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cacheTokensOf, hopelessIfItThrows, readGenerationSettings } from '../../../worker/generation/settings.ts';
import { HopelessError } from '../../../worker/service/lifecycle.ts';
import { testJob } from '../support/job-config.ts';
import { testSettings } from '../support/settings.ts';
import { smallConfig } from './support.ts';

const settings = testSettings({ role: 'generation', coordinatorAddress: 'x:1' });

test('names everything that is missing', () => {
  assert.throws(() => readGenerationSettings(settings), {
    name: 'HopelessError',
    message: /PPO_JOB_CONFIG, PPO_COMMUNICATOR_PORT, PPO_SHARED_DIR in its environment/,
  });
  const given = { ...settings, communicatorPort: 5, sharedDir: '/x', jobConfigPath: '/nowhere/job.json' };
  assert.throws(
    () => readGenerationSettings({ ...given, coordinatorAddress: null }),
    /needs PPO_COORDINATOR_ADDRESS in/,
  );
  assert.throws(() => readGenerationSettings(given), { name: 'HopelessError', message: /nowhere\/job.json/ });
});

test("the job's longest sequence has to fit the model", () => {
  const job = testJob({ rollout: { maxPromptTokens: 500, maxResponseTokens: 12 } });
  assert.equal(cacheTokensOf(job, smallConfig), 512);
  assert.throws(
    () => cacheTokensOf(testJob({ rollout: { maxPromptTokens: 501, maxResponseTokens: 12 } }), smallConfig),
    {
      name: 'HopelessError',
      message: /found 513, allowed up to the 512 positions/,
    },
  );
});

test('the model has to have heads that the decoder takes', () => {
  const config = { ...smallConfig, headDim: 20 };
  assert.throws(() => cacheTokensOf(testJob(), config), /found heads of 20 elements in .*, allowed multiples of 8/);
});

test('what is read wrongly once is read wrongly always', () => {
  assert.equal(
    hopelessIfItThrows(() => 3),
    3,
  );
  assert.throws(() => hopelessIfItThrows(() => JSON.parse('{')), HopelessError);
});
