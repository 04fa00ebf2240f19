/**
 * The Communicator service: handles of communicators for a worker on the same pod. A failed operation is a result code in
 * the reply, as with NCCL, never a failed call. Knows no transport in particular.
 */
import { randomUUID } from 'node:crypto';
import type { CommunicatorHandlers } from '../api/generated/ppo/v1/Communicator.ts';
import type { RunReplyInput } from '../api/generated/ppo/v1/RunReply.ts';
import type { RunRequest } from '../api/generated/ppo/v1/RunRequest.ts';
import type { Logger } from '../service/log.ts';
import { unaryHandler } from '../service/rpc.ts';
import { CommunicatorError, type FailureCode, toCommunicatorError } from './communicator.ts';
import { LocalCommunicator } from './local-communicator.ts';
import type { MemoryStore } from './memory-store.ts';
import type { SidecarMetrics } from './sidecar-metrics.ts';
import type { Transport } from './transport.ts';
import { decodeOperation } from './wire.ts';

/** Beyond it the oldest ones that have ended are forgotten: a worker that crashed can't destroy its own. */
const MAX_COMMUNICATORS = 64;

export interface SidecarServiceOptions<Memory> {
  readonly transport: Transport<Memory>;
  readonly store: MemoryStore<Memory>;
  readonly metrics: SidecarMetrics;
  readonly log: Logger;
}

interface Failure {
  readonly result: FailureCode;
  readonly message: string;
}

export class SidecarService<Memory> {
  readonly handlers: CommunicatorHandlers;
  readonly #options: SidecarServiceOptions<Memory>;
  readonly #communicators = new Map<string, LocalCommunicator<Memory>>();

  constructor(options: SidecarServiceOptions<Memory>) {
    this.#options = options;
    this.handlers = {
      GetUniqueId: unaryHandler(() =>
        this.#reply('GetUniqueId', async () => ({ uniqueId: Buffer.from(await options.transport.createUniqueId()) })),
      ),
      CommInitRank: unaryHandler((request, signal) =>
        this.#reply('CommInitRank', async () => {
          const { uniqueId, rank, worldSize, timeoutSeconds } = request;
          this.#makeRoom();
          const timeoutMs = checkTimeout(timeoutSeconds);
          const group = await options.transport.join({ uniqueId, rank, worldSize, timeoutMs, signal });
          const comm = randomUUID();
          this.#communicators.set(comm, new LocalCommunicator(group, options.store));
          options.metrics.setCommunicators(this.#communicators.size);
          options.log.info({ comm, groupRank: rank, worldSize }, 'communicator formed');
          return { comm };
        }),
      ),
      Run: unaryHandler((request) => this.#reply('Run', () => this.#run(request))),
      CommAbort: unaryHandler(({ comm }) => this.#reply('CommAbort', () => this.#remove(comm, 'abort'))),
      CommDestroy: unaryHandler(({ comm }) => this.#reply('CommDestroy', () => this.#remove(comm, 'destroy'))),
    };
  }

  async #run(request: RunRequest): Promise<RunReplyInput> {
    const communicator = this.#communicator(request.comm);
    const operations = request.operations.map(decodeOperation);
    const result = await communicator.run(operations, { timeoutMs: checkTimeout(request.timeoutSeconds) });
    this.#options.metrics.countRun(operations, result);
    return result;
  }

  async #remove(comm: string, how: 'abort' | 'destroy'): Promise<object> {
    const communicator = this.#communicator(comm);
    await communicator[how]();
    this.#communicators.delete(comm);
    this.#options.metrics.setCommunicators(this.#communicators.size);
    this.#options.log.info({ comm, how }, 'communicator ended');
    return {};
  }

  #communicator(comm: string): LocalCommunicator<Memory> {
    const communicator = this.#communicators.get(comm);
    if (communicator !== undefined) return communicator;
    throw new CommunicatorError('INVALID_ARGUMENT', `there is no communicator ${JSON.stringify(comm.slice(0, 64))}`);
  }

  #makeRoom(): void {
    for (const [comm, { end }] of this.#communicators) {
      if (this.#communicators.size < MAX_COMMUNICATORS) return;
      if (end !== null) this.#communicators.delete(comm);
    }
    if (this.#communicators.size < MAX_COMMUNICATORS) return;
    throw new CommunicatorError('SYSTEM_ERROR', `${MAX_COMMUNICATORS} communicators are open: destroy some`);
  }

  async #reply<Reply extends object>(call: string, handle: () => Promise<Reply>): Promise<Reply | Failure> {
    try {
      return await handle();
    } catch (error) {
      const { code, message } = toCommunicatorError(error);
      this.#options.metrics.countError(code);
      this.#options.log.warn({ call, code, err: error }, 'call failed');
      return { result: code, message };
    }
  }
}

function checkTimeout(timeoutSeconds: number): number {
  // Timers count whole milliseconds up to 2^31 - 1.
  if (timeoutSeconds > 0 && timeoutSeconds <= 2_147_483) return Math.max(1, timeoutSeconds * 1000);
  throw new CommunicatorError('INVALID_ARGUMENT', `timeout_seconds: found ${timeoutSeconds}, expected more than 0`);
}
