/**
 * Builds the operations of group calls, and a Communicator's single calls from its group call. Knows no transport.
 */
import type {
  AllGatherOptions,
  AllReduceOptions,
  BarrierOptions,
  BroadcastOptions,
  Communicator,
  Operation,
  PointToPointOptions,
  ReduceScatterOptions,
  RunOptions,
  RunResult,
} from './communicator.ts';

type WithoutDeadline<Options> = Omit<Options, 'timeoutMs'>;
type OutOfPlace<Options> = WithoutDeadline<Omit<Options, 'buffer'>> & Pick<Operation, 'send' | 'receive'>;

/** Out of place: the root reads `send` and writes `receive`; other ranks write `receive` and may leave `send` null. */
export function broadcast(o: OutOfPlace<BroadcastOptions>): Operation {
  const { send, receive, count, dataType, root } = o;
  return { kind: 'broadcast', send, receive, count, dataType, op: 'sum', peer: root };
}

export function allReduce(o: OutOfPlace<AllReduceOptions>): Operation {
  const { send, receive, count, dataType, op } = o;
  return { kind: 'allReduce', send, receive, count, dataType, op, peer: 0 };
}

export function allGather(o: WithoutDeadline<AllGatherOptions>): Operation {
  const { send, receive, count, dataType } = o;
  return { kind: 'allGather', send, receive, count, dataType, op: 'sum', peer: 0 };
}

export function reduceScatter(o: WithoutDeadline<ReduceScatterOptions>): Operation {
  const { send, receive, count, dataType, op } = o;
  return { kind: 'reduceScatter', send, receive, count, dataType, op, peer: 0 };
}

export function send(o: WithoutDeadline<PointToPointOptions>): Operation {
  const { buffer, count, dataType, peer } = o;
  return { kind: 'send', send: buffer, receive: null, count, dataType, op: 'sum', peer };
}

export function receive(o: WithoutDeadline<PointToPointOptions>): Operation {
  const { buffer, count, dataType, peer } = o;
  return { kind: 'receive', send: null, receive: buffer, count, dataType, op: 'sum', peer };
}

export function barrier(): Operation {
  return { kind: 'barrier', send: null, receive: null, count: 0, dataType: 'uint8', op: 'sum', peer: 0 };
}

/** The single calls, each a group of one. */
export abstract class GroupCallCommunicator implements Communicator {
  abstract readonly rank: number;
  abstract readonly worldSize: number;
  abstract run(operations: readonly Operation[], options: RunOptions): Promise<RunResult>;
  abstract abort(): Promise<void>;
  abstract destroy(): Promise<void>;

  async broadcast(o: BroadcastOptions): Promise<void> {
    await this.run([broadcast({ ...o, send: o.buffer, receive: o.buffer })], o);
  }

  async allReduce(o: AllReduceOptions): Promise<void> {
    await this.run([allReduce({ ...o, send: o.buffer, receive: o.buffer })], o);
  }

  async allGather(o: AllGatherOptions): Promise<void> {
    await this.run([allGather(o)], o);
  }

  async reduceScatter(o: ReduceScatterOptions): Promise<void> {
    await this.run([reduceScatter(o)], o);
  }

  async send(o: PointToPointOptions): Promise<void> {
    await this.run([send(o)], o);
  }

  async receive(o: PointToPointOptions): Promise<void> {
    await this.run([receive(o)], o);
  }

  async barrier(o: BarrierOptions): Promise<void> {
    await this.run([barrier()], o);
  }
}
