// A thread that computes synchronously, so that the thread that started it stays free to serve. Both ends of the calls;
// refuses to know what is computed.
import { parentPort, Worker } from 'node:worker_threads';
import { ComputeCallError, type FromCompute, type ToCompute, toCrossingError } from './compute-messages.ts';
import { RuntimeError } from './runtime-error.ts';

/** Methods that a thread serves: their arguments and results are structured-cloned. */
export type ComputeApi<Api> = { readonly [K in keyof Api]: (...args: never[]) => unknown };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Owns one thread; the owner terminates it. */
export class ComputeThread<Api extends ComputeApi<Api>> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: unknown) => void>();
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<RuntimeError>();
  #end: RuntimeError | undefined;
  #nextId = 0;

  private constructor(module: URL, workerData: unknown) {
    this.#worker = new Worker(module, { workerData });
    this.#worker.on('message', (message: FromCompute) => this.#receive(message));
    this.#worker.on('messageerror', (cause) => this.#endWith(crash('sent what cannot be cloned', cause)));
    this.#worker.on('error', (cause) => this.#endWith(crash(`crashed: ${describe(cause)}`, cause)));
    this.#worker.on('exit', (code) => this.#endWith(crash(`ended by itself with exit code ${code}`)));
  }

  /**
   * Runs `module` on a thread of its own with `workerData`; resolves after the module called serveCompute. Rejects with
   * THREAD when it crashes or ends before.
   */
  static async start<Api extends ComputeApi<Api>>(module: URL, workerData: unknown): Promise<ComputeThread<Api>> {
    const thread = new ComputeThread<Api>(module, workerData);
    await thread.#started.promise;
    return thread;
  }

  /** Resolves, never rejects, with the reason for which the thread ended: a crash, or terminate(). */
  get ended(): Promise<RuntimeError> {
    return this.#ended.promise;
  }

  /**
   * Calls a method of the thread; synchronous methods run in the order of their calls. What the method throws arrives
   * as ComputeCallError; when the thread ends, calls under way and later ones reject with THREAD and its cause.
   */
  call<K extends keyof Api & string>(method: K, ...args: Parameters<Api[K]>): Promise<Awaited<ReturnType<Api[K]>>> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = this.#nextId++;
    try {
      this.#worker.postMessage({ id, method, args } satisfies ToCompute);
      this.#waiting.set(id, { resolve, reject });
    } catch (error) {
      reject(error);
    }
    return promise as Promise<Awaited<ReturnType<Api[K]>>>;
  }

  /** Listens to what the thread passes to emitEvent(); returns the function that stops listening. */
  onEvent(listener: (event: unknown) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the thread as soon as the native call that it may be in returns. Calls under way reject with THREAD. */
  async terminate(): Promise<void> {
    this.#endWith(crash('was terminated'));
    await this.#worker.terminate();
  }

  #receive(message: FromCompute): void {
    if (message.kind === 'ready') this.#started.resolve();
    else if (message.kind === 'event') for (const listener of this.#listeners) listener(message.event);
    else this.#settle(message);
  }

  #settle(message: Extract<FromCompute, { id: number }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'result') waiting?.resolve(message.value);
    else waiting?.reject(new ComputeCallError(message.error));
  }

  #endWith(reason: RuntimeError): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#started.reject(reason);
    for (const waiting of this.#waiting.values()) waiting.reject(reason);
    this.#waiting.clear();
    this.#ended.resolve(reason);
  }
}

function crash(what: string, cause?: unknown): RuntimeError {
  return new RuntimeError('THREAD', `the compute thread ${what}`, { cause });
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** On the compute thread: serves calls of these methods from now on. To be called once, when the thread is ready. */
export function serveCompute<Api extends ComputeApi<Api>>(api: Api): void {
  const port = computePort();
  const methods = new Map<string, (...args: never[]) => unknown>(Object.entries(api));
  port.on('message', async ({ id, method, args }: ToCompute) => {
    try {
      const serve = methods.get(method);
      if (serve === undefined) throw new RuntimeError('THREAD', `the compute thread has no method "${method}"`);
      post({ kind: 'result', id, value: await serve(...(args as never[])) });
    } catch (error) {
      post({ kind: 'error', id, error: toCrossingError(error) });
    }
  });
  post({ kind: 'ready' });
}

/** On the compute thread: sends an event to the other side at once, also in the middle of a synchronous call. */
export function emitEvent(event: unknown): void {
  post({ kind: 'event', event });
}

function post(message: FromCompute): void {
  computePort().postMessage(message);
}

function computePort(): NonNullable<typeof parentPort> {
  if (parentPort === null) throw new RuntimeError('THREAD', 'this module computes: start it with ComputeThread.start');
  return parentPort;
}
