/**
 * A Communicator over a transport and a store of memory in this process: checks operations, turns their ranges into
 * memory, runs group calls one after the other. This is what the sidecar serves. Knows neither gRPC nor sockets.
 */
import { CommunicatorError, type Operation, type RunOptions, type RunResult } from './communicator.ts';
import type { MemoryLease, MemoryStore } from './memory-store.ts';
import { checkOperation } from './operation-check.ts';
import { GroupCallCommunicator } from './operations.ts';
import type { ResolvedOperation, TransportGroup } from './transport.ts';

const MAX_GROUP_OPERATIONS = 1024;
/** Longest time that Node's timers can count. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export class LocalCommunicator<Memory> extends GroupCallCommunicator {
  readonly rank: number;
  readonly worldSize: number;
  readonly #group: TransportGroup<Memory>;
  readonly #store: MemoryStore<Memory>;
  #lastRun: Promise<unknown> = Promise.resolve();
  #numRuns = 0;
  #end: CommunicatorError | null = null;

  /** Takes ownership of the group and borrows the store. */
  constructor(group: TransportGroup<Memory>, store: MemoryStore<Memory>) {
    super();
    this.#group = group;
    this.#store = store;
    this.rank = group.rank;
    this.worldSize = group.worldSize;
  }

  /** What ended the communicator, or null while it is usable. */
  get end(): CommunicatorError | null {
    return this.#end;
  }

  async run(operations: readonly Operation[], { timeoutMs }: RunOptions): Promise<RunResult> {
    if (this.#end !== null) throw repeated(this.#end);
    checkGroup(operations, timeoutMs);
    const startedAt = performance.now();
    const leases = new Map<string, MemoryLease<Memory>>();
    this.#numRuns++;
    try {
      // Checked before waiting its turn: a wrong argument is answered at once.
      const resolved = operations.map((operation) => this.#resolve(operation, leases));
      const bytes = await this.#inTurn(() => this.#runGroup(resolved, { timeoutMs, startedAt }));
      return { seconds: (performance.now() - startedAt) / 1000, bytes };
    } finally {
      this.#numRuns--;
      for (const lease of leases.values()) lease.release();
    }
  }

  async abort(): Promise<void> {
    this.#finish(new CommunicatorError('INVALID_USAGE', 'the communicator was aborted'));
    this.#group.abort(new CommunicatorError('REMOTE_ERROR', 'the communicator was aborted'));
    await this.#lastRun;
  }

  async destroy(): Promise<void> {
    if (this.#numRuns > 0) {
      throw new CommunicatorError('INVALID_USAGE', 'operations are under way: wait for them, or abort');
    }
    this.#finish(new CommunicatorError('INVALID_USAGE', 'the communicator was destroyed'));
    await this.#group.destroy();
  }

  #finish(error: CommunicatorError): void {
    this.#end ??= error;
  }

  /** Runs strictly one after the other, in the order of the calls, whatever became of those before. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#lastRun.then(run);
    this.#lastRun = result.catch(() => {});
    return result;
  }

  async #runGroup(
    operations: readonly ResolvedOperation<Memory>[],
    o: { readonly timeoutMs: number; readonly startedAt: number },
  ): Promise<number> {
    const leftMs = Math.max(1, o.timeoutMs - (performance.now() - o.startedAt));
    try {
      return await this.#group.run(operations, { timeoutMs: leftMs });
    } catch (error) {
      if (error instanceof CommunicatorError) this.#finish(error);
      throw error;
    }
  }

  #resolve(operation: Operation, leases: Map<string, MemoryLease<Memory>>): ResolvedOperation<Memory> {
    const lease = (name: string): MemoryLease<Memory> | null => {
      const found = leases.get(name) ?? this.#store.lease(name);
      if (found !== null) leases.set(name, found);
      return found;
    };
    const needs = checkOperation(operation, this, (name) => lease(name)?.byteLength ?? null);
    const { send, receive } = operation;
    const slice = (range: typeof send, numBytes: number | null): Memory | null =>
      range === null || numBytes === null ? null : lease(range.name)!.slice(range.offsetBytes, numBytes);
    return {
      ...operation,
      send: slice(send, needs.sendBytes),
      receive: slice(receive, needs.receiveBytes),
      isInPlace: needs.isInPlace,
    };
  }
}

function checkGroup(operations: readonly Operation[], timeoutMs: number): void {
  const problems: string[] = [];
  if (operations.length < 1 || operations.length > MAX_GROUP_OPERATIONS) {
    problems.push(`found ${operations.length} operations, expected 1..${MAX_GROUP_OPERATIONS}`);
  }
  if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) {
    problems.push(`timeout: found ${timeoutMs} ms, expected more than 0 and at most ${MAX_TIMEOUT_MS}`);
  }
  if (problems.length > 0) throw new CommunicatorError('INVALID_ARGUMENT', problems.join('; '));
}

function repeated(end: CommunicatorError): CommunicatorError {
  return new CommunicatorError(end.code, `the communicator has ended: ${end.message}`, { cause: end });
}
