/** Every collective against a plain reference, over data types, reductions, world sizes and counts, on real sockets. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DATA_TYPES, type DataType, REDUCE_OPS, type ReduceOp } from '../../../worker/collectives/communicator.ts';
import { ELEMENT_BYTES } from '../../../worker/collectives/data-type.ts';
import { decodeNumbers, encodeNumbers, type Rank, type Ranks, startRanks, TIMEOUT_MS } from './ranks.ts';

const WORLD_SIZES = [1, 2, 3, 5];
const COUNTS = [1, 4, 1003];
const timeoutMs = TIMEOUT_MS;

/** Small whole numbers: sums and products are exact in every data type (or wrap, as the reference does). */
function numberAt(dataType: DataType, rank: number, i: number): number {
  const isSigned = !dataType.startsWith('u');
  const magnitude = 1 + ((i * 7 + rank * 5 + ((i * rank) % 4)) % 3);
  return isSigned && (i + rank) % 3 === 0 ? -magnitude : magnitude;
}

function inputOf(dataType: DataType, rank: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => numberAt(dataType, rank, i));
}

function reduceReference(op: ReduceOp, values: readonly number[]): number {
  switch (op) {
    case 'sum':
      return values.reduce((a, b) => a + b);
    case 'avg':
      return values.reduce((a, b) => a + b) / values.length;
    case 'prod':
      return values.reduce((a, b) => a * b);
    case 'max':
      return Math.max(...values);
    case 'min':
      return Math.min(...values);
  }
}

/** What every rank must hold after a reduction, rounded to the data type. */
function expected(o: { dataType: DataType; op: ReduceOp; worldSize: number; count: number }): number[] {
  const exact = Array.from({ length: o.count }, (_, i) =>
    reduceReference(
      o.op,
      Array.from({ length: o.worldSize }, (_, rank) => numberAt(o.dataType, rank, i)),
    ),
  );
  const isWhole = o.dataType.includes('int');
  return decodeNumbers(o.dataType, encodeNumbers(o.dataType, isWhole ? exact.map(Math.trunc) : exact));
}

/** The one inexact case: encodeNumbers truncates to bfloat16, the reduction rounds to nearest. */
function assertNumbers(actual: number[], wanted: number[], dataType: DataType, message: string): void {
  if (dataType !== 'bfloat16') assert.deepEqual(actual, wanted, message);
  for (const [i, value] of actual.entries()) {
    assert.ok(Math.abs(value - wanted[i]!) <= Math.abs(wanted[i]!) * 2 ** -7, `${message}: ${value} at ${i}`);
  }
}

function onEvery<T>(ranks: readonly Rank[], call: (rank: Rank, index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(ranks.map(call));
}

function put(rank: Rank, name: string, bytes: Uint8Array): { name: string; offsetBytes: number } {
  // Eight bytes before and after that nobody may touch.
  const guarded = new Uint8Array(bytes.byteLength + 16).fill(0xee);
  guarded.set(bytes, 8);
  rank.store.add(name, guarded);
  return { name, offsetBytes: 8 };
}

function take(rank: Rank, name: string): Uint8Array {
  const guarded = rank.store.buffers.get(name)!;
  assert.ok(
    [...guarded.subarray(0, 8), ...guarded.subarray(-8)].every((byte) => byte === 0xee),
    'bytes around the range changed',
  );
  return guarded.subarray(8, -8);
}

for (const worldSize of WORLD_SIZES) {
  describe(`world size ${worldSize}`, () => {
    let group: Ranks;
    before(async () => {
      group = await startRanks(worldSize);
    });
    after(() => group.close());

    for (const dataType of DATA_TYPES) {
      test(`all-reduce and reduce-scatter of ${dataType}`, async () => {
        for (const op of REDUCE_OPS) for (const count of COUNTS) await checkReductions({ dataType, op, count });
      });
    }

    async function checkReductions(o: { dataType: DataType; op: ReduceOp; count: number }): Promise<void> {
      const { dataType, op, count } = o;
      const label = `${op} of ${count} ${dataType}`;
      const wanted = expected({ ...o, worldSize });
      await onEvery(group.ranks, (rank, index) => {
        const buffer = put(rank, 'data', encodeNumbers(dataType, inputOf(dataType, index, count)));
        return rank.communicator.allReduce({ buffer, count, dataType, op, timeoutMs });
      });
      const first = Buffer.from(take(group.ranks[0]!, 'data'));
      for (const rank of group.ranks) {
        assertNumbers(decodeNumbers(dataType, take(rank, 'data')), wanted, dataType, label);
        assert.ok(first.equals(take(rank, 'data')), `${label}: the ranks differ`);
      }
      const all = expected({ ...o, worldSize, count: count * worldSize });
      await onEvery(group.ranks, (rank, index) => {
        const send = put(rank, 'send', encodeNumbers(dataType, inputOf(dataType, index, count * worldSize)));
        const receive = put(rank, 'receive', new Uint8Array(count * ELEMENT_BYTES[dataType]));
        return rank.communicator.reduceScatter({ send, receive, count, dataType, op, timeoutMs });
      });
      for (const [index, rank] of group.ranks.entries()) {
        const part = all.slice(index * count, (index + 1) * count);
        assertNumbers(decodeNumbers(dataType, take(rank, 'receive')), part, dataType, `scattered ${label}`);
        const untouched = inputOf(dataType, index, count * worldSize);
        assert.deepEqual(decodeNumbers(dataType, take(rank, 'send')), untouched, 'the input changed');
      }
    }

    test('reduce-scatter in place leaves the rest of the buffer alone', async () => {
      const count = 517;
      const total = count * worldSize;
      await onEvery(group.ranks, (rank, index) => {
        const send = put(rank, 'data', encodeNumbers('float32', inputOf('float32', index, total)));
        const receive = { name: 'data', offsetBytes: send.offsetBytes + index * count * 4 };
        return rank.communicator.reduceScatter({ send, receive, count, dataType: 'float32', op: 'sum', timeoutMs });
      });
      const sums = expected({ dataType: 'float32', op: 'sum', worldSize, count: total });
      for (const [index, rank] of group.ranks.entries()) {
        const wanted = inputOf('float32', index, total);
        wanted.splice(index * count, count, ...sums.slice(index * count, (index + 1) * count));
        assert.deepEqual(decodeNumbers('float32', take(rank, 'data')), wanted);
      }
    });

    for (const isInPlace of [true, false]) {
      test(`all-gather ${isInPlace ? 'in' : 'out of'} place`, async () => {
        for (const count of COUNTS) {
          await onEvery(group.ranks, (rank, index) => {
            const mine = encodeNumbers('int32', inputOf('int32', index, count));
            const receive = put(rank, 'receive', new Uint8Array(count * worldSize * 4));
            const inPlace = { name: 'receive', offsetBytes: receive.offsetBytes + index * count * 4 };
            if (isInPlace) rank.store.buffers.get('receive')!.set(mine, inPlace.offsetBytes);
            const send = isInPlace ? inPlace : put(rank, 'send', mine);
            return rank.communicator.allGather({ send, receive, count, dataType: 'int32', timeoutMs });
          });
          const wanted = group.ranks.flatMap((_, index) => inputOf('int32', index, count));
          for (const rank of group.ranks) assert.deepEqual(decodeNumbers('int32', take(rank, 'receive')), wanted);
        }
      });
    }

    test('broadcast from every root, of more than a frame', async () => {
      const count = 4 * 1024 * 1024 + 12_345;
      for (let root = 0; root < worldSize; root++) {
        const data = new Uint8Array(count).map((_, i) => (i * 31 + root) % 251);
        await onEvery(group.ranks, (rank, index) => {
          const buffer = put(rank, 'data', index === root ? data : new Uint8Array(count));
          return rank.communicator.broadcast({ buffer, count, dataType: 'uint8', root, timeoutMs });
        });
        for (const rank of group.ranks) assert.ok(Buffer.from(data.buffer).equals(take(rank, 'data')));
      }
    });

    test('nothing at all may be moved', async () => {
      await onEvery(group.ranks, async (rank) => {
        const buffer = put(rank, 'data', new Uint8Array(0));
        const o = { count: 0, dataType: 'float32', timeoutMs } as const;
        await rank.communicator.broadcast({ ...o, buffer, root: 0 });
        await rank.communicator.allReduce({ ...o, buffer, op: 'sum' });
        await rank.communicator.allGather({ ...o, send: buffer, receive: buffer });
        await rank.communicator.reduceScatter({ ...o, send: buffer, receive: buffer, op: 'max' });
        take(rank, 'data');
      });
    });

    test('a barrier ends only when every rank is in it', async () => {
      const entered: number[] = [];
      const enter = async (rank: Rank, index: number): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, index * 5));
        entered.push(index);
        await rank.communicator.barrier({ timeoutMs });
        assert.equal(entered.length, worldSize);
      };
      await onEvery(group.ranks, enter);
    });

    test('sums of any floats have the same bits on every rank, and again when repeated', async () => {
      const count = 200_001;
      const runs: Buffer[] = [];
      for (let run = 0; run < 2; run++) {
        await onEvery(group.ranks, (rank, index) => {
          const numbers = Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + index * 78.233) * 1e3);
          const buffer = put(rank, 'data', encodeNumbers('float32', numbers));
          return rank.communicator.allReduce({ buffer, count, dataType: 'float32', op: 'sum', timeoutMs });
        });
        for (const rank of group.ranks) runs.push(Buffer.from(take(rank, 'data')));
      }
      for (const result of runs) assert.ok(result.equals(runs[0]!));
      const sums = decodeNumbers('float32', runs[0]!);
      for (let i = 0; i < count; i += 997) {
        let exact = 0;
        for (let rank = 0; rank < worldSize; rank++) {
          exact += Math.fround(Math.sin(i * 12.9898 + rank * 78.233) * 1e3);
        }
        // Up to 4 roundings of numbers below 5000.
        assert.ok(Math.abs(sums[i]! - exact) < 5000 * worldSize * 2 ** -24, `element ${i}`);
      }
    });
  });
}
