/** Failures of collectives as statuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { CommunicatorError } from '../../../worker/collectives/communicator.ts';
import { awaitCollective } from '../../../worker/service/collective.ts';
import { RpcError } from '../../../worker/service/rpc.ts';

test('a slow group and a broken one have different statuses; what is no fault of theirs stays as it is', async () => {
  await awaitCollective('summing', Promise.resolve());
  const statusOf = async (error: Error) => {
    const failure = await awaitCollective('summing', Promise.reject(error)).catch((reason: unknown) => reason);
    assert.ok(failure instanceof RpcError, String(failure));
    assert.match(failure.message, /^summing failed \((TIMEOUT|REMOTE_ERROR)\): why$/);
    assert.equal(failure.cause, error);
    return failure.code;
  };
  assert.equal(await statusOf(new CommunicatorError('TIMEOUT', 'why')), grpc.status.DEADLINE_EXCEEDED);
  assert.equal(await statusOf(new CommunicatorError('REMOTE_ERROR', 'why')), grpc.status.ABORTED);
  const other = new Error('a bug');
  await assert.rejects(awaitCollective('summing', Promise.reject(other)), other);
});
