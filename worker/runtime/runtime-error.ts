// The one error class of worker/runtime and the closed set of its codes. Knows no library.

/**
 * Why native compute refused or failed:
 * - LIBRARY: a native library is missing or too old;
 * - INVALID_MODEL: the session could not be created from the model;
 * - INVALID_BINDING: buffers don't fit the model (name, dtype, shape, length);
 * - RUN_FAILED: the computation itself failed;
 * - SHARED_MEMORY: a shared buffer could not be created, opened or mapped;
 * - THREAD: a compute thread crashed or was terminated;
 * - DISPOSED: use after dispose.
 */
export type RuntimeErrorCode =
  | 'LIBRARY'
  | 'INVALID_MODEL'
  | 'INVALID_BINDING'
  | 'RUN_FAILED'
  | 'SHARED_MEMORY'
  | 'THREAD'
  | 'DISPOSED';

export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RuntimeError';
    this.code = code;
  }
}

/** Something was used after its dispose(): always a bug of the caller, never of the machine. */
export class DisposedError extends RuntimeError {
  constructor(what: string) {
    super('DISPOSED', `${what} was used after it was disposed`);
    this.name = 'DisposedError';
  }
}
