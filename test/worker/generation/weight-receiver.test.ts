// A new version of the weights: into the free slot, checked, then used; whatever fails leaves the old one in use.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import * as grpc from '@grpc/grpc-js';
import {
  type BroadcastOptions,
  type Communicator,
  CommunicatorError,
} from '../../../worker/collectives/communicator.ts';
import { WeightReceiver } from '../../../worker/generation/weight-receiver.ts';
import { WeightSlots } from '../../../worker/generation/weight-slots.ts';
import { RpcError } from '../../../worker/service/rpc.ts';

const NUM_ELEMENTS = 100;

describe('WeightReceiver', () => {
  let directory: string;
  let slots: WeightSlots;
  let used: [slot: number, version: number][];
  let broadcasts: BroadcastOptions[];
  /** What the actor sends next; an Error is thrown. */
  let sent: Float32Array | Error;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ppo-receiver-'));
    slots = new WeightSlots(directory, NUM_ELEMENTS);
    used = [];
    broadcasts = [];
  });
  afterEach(() => {
    slots.dispose();
    rmSync(directory, { recursive: true });
  });

  function receiver(): WeightReceiver {
    const broadcast = async (options: BroadcastOptions) => {
      broadcasts.push(options);
      if (sent instanceof Error) throw sent;
      slots.view(slots.names.indexOf(options.buffer.name)).set(sent);
    };
    return new WeightReceiver({
      slots,
      engine: { useWeights: async (slot, version) => void used.push([slot, version]) },
      group: (name) => {
        assert.equal(name, 'weights');
        return { broadcast } as Partial<Communicator> as Communicator;
      },
      timeoutMs: 1234,
    });
  }

  const weightsOf = (seed: number) => Float32Array.from({ length: NUM_ELEMENTS }, (_, i) => seed + i);
  const checksumOf = (weights: Float32Array) => crc32(new Uint8Array(weights.buffer));
  const request = (policyVersion: number, checksum: number) => ({ epoch: 1, policyVersion, checksum });

  it('alternates between the slots', async () => {
    const receiving = receiver();
    for (const version of [1, 2, 3]) {
      sent = weightsOf(version);
      const reply = await receiving.receive(request(version, checksumOf(sent)));
      assert.equal(reply.policyVersion, version);
      assert.equal(reply.bytes, 4 * NUM_ELEMENTS);
      assert.ok(reply.receiveSeconds >= 0 && reply.flipSeconds >= 0);
    }
    assert.deepEqual(used, [
      [1, 1],
      [0, 2],
      [1, 3],
    ]);
    assert.deepEqual(broadcasts[0], {
      buffer: { name: 'weights-1', offsetBytes: 0 },
      count: NUM_ELEMENTS,
      dataType: 'float32',
      root: 0,
      timeoutMs: 1234,
    });
  });

  it('keeps the old version when the checksum differs, and tries the same slot again', async () => {
    const receiving = receiver();
    sent = weightsOf(5);
    const wrong = receiving.receive(request(1, checksumOf(sent) ^ 1));
    await assert.rejects(wrong, { code: grpc.status.DATA_LOSS, message: /version 1: checksum \d+ received/ });
    assert.deepEqual(used, []);
    await receiving.receive(request(1, checksumOf(sent)));
    assert.deepEqual(used, [[1, 1]]);
  });

  it('says how a broadcast failed', async () => {
    const receiving = receiver();
    sent = new CommunicatorError('TIMEOUT', 'not done');
    await assert.rejects(receiving.receive(request(1, 0)), { code: grpc.status.DEADLINE_EXCEEDED, message: /TIMEOUT/ });
    sent = new CommunicatorError('REMOTE_ERROR', 'rank 0 is gone');
    await assert.rejects(receiving.receive(request(1, 0)), { code: grpc.status.ABORTED, message: /rank 0 is gone/ });
    assert.deepEqual(used, []);
  });

  it('receives one after the other', async () => {
    const receiving = receiver();
    sent = weightsOf(1);
    const checksum = checksumOf(sent);
    await Promise.all([receiving.receive(request(1, checksum)), receiving.receive(request(2, checksum))]);
    assert.deepEqual(used, [
      [1, 1],
      [0, 2],
    ]);
  });

  it('wants a group of the present epoch', () => {
    const receiving = new WeightReceiver({
      slots,
      engine: { useWeights: async () => {} },
      group: () => {
        throw new RpcError(grpc.status.FAILED_PRECONDITION, 'not joined');
      },
      timeoutMs: 1,
    });
    assert.throws(() => receiving.receive(request(1, 0)), { code: grpc.status.FAILED_PRECONDITION });
  });
});
