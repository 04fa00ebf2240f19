// What the project asks of a compute device: compile an ONNX model into a session, bind host buffers to its inputs and
// outputs, run. Knows neither ONNX Runtime nor models; cpu-device.ts is the first implementation.

/** Element types that cross the boundary; the array class decides: bool travels as Uint8Array with 0 and 1. */
export type DType = 'float32' | 'int64' | 'int32' | 'bool';

/** Host memory of a tensor: Float32Array = float32, BigInt64Array = int64, Int32Array = int32, Uint8Array = bool. */
export type HostArray = Float32Array | BigInt64Array | Int32Array | Uint8Array;

/** A row-major tensor over borrowed host memory; `data.length` is the product of `shape` (1 for the scalar shape []). */
export interface TensorView {
  readonly data: HostArray;
  readonly shape: readonly number[];
}

export interface SessionOptions {
  /** Threads for one operator (intra-op); 1 computes on the calling thread alone. */
  readonly threads: number;
  /** Repacks constant weights for faster matrix products. Graph inputs are never repacked. */
  readonly prepacking: boolean;
  /**
   * Data of the model's initializers of these names (a graph's initializer() has none of its own), without copying it.
   * The session keeps the buffers alive. With prepacking off, a change to a buffer is seen by the next run; with
   * prepacking on it is seen by some operators and not by others, so never change one.
   */
  readonly initializers?: Readonly<Record<string, TensorView>>;
}

export interface Device {
  readonly name: string;
  /** Compiles an encoded ONNX model. Throws RuntimeError with ONNX Runtime's message when the model is refused. */
  createSession(model: Uint8Array, options: SessionOptions): Session;
}

/** Owns native memory: the caller disposes it. Bound runs that are still held become unusable with it. */
export interface Session {
  /**
   * Binds every input and output of the model. Refuses unknown or missing names, dtypes and shapes that differ from
   * the model's, and buffers whose length is not the product of their shape, all problems at once.
   */
  bind(inputs: Readonly<Record<string, TensorView>>, outputs: Readonly<Record<string, TensorView>>): BoundRun;
  dispose(): void;
}

/** Keeps its buffers alive until disposed. A buffer may be bound as input and output of the same run (in place). */
export interface BoundRun {
  /** Computes synchronously; the outputs' buffers then hold the results. */
  run(): void;
  dispose(): void;
}
