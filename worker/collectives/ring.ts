/**
 * The collectives over host memory. Each rank pulls from the one before it and pushes to the one after; what arrives is
 * passed on while the rest is still on its way. A reduced segment is computed along one path and then copied, so every
 * rank ends with the same bits. Knows no connection.
 *
 * All-reduce moves 2 (n-1)/n of the data per rank (Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for
 * clusters of workstations", 2009); broadcast is a pipelined chain.
 */
import { type Channel, type HostOperation, modulo } from './channel.ts';
import { ELEMENT_BYTES } from './data-type.ts';
import { CopySink, type Progress, ReduceSink, type Sink, Source } from './transfer.ts';

type Run = (channel: Channel, operation: HostOperation) => Promise<unknown>;

export const COLLECTIVES: Readonly<Record<HostOperation['kind'], Run>> = {
  broadcast: runBroadcast,
  allReduce: runAllReduce,
  allGather: runAllGather,
  reduceScatter: runReduceScatter,
  barrier: runBarrier,
  send: (channel, { send, peer }) => channel.push(peer, 0, new Source(send!)),
  receive: (channel, { receive, peer }) => channel.pull(peer, 0, new CopySink(receive!)),
};

async function runBroadcast(channel: Channel, { send, receive, peer: root, isInPlace }: HostOperation): Promise<void> {
  const { rank, worldSize } = channel;
  const into = receive!;
  const position = modulo(rank - root, worldSize);
  if (position === 0 && !isInPlace) into.set(send!);
  const source = new Source(into, position === 0 ? into.byteLength : 0);
  const transfers: Promise<void>[] = [];
  if (position > 0) transfers.push(channel.pull(channel.neighbour(-1), 0, new CopySink(into, passOn(source))));
  if (position < worldSize - 1) transfers.push(channel.push(channel.neighbour(1), 0, source));
  await settle(transfers);
}

/** Steps 0..n-2 reduce segment after segment around the ring, steps n-1..2n-3 copy the results around. */
async function runAllReduce(channel: Channel, operation: HostOperation): Promise<void> {
  const { rank, worldSize } = channel;
  const data = operation.receive!;
  if (!operation.isInPlace) data.set(operation.send!);
  const segmentOf = (index: number) => segment(data, operation, { index, numSegments: worldSize });
  const transfers: Promise<void>[] = [];
  let outgoing = new Source(segmentOf(rank));
  for (let step = 0; step < 2 * (worldSize - 1); step++) {
    transfers.push(channel.push(channel.neighbour(1), step, outgoing));
    const incoming = segmentOf(rank - step - 1);
    const next = new Source(incoming, 0);
    const isReducing = step < worldSize - 1;
    const sink: Sink = isReducing
      ? new ReduceSink({
          out: incoming,
          local: incoming,
          reduction: reductionOf(operation, step === worldSize - 2 ? worldSize : 1),
          progress: passOn(next),
        })
      : new CopySink(incoming, passOn(next));
    transfers.push(channel.pull(channel.neighbour(-1), step, sink));
    outgoing = next;
  }
  await settle(transfers);
}

async function runAllGather(channel: Channel, { send, receive, isInPlace }: HostOperation): Promise<void> {
  const { rank, worldSize } = channel;
  const segmentBytes = receive!.byteLength / worldSize;
  const segmentOf = (index: number): Uint8Array => {
    const at = modulo(index, worldSize) * segmentBytes;
    return receive!.subarray(at, at + segmentBytes);
  };
  if (!isInPlace) segmentOf(rank).set(send!);
  const transfers: Promise<void>[] = [];
  let outgoing = new Source(segmentOf(rank));
  for (let step = 0; step < worldSize - 1; step++) {
    transfers.push(channel.push(channel.neighbour(1), step, outgoing));
    const incoming = segmentOf(rank - step - 1);
    const next = new Source(incoming, 0);
    transfers.push(channel.pull(channel.neighbour(-1), step, new CopySink(incoming, passOn(next))));
    outgoing = next;
  }
  await settle(transfers);
}

/** Leaves `send` as it is but for this rank's segment in place; partial results live in two segments of scratch memory. */
async function runReduceScatter(channel: Channel, operation: HostOperation): Promise<void> {
  const { rank, worldSize } = channel;
  const { send, receive, isInPlace } = operation;
  const segmentBytes = receive!.byteLength;
  const segmentOf = (index: number): Uint8Array => {
    const at = modulo(index, worldSize) * segmentBytes;
    return send!.subarray(at, at + segmentBytes);
  };
  if (worldSize === 1 && !isInPlace) receive!.set(send!);
  const scratch = worldSize > 2 ? [new Uint8Array(segmentBytes), new Uint8Array(segmentBytes)] : [];
  const pushes: Promise<void>[] = [];
  const pulls: Promise<void>[] = [];
  let outgoing = new Source(segmentOf(rank - 1));
  for (let step = 0; step < worldSize - 1; step++) {
    pushes.push(channel.push(channel.neighbour(1), step, outgoing));
    const isLast = step === worldSize - 2;
    // The scratch that this step fills is the source of the push before; a failure shows at the end.
    if (step >= 2 && !isLast) await Promise.allSettled([pushes[step - 1]]);
    const out = isLast ? receive! : scratch[step % 2]!;
    const next = new Source(out, 0);
    const reduction = reductionOf(operation, isLast ? worldSize : 1);
    const sink = new ReduceSink({ out, local: segmentOf(rank - step - 2), reduction, progress: passOn(next) });
    pulls.push(channel.pull(channel.neighbour(-1), step, sink));
    outgoing = next;
  }
  await settle([...pushes, ...pulls]);
}

/** Dissemination: in round k a rank signals the one 2^k after it and waits for the one 2^k before it. */
async function runBarrier(channel: Channel): Promise<void> {
  const nothing = new Uint8Array(0);
  for (let round = 0; 2 ** round < channel.worldSize; round++) {
    await settle([
      channel.push(channel.neighbour(2 ** round), round, new Source(nothing)),
      channel.pull(channel.neighbour(-(2 ** round)), round, new CopySink(nothing)),
    ]);
  }
}

/** Ends only when every transfer has, so that no memory is in use after; then throws the first failure. */
export async function settle(transfers: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(transfers)) if (outcome.status === 'rejected') throw outcome.reason;
}

function passOn(source: Source): Progress {
  return (numBytes) => source.raise(numBytes);
}

function reductionOf({ dataType, op }: HostOperation, worldSize: number) {
  return { dataType, op, divisor: op === 'avg' ? worldSize : 1 };
}

/** Segments of whole elements, the first ones one element longer where the count doesn't divide. */
function segment(data: Uint8Array, operation: HostOperation, o: { index: number; numSegments: number }): Uint8Array {
  const { count, dataType } = operation;
  const index = modulo(o.index, o.numSegments);
  const base = Math.floor(count / o.numSegments);
  const numLonger = count % o.numSegments;
  const begin = index * base + Math.min(index, numLonger);
  const end = begin + base + (index < numLonger ? 1 : 0);
  return data.subarray(begin * ELEMENT_BYTES[dataType], end * ELEMENT_BYTES[dataType]);
}
