/**
 * A communicator over TCP: runs group calls on host memory through a mesh of links. Knows neither names of buffers nor
 * how ranks found each other.
 */
import { Channel, type HostOperation, OperationNumbers, signatureOf } from './channel.ts';
import { CommunicatorError, toCommunicatorError } from './communicator.ts';
import type { Mesh } from './mesh.ts';
import { COLLECTIVES, settle } from './ring.ts';
import type { TransportGroup } from './transport.ts';

export class TcpGroup implements TransportGroup<Uint8Array> {
  readonly rank: number;
  readonly worldSize: number;
  readonly #mesh: Mesh;
  readonly #numbers = new OperationNumbers();
  readonly #onEnd: () => void;

  /** Takes ownership of a mesh whose links are up. */
  constructor(mesh: Mesh, onEnd: () => void) {
    this.#mesh = mesh;
    this.#onEnd = onEnd;
    this.rank = mesh.rank;
    this.worldSize = mesh.worldSize;
  }

  async run(operations: readonly HostOperation[], { timeoutMs }: { readonly timeoutMs: number }): Promise<number> {
    if (this.#mesh.failure !== null) throw this.#mesh.failure;
    const bytesBefore = this.#mesh.bytesSent;
    const timer = setTimeout(() => this.abort(timeoutError(operations, timeoutMs)), timeoutMs);
    try {
      await settle(operations.map((operation) => this.#start(operation)));
    } catch (error) {
      throw this.#mesh.failure ?? error;
    } finally {
      clearTimeout(timer);
    }
    return this.#mesh.bytesSent - bytesBefore;
  }

  abort(error: CommunicatorError): void {
    this.#mesh.fail(error);
    this.#onEnd();
  }

  async destroy(): Promise<void> {
    await this.#mesh.leave();
    this.#onEnd();
  }

  // Synchronous up to the first transfer: numbers are given in the order of the calls.
  async #start(operation: HostOperation): Promise<void> {
    const channel = new Channel(this.#mesh, {
      operation: this.#numbers.next(operation),
      signature: signatureOf(operation),
    });
    try {
      await COLLECTIVES[operation.kind](channel, operation);
    } catch (error) {
      this.abort(toCommunicatorError(error));
      throw error;
    }
  }
}

function timeoutError(operations: readonly HostOperation[], timeoutMs: number): CommunicatorError {
  const kinds = [...new Set(operations.map(({ kind }) => kind))].join(', ');
  return new CommunicatorError('TIMEOUT', `${kinds}: not done after ${Math.round(timeoutMs)} ms`);
}
