/**
 * How fast the collectives move memory between two processes of this machine, against a raw loopback socket that copies
 * the same bytes between the same buffers, in the same run. Medians; a benchmark, never a test.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalCommunicator } from '../../worker/collectives/local-communicator.ts';
import { SharedFolder } from '../../worker/collectives/shared-folder.ts';
import { TcpTransport } from '../../worker/collectives/tcp-transport.ts';
import { SharedBuffer } from '../../worker/runtime/shared-buffer.ts';
import { BYTES, NUM_ROUNDS, type PeerPorts, type Rounds, runRounds } from './collectives/rounds.ts';
import type { Figure } from './figure.ts';

export async function run(): Promise<readonly Figure[]> {
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const root = mkdtempSync(join(memory, 'ppo-bench-collectives-'));
  const directories = [join(root, 'rank-0'), join(root, 'rank-1')] as const;
  for (const directory of directories) mkdirSync(directory);
  const peer = fork(fileURLToPath(new URL('collectives/peer.ts', import.meta.url)), [directories[1]]);
  try {
    return await measure(peer, directories[0]);
  } finally {
    peer.kill('SIGKILL');
    rmSync(root, { recursive: true });
  }
}

async function measure(peer: ChildProcess, directory: string): Promise<readonly Figure[]> {
  const buffer = SharedBuffer.create(directory, 'data', BYTES);
  const [ports] = (await once(peer, 'message')) as [PeerPorts];
  const copyMs = await rawRoundMs(ports.copyPort, new Uint8Array(buffer.buffer));
  const echoMs = await rawRoundMs(ports.echoPort, new Uint8Array(1));
  const msByKind = await collectiveMs(peer, directory);
  buffer.dispose();
  const gigabytes = (ms: number): number => BYTES / ms / 1e6;
  const reference = `raw loopback socket, ${gigabytes(copyMs).toFixed(2)} GB/s`;
  const moved = (kind: Rounds): Figure => ({
    bench: 'collectives',
    metric: `${kind} of 64 MiB, 2 processes`,
    value: gigabytes(msByKind[kind]),
    unit: 'GB/s',
    reference,
    ratio: copyMs / msByKind[kind],
  });
  return [
    moved('broadcast'),
    moved('allReduce'),
    {
      bench: 'collectives',
      metric: 'barrier, 2 processes',
      value: msByKind.barrier * 1000,
      unit: 'us',
      reference: `raw round trip, ${(echoMs * 1000).toFixed(0)} us`,
      ratio: msByKind.barrier / echoMs,
    },
  ];
}

/** Asks for `into.byteLength` bytes with one byte, and again; reads them as fast as Node does, and puts them in place. */
async function rawRoundMs(port: number, into: Uint8Array): Promise<number> {
  let filled = 0;
  let done = Promise.withResolvers<void>();
  const socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: {
      buffer: new Uint8Array(1024 * 1024),
      callback: (length, piece) => {
        into.set(piece.subarray(0, length), filled);
        filled += length;
        if (filled === into.byteLength) done.resolve();
        return true;
      },
    },
  });
  await once(socket, 'connect');
  const times: number[] = [];
  for (let round = 0; round < NUM_ROUNDS; round++) {
    filled = 0;
    done = Promise.withResolvers<void>();
    const startedAt = performance.now();
    socket.write('x');
    await done.promise;
    times.push(performance.now() - startedAt);
  }
  socket.destroy();
  return median(times);
}

async function collectiveMs(peer: ChildProcess, directory: string): Promise<Record<Rounds, number>> {
  const transport = await TcpTransport.start({ host: '127.0.0.1', port: 0 });
  try {
    const uniqueId = await transport.createUniqueId();
    peer.send({ uniqueId: Buffer.from(uniqueId).toString('hex') });
    const group = await transport.join({ uniqueId, rank: 0, worldSize: 2, timeoutMs: 10_000 });
    const times: Record<Rounds, number[]> = { broadcast: [], allReduce: [], barrier: [] };
    const communicator = new LocalCommunicator(group, new SharedFolder(directory));
    await runRounds(communicator, (kind, ms) => times[kind].push(ms));
    return { broadcast: median(times.broadcast), allReduce: median(times.allReduce), barrier: median(times.barrier) };
  } finally {
    await transport.close();
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
