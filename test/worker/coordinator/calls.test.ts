/** Patience with members that don't answer, and its end. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { type CallContext, MemberLostError } from '../../../worker/coordinator/calls.ts';
import { definitions } from '../../../worker/service/protos.ts';
import { RpcError, unary, unaryHandler } from '../../../worker/service/rpc.ts';
import { StubMembers } from './stub-members.ts';

type Handle = (epoch: number) => void;

/** A member whose CreateUniqueId does what the test says. */
const answering = (handle: Handle) => [
  [
    definitions.GroupMember,
    {
      CreateUniqueId: unaryHandler(async ({ epoch }: { epoch: number }) => {
        handle(epoch);
        return { uniqueId: Buffer.from([epoch]) };
      }),
      JoinGroup: unaryHandler(async () => ({})),
    },
  ] as const,
];

const ask = ({ client, epoch, unary: options }: CallContext) => {
  const members = client('GroupMember');
  return unary(members, members.createUniqueId, { epoch }, options);
};

describe('MemberCalls', () => {
  it('stamps the epoch of the membership', async () => {
    await using stub = new StubMembers({ actor: 1 });
    const member = await stub.start(
      'actor',
      0,
      answering(() => {}),
    );
    stub.membership.raiseEpoch();
    const { uniqueId } = await stub.calls.call(member, { signal: stub.signal }, ask);
    assert.deepEqual([...uniqueId], [2]);
  });

  it('calls again while a member is unavailable', async () => {
    await using stub = new StubMembers({ actor: 1 });
    let tries = 0;
    const member = await stub.start(
      'actor',
      0,
      answering(() => {
        if (++tries < 3) throw new RpcError(grpc.status.UNAVAILABLE, 'busy');
      }),
    );
    await stub.calls.call(member, { signal: stub.signal }, ask);
    assert.equal(tries, 3);
  });

  it('calls again at the new epoch when the epoch rose under it, unless the call belongs to its epoch', async () => {
    await using stub = new StubMembers({ actor: 1 });
    const epochs: number[] = [];
    const member = await stub.start(
      'actor',
      0,
      answering((epoch) => {
        epochs.push(epoch);
        if (epochs.length > 1) return;
        stub.membership.raiseEpoch();
        throw new RpcError(grpc.status.FAILED_PRECONDITION, 'old epoch');
      }),
    );
    await stub.calls.call(member, { signal: stub.signal }, ask);
    assert.deepEqual(epochs, [1, 2]);
    epochs.length = 0;
    await assert.rejects(stub.calls.call(member, { signal: stub.signal, epoch: 2 }, ask), /actor-0: old epoch/);
  });

  it('fails with MemberLostError once another process took the place, though the call hangs', async () => {
    await using stub = new StubMembers({ actor: 1 });
    const services = [
      [
        definitions.GroupMember,
        { CreateUniqueId: unaryHandler(() => new Promise(() => {})), JoinGroup: unaryHandler(async () => ({})) },
      ] as const,
    ];
    const member = await stub.start('actor', 0, services);
    const call = stub.calls.call(member, { signal: stub.signal }, ask);
    setTimeout(
      () =>
        stub.start(
          'actor',
          0,
          answering(() => {}),
        ),
      20,
    );
    await assert.rejects(call, MemberLostError);
  });

  it('does not repeat what must not run twice', async () => {
    await using stub = new StubMembers({ actor: 1 });
    let tries = 0;
    const member = await stub.start(
      'actor',
      0,
      answering(() => {
        tries++;
        throw new RpcError(grpc.status.UNAVAILABLE, 'gone');
      }),
    );
    const call = stub.calls.call(member, { signal: stub.signal, canRepeat: false }, ask);
    await assert.rejects(call, (error: unknown) => error instanceof RpcError && error.message === 'actor-0: gone');
    assert.equal(tries, 1);
  });

  it('gives up on a member that is alive and never available', async () => {
    await using stub = new StubMembers({ actor: 1 }, 250);
    const member = await stub.start(
      'actor',
      0,
      answering(() => {
        throw new RpcError(grpc.status.UNAVAILABLE, 'never');
      }),
    );
    await assert.rejects(stub.calls.call(member, { signal: stub.signal }, ask), /actor-0: never/);
  });
});
