/**
 * A worker's side of its communicator sidecar: the Communicator interface over gRPC. The tensors stay in the shared
 * folder; only their names and ranges travel. Knows no transport.
 */
import * as grpc from '@grpc/grpc-js';
import type { Result } from '../api/generated/ppo/v1/Result.ts';
import { type Client, connect } from '../service/protos.ts';
import { toRpcError, unary } from '../service/rpc.ts';
import { CommunicatorError, type Operation, type RunOptions, type RunResult } from './communicator.ts';
import { GroupCallCommunicator } from './operations.ts';
import { encodeOperation } from './wire.ts';

/** Added to the sidecar's own timeout, so that its answer, which knows more, comes first. */
const REPLY_GRACE_MS = 2000;
/** For calls that wait for no other rank. */
const LOCAL_CALL_TIMEOUT_MS = 5000;

type SidecarConnection = Client<'Communicator'>;

export class SidecarClient {
  readonly #connection: SidecarConnection;

  /** `address` is host:port; the connection opens with the first call. */
  constructor(address: string) {
    this.#connection = connect('Communicator', address);
  }

  /** 128 bytes that name a communicator to be; rank 0's sidecar, which made it, is where the ranks will meet. */
  async getUniqueId(o: { readonly timeoutMs: number }): Promise<Uint8Array> {
    const client = this.#connection;
    const reply = await call(() => unary(client, client.getUniqueId, {}, { deadlineMs: o.timeoutMs }));
    return reply.uniqueId;
  }

  /** Resolves when every rank has joined. Rejects with CommunicatorError. */
  async initRank(o: {
    readonly uniqueId: Uint8Array;
    readonly rank: number;
    readonly worldSize: number;
    readonly timeoutMs: number;
  }): Promise<SidecarCommunicator> {
    const client = this.#connection;
    const { uniqueId, rank, worldSize } = o;
    const request = { uniqueId, rank, worldSize, timeoutSeconds: o.timeoutMs / 1000 };
    const deadlineMs = o.timeoutMs + REPLY_GRACE_MS;
    const reply = await call(() => unary(client, client.commInitRank, request, { deadlineMs }));
    return new SidecarCommunicator(client, { handle: reply.comm, rank, worldSize });
  }

  close(): void {
    this.#connection.close();
  }
}

export class SidecarCommunicator extends GroupCallCommunicator {
  readonly rank: number;
  readonly worldSize: number;
  readonly #client: SidecarConnection;
  readonly #handle: string;

  constructor(client: SidecarConnection, o: { handle: string; rank: number; worldSize: number }) {
    super();
    this.#client = client;
    this.#handle = o.handle;
    this.rank = o.rank;
    this.worldSize = o.worldSize;
  }

  async run(operations: readonly Operation[], options: RunOptions): Promise<RunResult> {
    const client = this.#client;
    const request = {
      comm: this.#handle,
      operations: operations.map(encodeOperation),
      timeoutSeconds: options.timeoutMs / 1000,
    };
    const deadlineMs = options.timeoutMs + REPLY_GRACE_MS;
    const { seconds, bytes } = await call(() => unary(client, client.run, request, { deadlineMs }));
    return { seconds, bytes };
  }

  async abort(): Promise<void> {
    const client = this.#client;
    await call(() => unary(client, client.commAbort, { comm: this.#handle }, { deadlineMs: LOCAL_CALL_TIMEOUT_MS }));
  }

  async destroy(): Promise<void> {
    const client = this.#client;
    await call(() => unary(client, client.commDestroy, { comm: this.#handle }, { deadlineMs: LOCAL_CALL_TIMEOUT_MS }));
  }
}

/** A reply's result code becomes an exception, and so does a sidecar that can't be reached. */
async function call<Reply extends { result: Result; message: string }>(send: () => Promise<Reply>): Promise<Reply> {
  let reply: Reply;
  try {
    reply = await send();
  } catch (error) {
    const { code, message } = toRpcError(error);
    const result = code === grpc.status.DEADLINE_EXCEEDED ? 'TIMEOUT' : 'SYSTEM_ERROR';
    throw new CommunicatorError(result, `the communicator sidecar did not answer: ${message}`, { cause: error });
  }
  if (reply.result !== 'SUCCESS') throw new CommunicatorError(reply.result, reply.message);
  return reply;
}
