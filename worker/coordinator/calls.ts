/**
 * Calls from the coordinator to members: the epoch stamped on each, deadlines, and patience. A member that doesn't answer
 * is called again until the membership says that it is lost; only then the call fails with MemberLostError.
 * Knows nothing of what is called.
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import { type Client, connect, type ServiceName } from '../service/protos.ts';
import { RpcError, toRpcError } from '../service/rpc.ts';
import { type Member, type Membership, memberName } from './membership.ts';

const RETRY_INTERVAL_MS = 100;
/** A stream may run this many times the longest wait between two of its messages. */
const STREAM_DEADLINE_FACTOR = 100;

/** The member is no more; its place may have a replacement by now. */
export class MemberLostError extends Error {
  override readonly name = 'MemberLostError';
  readonly member: Member;
  constructor(member: Member, options?: ErrorOptions) {
    super(`${memberName(member)} was lost (incarnation ${member.incarnation})`, options);
    this.member = member;
  }
}

/** What a call under way needs: the epoch to stamp, its deadlines, and the signal that ends it. */
export interface CallContext {
  readonly epoch: number;
  readonly unary: { readonly deadlineMs: number; readonly signal: AbortSignal };
  readonly stream: { readonly deadlineMs: number; readonly idleMs: number; readonly signal: AbortSignal };
  client<Name extends ServiceName>(service: Name): Client<Name>;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  /** The call belongs to this epoch and to no later one (a collective of a process group). Default: the newest. */
  readonly epoch?: number;
  /** False for what must not run twice: any failure is then final. Default: true. */
  readonly canRepeat?: boolean;
}

interface Connection {
  readonly clients: Map<ServiceName, grpc.Client>;
  readonly lost: AbortController;
}

export interface MemberCallsOptions {
  readonly membership: Membership;
  /** Longest wait for one answer, or between two messages of a stream. */
  readonly callMs: number;
}

export class MemberCalls {
  readonly membership: Membership;
  readonly #callMs: number;
  readonly #connections = new Map<string, Connection>();
  readonly #stopListening: () => void;

  constructor(options: MemberCallsOptions) {
    this.membership = options.membership;
    this.#callMs = options.callMs;
    this.#stopListening = options.membership.onChange((change) => {
      if (change?.kind === 'lost') this.#drop(change.member);
    });
  }

  /**
   * Runs `invoke` against a member, again while it is unavailable and not known to be lost, or the epoch rose under it.
   * Throws MemberLostError, the signal's reason, or RpcError that names the member.
   */
  async call<T>(member: Member, options: CallOptions, invoke: (context: CallContext) => Promise<T>): Promise<T> {
    const giveUpAtMs = performance.now() + this.#callMs;
    for (;;) {
      options.signal.throwIfAborted();
      if (!this.membership.isAlive(member)) throw new MemberLostError(member);
      const epoch = options.epoch ?? this.membership.epoch;
      const connection = this.#connection(member);
      const signal = AbortSignal.any([options.signal, connection.lost.signal]);
      try {
        return await invoke(this.#context(member, connection, { epoch, signal }));
      } catch (error) {
        options.signal.throwIfAborted();
        if (!this.membership.isAlive(member)) throw new MemberLostError(member, { cause: error });
        const failure = toRpcError(error);
        const isPatient = options.canRepeat !== false && performance.now() < giveUpAtMs;
        if (!isPatient || !this.#isPassing(failure, epoch, options)) throw named(failure, member);
        await delay(RETRY_INTERVAL_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  close(): void {
    this.#stopListening();
    for (const connection of this.#connections.values()) disconnect(connection);
    this.#connections.clear();
  }

  /** Whether the same call may succeed a moment later. */
  #isPassing(failure: RpcError, epoch: number, options: CallOptions): boolean {
    if (failure.code === grpc.status.UNAVAILABLE) return true;
    const isOldEpoch = failure.code === grpc.status.FAILED_PRECONDITION && this.membership.epoch > epoch;
    return isOldEpoch && options.epoch === undefined;
  }

  #context(
    member: Member,
    connection: Connection,
    { epoch, signal }: { readonly epoch: number; readonly signal: AbortSignal },
  ): CallContext {
    const callMs = this.#callMs;
    return {
      epoch,
      unary: { deadlineMs: callMs, signal },
      stream: { deadlineMs: callMs * STREAM_DEADLINE_FACTOR, idleMs: callMs, signal },
      client: <Name extends ServiceName>(service: Name) => {
        const known = connection.clients.get(service);
        // The map's key is the service that the client was made for.
        if (known !== undefined) return known as Client<Name>;
        const client = connect(service, member.address);
        connection.clients.set(service, client);
        return client;
      },
    };
  }

  #connection(member: Member): Connection {
    const known = this.#connections.get(member.incarnation);
    if (known !== undefined) return known;
    const connection = { clients: new Map<ServiceName, grpc.Client>(), lost: new AbortController() };
    this.#connections.set(member.incarnation, connection);
    return connection;
  }

  #drop(member: Member): void {
    const connection = this.#connections.get(member.incarnation);
    if (connection === undefined) return;
    this.#connections.delete(member.incarnation);
    connection.lost.abort(new MemberLostError(member));
    disconnect(connection);
  }
}

function disconnect(connection: Connection): void {
  for (const client of connection.clients.values()) client.close();
}

function named(failure: RpcError, member: Member): RpcError {
  return new RpcError(failure.code, `${memberName(member)}: ${failure.message}`, { cause: failure });
}
