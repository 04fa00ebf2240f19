// The CPU device: ONNX Runtime's CPU provider through the C API with IoBinding, because the JavaScript binding copies
// every output into fresh memory. Refuses to know what a model computes.
import type { BoundRun, Device, Session, SessionOptions, TensorView } from './device.ts';
import { type OrtApi, ortApi, type Pointer } from './ort-api.ts';
import { createTensor, readSpecs } from './ort-tensor.ts';
import { DisposedError, RuntimeError } from './runtime-error.ts';
import { checkLength, checkTensors, type TensorSpec } from './tensor-check.ts';

// GraphOptimizationLevel ORT_ENABLE_ALL, ExecutionMode ORT_SEQUENTIAL
const OPTIMIZE_ALL = 99;
const SEQUENTIAL = 0;

export interface CpuDeviceOptions {
  /**
   * Whether pool threads spin while they wait for work. Off by default: a job is many processes on few cores, where a
   * spinning thread takes the core that another role computes on.
   */
  readonly spinning?: boolean;
}

export function createCpuDevice(options: CpuDeviceOptions = {}): Device {
  const spinning = options.spinning ?? false;
  return {
    name: 'cpu',
    createSession: (model, sessionOptions) => new CpuSession(ortApi(), model, { ...sessionOptions, spinning }),
  };
}

type CpuSessionOptions = SessionOptions & { readonly spinning: boolean };

class CpuSession implements Session {
  readonly #api: OrtApi;
  readonly #inputs: ReadonlyMap<string, TensorSpec>;
  readonly #outputs: ReadonlyMap<string, TensorSpec>;
  readonly #runs = new Set<CpuBoundRun>();
  readonly #initializers: InitializerValues;
  #session: Pointer;

  constructor(api: OrtApi, model: Uint8Array, options: CpuSessionOptions) {
    this.#api = api;
    this.#initializers = new InitializerValues(api, options.initializers ?? {});
    const native = api.create('INVALID_MODEL', 'createSessionOptions');
    try {
      configure(api, native, options);
      this.#initializers.addTo(native);
      this.#session = createNativeSession(api, model, native);
    } catch (error) {
      this.#initializers.release();
      throw error;
    } finally {
      api.release('releaseSessionOptions', native);
    }
    this.#inputs = readSpecs(api, this.#session, 'Input');
    this.#outputs = readSpecs(api, this.#session, 'Output');
  }

  bind(inputs: Readonly<Record<string, TensorView>>, outputs: Readonly<Record<string, TensorView>>): BoundRun {
    if (this.#session === null) throw new DisposedError('a session');
    const problems = [
      ...checkTensors('input', this.#inputs, inputs),
      ...checkTensors('output', this.#outputs, outputs),
    ];
    if (problems.length > 0) throw new RuntimeError('INVALID_BINDING', problems.join('\n'));
    const run = new CpuBoundRun(this.#api, this.#session, { inputs, outputs }, (ended) => this.#runs.delete(ended));
    this.#runs.add(run);
    return run;
  }

  dispose(): void {
    if (this.#session === null) return;
    for (const run of this.#runs) run.dispose();
    this.#api.release('releaseSession', this.#session);
    this.#session = null;
    this.#initializers.release();
  }
}

function createNativeSession(api: OrtApi, model: Uint8Array, native: Pointer): Pointer {
  const { environment } = api;
  return api.create('INVALID_MODEL', 'createSessionFromArray', environment, model, model.byteLength, native);
}

function configure(api: OrtApi, native: Pointer, options: CpuSessionOptions): void {
  api.call('INVALID_MODEL', 'setIntraOpNumThreads', native, options.threads);
  api.call('INVALID_MODEL', 'setInterOpNumThreads', native, 1);
  api.call('INVALID_MODEL', 'setSessionExecutionMode', native, SEQUENTIAL);
  api.call('INVALID_MODEL', 'setGraphOptimizationLevel', native, OPTIMIZE_ALL);
  const entries = {
    'session.intra_op.allow_spinning': options.spinning ? '1' : '0',
    'session.inter_op.allow_spinning': '0',
    'session.disable_prepacking': options.prepacking ? '0' : '1',
  };
  for (const [key, value] of Object.entries(entries)) {
    api.call('INVALID_MODEL', 'addSessionConfigEntry', native, key, value);
  }
}

/** Owns the OrtValues that stand in for a model's initializers; borrows their buffers until release(). */
class InitializerValues {
  readonly #api: OrtApi;
  #values: readonly { readonly name: string; readonly view: TensorView; readonly value: Pointer }[];

  constructor(api: OrtApi, views: Readonly<Record<string, TensorView>>) {
    this.#api = api;
    const entries = Object.entries(views);
    const problems = entries.flatMap(([name, view]) => checkLength(`initializer "${name}"`, view));
    if (problems.length > 0) throw new RuntimeError('INVALID_BINDING', problems.join('\n'));
    this.#values = entries.map(([name, view]) => ({ name, view, value: createTensor(api, 'INVALID_BINDING', view) }));
  }

  addTo(native: Pointer): void {
    for (const { name, value } of this.#values) this.#api.call('INVALID_MODEL', 'addInitializer', native, name, value);
  }

  release(): void {
    for (const { value } of this.#values) this.#api.release('releaseValue', value);
    this.#values = [];
  }
}

interface Bindings {
  readonly inputs: Readonly<Record<string, TensorView>>;
  readonly outputs: Readonly<Record<string, TensorView>>;
}

class CpuBoundRun implements BoundRun {
  readonly #api: OrtApi;
  readonly #session: Pointer;
  readonly #onDispose: (run: CpuBoundRun) => void;
  readonly #values: Pointer[] = [];
  /** Holds the buffers that native code reads and writes; null once disposed. */
  #bindings: Bindings | null;
  #binding: Pointer = null;

  constructor(api: OrtApi, session: Pointer, bindings: Bindings, onDispose: (run: CpuBoundRun) => void) {
    this.#api = api;
    this.#session = session;
    this.#bindings = bindings;
    this.#onDispose = onDispose;
    this.#binding = api.create('INVALID_BINDING', 'createIoBinding', session);
    try {
      this.#bind('bindInput', bindings.inputs);
      this.#bind('bindOutput', bindings.outputs);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  #bind(bind: 'bindInput' | 'bindOutput', views: Readonly<Record<string, TensorView>>): void {
    for (const [name, view] of Object.entries(views)) {
      const value = createTensor(this.#api, 'INVALID_BINDING', view);
      this.#values.push(value);
      this.#api.call('INVALID_BINDING', bind, this.#binding, name, value);
    }
  }

  run(): void {
    if (this.#bindings === null) throw new DisposedError('a bound run');
    this.#api.call('RUN_FAILED', 'runWithBinding', this.#session, null, this.#binding);
  }

  dispose(): void {
    if (this.#bindings === null) return;
    this.#bindings = null;
    this.#api.release('releaseIoBinding', this.#binding);
    for (const value of this.#values) this.#api.release('releaseValue', value);
    this.#onDispose(this);
  }
}
