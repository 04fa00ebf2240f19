/** Group calls, arguments and the life of a communicator, over real sockets in one process. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { type BufferRange, CommunicatorError } from '../../../worker/collectives/communicator.ts';
import { LocalCommunicator } from '../../../worker/collectives/local-communicator.ts';
import { allReduce, broadcast, receive, send } from '../../../worker/collectives/operations.ts';
import {
  closeAll,
  HeapStore,
  outcomes,
  type Rank,
  type Ranks,
  startRanks,
  startTransports,
  TIMEOUT_MS,
} from './ranks.ts';

const timeoutMs = TIMEOUT_MS;
const open: Ranks[] = [];
afterEach(async () => {
  for (const group of open.splice(0)) await group.close();
});

async function start(worldSize: number): Promise<readonly Rank[]> {
  const group = await startRanks(worldSize);
  open.push(group);
  return group.ranks;
}

function put(rank: Rank, name: string, values: ArrayLike<number>): BufferRange {
  rank.store.add(name, new Uint8Array(Float32Array.from(values).buffer));
  return { name, offsetBytes: 0 };
}

function view(rank: Rank, name: string): Float32Array {
  return new Float32Array(rank.store.buffers.get(name)!.buffer);
}

function take(rank: Rank, name: string): number[] {
  return Array.from(view(rank, name));
}

const LARGE = 2_000_000;

test('everyone sends to everyone and receives in one group: more than the sockets hold, no deadlock', async () => {
  const ranks = await start(3);
  await Promise.all(
    ranks.map((rank, me) => {
      const peers = [0, 1, 2].filter((peer) => peer !== me);
      const o = { count: LARGE, dataType: 'float32' } as const;
      const sends = peers.map((peer) =>
        send({ ...o, peer, buffer: put(rank, `to-${peer}`, new Float32Array(LARGE).fill(me * 10 + peer)) }),
      );
      const receives = peers.map((peer) =>
        receive({ ...o, peer, buffer: put(rank, `from-${peer}`, new Float32Array(LARGE)) }),
      );
      return rank.communicator.run([...sends, ...receives], { timeoutMs });
    }),
  );
  for (const [me, rank] of ranks.entries()) {
    for (const peer of [0, 1, 2].filter((other) => other !== me)) {
      const received = view(rank, `from-${peer}`);
      assert.ok(
        received.every((value) => value === peer * 10 + me),
        `rank ${me} from ${peer}`,
      );
    }
  }
});

test('collectives and messages of one group progress together, whatever their order on each rank', async () => {
  const [first, second] = (await start(2)) as [Rank, Rank];
  const o = { count: LARGE, dataType: 'float32' } as const;
  const collectives = (rank: Rank, value: number) => [
    allReduce({
      ...o,
      op: 'sum',
      send: put(rank, 'sum', new Float32Array(LARGE).fill(value)),
      receive: { name: 'sum', offsetBytes: 0 },
    }),
    broadcast({
      ...o,
      root: 1,
      send: put(rank, 'copy', new Float32Array(LARGE).fill(value)),
      receive: { name: 'copy', offsetBytes: 0 },
    }),
  ];
  const firstGroup = [
    send({ ...o, peer: 1, buffer: put(first, 'a', new Float32Array(LARGE).fill(5)) }),
    send({ ...o, peer: 1, buffer: put(first, 'b', new Float32Array(LARGE).fill(6)) }),
    ...collectives(first, 1),
  ];
  const secondGroup = [
    ...collectives(second, 2),
    receive({ ...o, peer: 0, buffer: put(second, 'a', new Float32Array(LARGE)) }),
    receive({ ...o, peer: 0, buffer: put(second, 'b', new Float32Array(LARGE)) }),
  ];
  const [result] = await Promise.all([
    first.communicator.run(firstGroup, { timeoutMs }),
    second.communicator.run(secondGroup, { timeoutMs }),
  ]);
  assert.equal(result.bytes, 3 * LARGE * 4);
  assert.ok(view(second, 'a').every((value) => value === 5));
  assert.ok(view(second, 'b').every((value) => value === 6));
  for (const rank of [first, second]) {
    assert.ok(view(rank, 'sum').every((value) => value === 3));
    assert.ok(view(rank, 'copy').every((value) => value === 2));
  }
});

test('calls made at once run in their order', async () => {
  const ranks = await start(2);
  await Promise.all(
    ranks.flatMap((rank, me) =>
      Array.from({ length: 20 }, (_, i) => {
        const buffer = put(rank, `data-${i}`, [me * 100 + i]);
        return rank.communicator.broadcast({ buffer, count: 1, dataType: 'float32', root: i % 2, timeoutMs });
      }),
    ),
  );
  for (const rank of ranks) for (let i = 0; i < 20; i++) assert.deepEqual(take(rank, `data-${i}`), [(i % 2) * 100 + i]);
});

test('a wrong argument touches nothing and leaves the communicator usable', async () => {
  const [first, second] = (await start(2)) as [Rank, Rank];
  const buffer = put(first, 'data', [1, 2]);
  const call = first.communicator.allReduce({ buffer, count: 3, dataType: 'float32', op: 'sum', timeoutMs });
  await assert.rejects(call, { code: 'INVALID_ARGUMENT', message: /12 bytes at offset 0, the buffer ends at 8/ });
  await assert.rejects(first.communicator.run([], { timeoutMs }), { message: /found 0 operations, expected 1..1024/ });
  await assert.rejects(first.communicator.barrier({ timeoutMs: 0 }), { message: /timeout: found 0 ms/ });
  assert.equal(first.store.numLeases, 0);
  put(second, 'data', [3, 4]);
  const o = { buffer, count: 2, dataType: 'float32', op: 'sum', timeoutMs } as const;
  await Promise.all([first.communicator.allReduce(o), second.communicator.allReduce(o)]);
  assert.deepEqual(take(first, 'data'), [4, 6]);
});

test('ranks that call different things are told so', async () => {
  const cases: readonly [name: string, call: (rank: Rank, me: number) => Promise<void>][] = [
    [
      'count',
      (rank, me) => {
        const buffer = put(rank, 'data', new Float32Array(8));
        return rank.communicator.allReduce({ buffer, count: 8 - me, dataType: 'float32', op: 'sum', timeoutMs });
      },
    ],
    [
      'reduction',
      (rank, me) => {
        const buffer = put(rank, 'data', new Float32Array(8));
        const op = me === 0 ? 'sum' : 'max';
        return rank.communicator.allReduce({ buffer, count: 8, dataType: 'float32', op, timeoutMs });
      },
    ],
    [
      'message length',
      (rank, me) => {
        const o = { buffer: put(rank, 'data', new Float32Array(8)), dataType: 'float32', timeoutMs } as const;
        if (me === 0) return rank.communicator.send({ ...o, count: 4, peer: 1 });
        return rank.communicator.receive({ ...o, count: 8, peer: 0 });
      },
    ],
  ];
  for (const [name, call] of cases) {
    const ranks = await start(2);
    const codes = await outcomes(ranks.map(call));
    assert.deepEqual(codes, ['INVALID_USAGE', 'INVALID_USAGE'], name);
  }
});

test('an operation that a rank never joins ends by TIMEOUT, and its communicator with it', async () => {
  const [first, second] = (await start(2)) as [Rank, Rank];
  const late = first.communicator.barrier({ timeoutMs: 100 });
  await assert.rejects(late, { code: 'TIMEOUT', message: 'barrier: not done after 100 ms' });
  const code = 'TIMEOUT';
  await assert.rejects(first.communicator.barrier({ timeoutMs }), {
    code,
    message: /the communicator has ended: barrier/,
  });
  await assert.rejects(second.communicator.barrier({ timeoutMs }), { code, message: /rank 0 .* gave up: TIMEOUT/ });
  assert.equal(first.communicator.end?.code, 'TIMEOUT');
});

test('waiting for its turn counts as time of the operation', async () => {
  const [first] = (await start(2)) as [Rank, Rank];
  const calls = [first.communicator.barrier({ timeoutMs: 150 }), first.communicator.barrier({ timeoutMs: 50 })];
  assert.deepEqual(await outcomes(calls), ['TIMEOUT', 'TIMEOUT']);
});

test('abort wakes every rank that waits', async () => {
  const ranks = await start(3);
  const waiting = ranks.slice(0, 2).map((rank) => rank.communicator.barrier({ timeoutMs }));
  const woken = outcomes(waiting);
  await ranks[1]!.communicator.abort();
  assert.deepEqual(await woken, ['REMOTE_ERROR', 'REMOTE_ERROR']);
  assert.deepEqual(await outcomes([ranks[2]!.communicator.barrier({ timeoutMs })]), ['REMOTE_ERROR']);
  assert.deepEqual(await outcomes([ranks[1]!.communicator.barrier({ timeoutMs })]), ['INVALID_USAGE']);
  for (const rank of ranks) assert.equal(rank.store.numLeases, 0);
});

test('memory is let go when an operation is cut off in the middle', async () => {
  const [first, second] = (await start(2)) as [Rank, Rank];
  const count = 20_000_000;
  const data = new Uint8Array(count);
  const calls = [first, second].map((rank) => {
    rank.store.add('data', rank === first ? data : new Uint8Array(count));
    const buffer = { name: 'data', offsetBytes: 0 };
    return rank.communicator.broadcast({ buffer, count, dataType: 'uint8', root: 0, timeoutMs });
  });
  const ended = outcomes(calls);
  await new Promise((resolve) => setTimeout(resolve, 2));
  await second.communicator.abort();
  const codes = await ended;
  // The root may have handed everything to the kernel already.
  assert.ok(codes[1] === 'REMOTE_ERROR' || codes[1] === null, String(codes[1]));
  assert.equal(first.store.numLeases + second.store.numLeases, 0);
});

test('destroy: in good order at every rank, not while operations run, and final', async () => {
  const [first, second] = (await start(2)) as [Rank, Rank];
  const barrier = first.communicator.barrier({ timeoutMs });
  await assert.rejects(first.communicator.destroy(), { code: 'INVALID_USAGE', message: /under way/ });
  await Promise.all([barrier, second.communicator.barrier({ timeoutMs })]);
  await Promise.all([first.communicator.destroy(), second.communicator.destroy()]);
  assert.deepEqual(await outcomes([first.communicator.barrier({ timeoutMs })]), ['INVALID_USAGE']);
});

test('a rank that leaves in good order fails only those who still need it', async () => {
  const [first, second, third] = (await start(3)) as [Rank, Rank, Rank];
  await third.communicator.destroy();
  const buffers = [first, second].map((rank) => put(rank, 'data', [1]));
  const o = { count: 1, dataType: 'float32', timeoutMs } as const;
  await Promise.all([
    first.communicator.send({ ...o, buffer: buffers[0]!, peer: 1 }),
    second.communicator.receive({ ...o, buffer: buffers[1]!, peer: 0 }),
  ]);
  const code = 'REMOTE_ERROR';
  await assert.rejects(first.communicator.send({ ...o, buffer: buffers[0]!, peer: 2 }), {
    code,
    message: /rank 2 .* has left/,
  });
});

test('two communicators of the same processes do not disturb each other', async () => {
  const transports = await startTransports(2);
  const form = async (): Promise<readonly Rank[]> => {
    const uniqueId = await transports[0]!.createUniqueId();
    return Promise.all(
      transports.map(async (transport, rank) => {
        const group = await transport.join({ uniqueId, rank, worldSize: 2, timeoutMs });
        const store = new HeapStore();
        return { transport, store, communicator: new LocalCommunicator(group, store) };
      }),
    );
  };
  try {
    const [one, two] = await Promise.all([form(), form()]);
    const sum = (ranks: readonly Rank[], factor: number) =>
      Promise.all(
        ranks.map((rank, me) => {
          const buffer = put(rank, 'data', new Float32Array(LARGE).fill(factor * (me + 1)));
          return rank.communicator.allReduce({ buffer, count: LARGE, dataType: 'float32', op: 'sum', timeoutMs });
        }),
      );
    await Promise.all([sum(one, 1), sum(two, 10)]);
    for (const rank of one) assert.ok(view(rank, 'data').every((value) => value === 3));
    for (const rank of two) assert.ok(view(rank, 'data').every((value) => value === 30));
    await one[0]!.communicator.abort();
    await sum(two, 100);
    for (const rank of two) assert.ok(view(rank, 'data').every((value) => value === 300));
  } finally {
    await closeAll(transports);
  }
});

test('what is no CommunicatorError becomes INTERNAL_ERROR with its cause', async () => {
  const [first, second] = (await start(2)) as [Rank, Rank];
  // The store hands out less memory than it says: a broken invariant, which must not hang the peer.
  first.store.lease = () => ({ byteLength: 64, slice: () => new Uint8Array(8), release: () => {} });
  put(second, 'data', new Float32Array(16));
  const o = { count: 16, dataType: 'float32', timeoutMs } as const;
  const calls = [
    first.communicator.allGather({
      ...o,
      count: 8,
      send: { name: 'x', offsetBytes: 0 },
      receive: { name: 'y', offsetBytes: 0 },
    }),
    second.communicator.barrier({ timeoutMs }),
  ];
  const [error] = await Promise.allSettled(calls);
  assert.equal(error!.status, 'rejected');
  assert.ok(error!.status === 'rejected' && error.reason instanceof CommunicatorError);
});
