/** Groups belong to an epoch: joined at it, refused before it, aborted after it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { pino } from 'pino';
import type { Communicator } from '../../../worker/collectives/communicator.ts';
import { EpochFence } from '../../../worker/service/epoch.ts';
import { GroupMembership } from '../../../worker/service/group-member.ts';
import { type Client, connect, definitions } from '../../../worker/service/protos.ts';
import { unary } from '../../../worker/service/rpc.ts';
import { type RunningServer, startGrpcServer } from '../../../worker/service/server.ts';

const DEADLINE = { deadlineMs: 5000 };
const UNIQUE_ID = Buffer.alloc(128, 7);

/** Communicators that only remember how they ended. */
class Sidecar {
  readonly ended: string[] = [];
  readonly joined: { rank: number; worldSize: number }[] = [];

  async getUniqueId(): Promise<Uint8Array> {
    return UNIQUE_ID;
  }

  async initRank(options: { rank: number; worldSize: number }): Promise<Communicator> {
    const { rank, worldSize } = options;
    const name = `communicator ${this.joined.push({ rank, worldSize })}`;
    const never = () => Promise.reject(new Error('no tensor moves in this test'));
    const [broadcast, allReduce, allGather, reduceScatter] = [never, never, never, never];
    const [send, receive, barrier, run] = [never, never, never, never];
    const ends = (how: string) => async () => void this.ended.push(`${name} ${how}`);
    const [abort, destroy] = [ends('aborted'), ends('destroyed')];
    const collectives = { broadcast, allReduce, allGather, reduceScatter, send, receive, barrier, run };
    return { rank, worldSize, ...collectives, abort, destroy };
  }
}

describe('group membership', () => {
  const sidecar = new Sidecar();
  const fence = new EpochFence();
  const membership = new GroupMembership({ sidecar, fence, log: pino({ level: 'silent' }) });
  let server: RunningServer;
  let client: Client<'GroupMember'>;

  before(async () => {
    const services = [[definitions.GroupMember, membership.handlers]] as const;
    server = await startGrpcServer({ host: '127.0.0.1', port: 0, services });
    client = connect('GroupMember', `127.0.0.1:${server.port}`);
  });
  after(async () => {
    client.close();
    await server.close(1000);
  });

  const join = (epoch: number) =>
    unary(client, client.joinGroup, { epoch, group: 'weights', uniqueId: UNIQUE_ID, rank: 1, worldSize: 3 }, DEADLINE);

  it('hands on the unique id of its sidecar', async () => {
    const reply = await unary(client, client.createUniqueId, { epoch: 1 }, DEADLINE);
    assert.deepEqual(Buffer.from(reply.uniqueId), UNIQUE_ID);
  });

  it('lists everything that is wrong with a request', async () => {
    const request = { epoch: 1, group: '', uniqueId: Buffer.alloc(3), rank: 2, worldSize: 2 };
    await assert.rejects(unary(client, client.joinGroup, request, DEADLINE), {
      code: grpc.status.INVALID_ARGUMENT,
      message: 'group is empty; uniqueId has 3 bytes, not 128; rank 2 is not below worldSize 2',
    });
  });

  it('has a group once joined, aborts it when the epoch rises, and joins anew', async () => {
    assert.throws(() => membership.group('weights'), { code: grpc.status.FAILED_PRECONDITION });
    await join(2);
    assert.equal(membership.group('weights').worldSize, 3);
    fence.admit(3);
    assert.deepEqual(sidecar.ended, ['communicator 1 aborted']);
    assert.throws(() => membership.group('weights'), {
      message: 'group "weights" has not been joined at epoch 3',
    });
    await assert.rejects(join(2), { code: grpc.status.FAILED_PRECONDITION });
    await join(3);
    assert.equal(membership.group('weights').rank, 1);
  });

  it('destroys what it still holds', async () => {
    await membership.close();
    assert.deepEqual(sidecar.ended, ['communicator 1 aborted', 'communicator 2 destroyed']);
  });
});
