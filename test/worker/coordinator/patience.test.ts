/** What is endured, and for how long. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { Patience } from '../../../worker/coordinator/patience.ts';
import { RpcError } from '../../../worker/service/rpc.ts';
import { StubMembers } from './stub-members.ts';

const gone = new RpcError(grpc.status.UNAVAILABLE, 'gone');
const broken = new RpcError(grpc.status.ABORTED, 'broken');

describe('Patience', () => {
  it('goes on at once when the membership has changed meanwhile', async () => {
    await using stub = new StubMembers({});
    const patience = new Patience(stub.membership, 0);
    for (let i = 0; i < 50; i++) {
      stub.membership.raiseEpoch();
      await patience.endure(gone, stub.membership.epoch - 1, stub.signal);
    }
    assert.equal(stub.membership.epoch, 50);
  });

  it('ends the failed epoch', async () => {
    await using stub = new StubMembers({});
    await new Patience(stub.membership, 1000).endure(broken, 0, stub.signal);
    assert.equal(stub.membership.epoch, 1);
  });

  it('waits for a silent member no longer than the time given', async () => {
    await using stub = new StubMembers({});
    const patience = new Patience(stub.membership, 10);
    await patience.endure(gone, stub.membership.epoch, stub.signal);
    await assert.rejects(patience.endure(gone, stub.membership.epoch, stub.signal), /gone/);
  });

  it('stops with the signal', async () => {
    await using stub = new StubMembers({});
    const ended = AbortSignal.abort(new Error('over'));
    await assert.rejects(new Patience(stub.membership, 1000).endure(gone, 0, ended), /over/);
  });
});
