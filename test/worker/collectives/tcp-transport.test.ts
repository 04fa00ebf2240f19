/** What becomes of a communicator when the process of one rank dies or stops: it is really killed, or stopped, here. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LocalCommunicator } from '../../../worker/collectives/local-communicator.ts';
import type { TcpTransport } from '../../../worker/collectives/tcp-transport.ts';
import { closeAll, HeapStore, outcomes, startTransports, TIMEOUT_MS } from './ranks.ts';

const WORLD_SIZE = 3;
const COUNT = 64 * 1024 * 1024;
const PEER = fileURLToPath(new URL('peer-process.ts', import.meta.url));

let transports: TcpTransport[];
let peer: ChildProcess;
beforeEach(async () => {
  transports = await startTransports(WORLD_SIZE - 1);
});
afterEach(async () => {
  peer.kill('SIGKILL');
  await closeAll(transports);
});

/** Ranks 0 and 1 here, rank 2 in a process of its own. */
async function startWithPeer(behaviour: 'idle' | 'takes part'): Promise<LocalCommunicator<Uint8Array>[]> {
  const uniqueId = await transports[0]!.createUniqueId();
  peer = fork(PEER, [Buffer.from(uniqueId).toString('hex'), '2', String(WORLD_SIZE), behaviour]);
  const joined = once(peer, 'message');
  const communicators = await Promise.all(
    transports.map(async (transport, rank) => {
      const group = await transport.join({ uniqueId, rank, worldSize: WORLD_SIZE, timeoutMs: TIMEOUT_MS });
      const store = new HeapStore();
      store.add('data', new Uint8Array(COUNT));
      return new LocalCommunicator(group, store);
    }),
  );
  await joined;
  return communicators;
}

function broadcast(communicator: LocalCommunicator<Uint8Array>, timeoutMs: number): Promise<void> {
  const buffer = { name: 'data', offsetBytes: 0 };
  return communicator.broadcast({ buffer, count: COUNT, dataType: 'uint8', root: 0, timeoutMs });
}

/** Again and again, until it fails. */
async function broadcastUntilItFails(communicator: LocalCommunicator<Uint8Array>): Promise<void> {
  for (;;) await broadcast(communicator, TIMEOUT_MS);
}

test('a rank killed in the middle of a broadcast fails every other rank with REMOTE_ERROR, before any timeout', async () => {
  const communicators = await startWithPeer('takes part');
  const ended = outcomes(communicators.map(broadcastUntilItFails));
  await new Promise((resolve) => setTimeout(resolve, 50));
  peer.kill('SIGKILL');
  assert.deepEqual(await ended, ['REMOTE_ERROR', 'REMOTE_ERROR']);
});

test('a rank killed while the others wait for it, even those that need only each other, fails all', async () => {
  const communicators = await startWithPeer('idle');
  const ended = outcomes(communicators.map((communicator) => communicator.barrier({ timeoutMs: TIMEOUT_MS })));
  peer.kill('SIGKILL');
  assert.deepEqual(await ended, ['REMOTE_ERROR', 'REMOTE_ERROR']);
  await assert.rejects(broadcast(communicators[0]!, TIMEOUT_MS), { code: 'REMOTE_ERROR', message: /rank \d .*127/ });
});

test('a rank that stops without dying fails the others by TIMEOUT', async () => {
  const communicators = await startWithPeer('takes part');
  peer.kill('SIGSTOP');
  const codes = await outcomes(communicators.map((communicator) => broadcast(communicator, 300)));
  // Whose timer rings first tells the other.
  assert.ok(codes.includes('TIMEOUT'), String(codes));
  assert.ok(
    codes.every((code) => code === 'TIMEOUT' || code === 'REMOTE_ERROR' || code === null),
    String(codes),
  );
});
