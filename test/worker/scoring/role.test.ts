// How a role starts: what a restart can't mend is hopeless, anything else stays what it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../../../worker/config.ts';
import { ComputeCallError } from '../../../worker/runtime/compute-messages.ts';
import { openModel, readWorkerJob } from '../../../worker/scoring/role.ts';
import { HopelessError } from '../../../worker/service/lifecycle.ts';

function settings(jobConfigPath: string | null) {
  const environment = {
    PPO_ROLE: 'reward',
    PPO_POD_NAME: 'p',
    PPO_POD_IP: '127.0.0.1',
    PPO_GRPC_PORT: '1',
    PPO_METRICS_PORT: '2',
    ...(jobConfigPath === null ? {} : { PPO_JOB_CONFIG: jobConfigPath }),
  };
  return readSettings(environment);
}

test('a missing or unreadable job is hopeless', () => {
  assert.throws(
    () => readWorkerJob(settings(null)),
    new HopelessError('PPO_JOB_CONFIG is not set; role reward needs it'),
  );
  assert.throws(() => readWorkerJob(settings('/nowhere/job.json')), HopelessError);
});

test('a model error from the compute thread is hopeless, another error is not', async () => {
  const crossing = (name: string) =>
    new ComputeCallError({ name, message: 'score.weight: found nothing', code: null, stack: null });
  const failing = (name: string) => openModel(() => Promise.reject(crossing(name)));
  await assert.rejects(failing('ModelError'), new HopelessError('score.weight: found nothing'));
  await assert.rejects(failing('RuntimeError'), ComputeCallError);
  assert.equal(await openModel(async () => 7), 7);
});
