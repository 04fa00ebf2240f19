// The messages between a compute thread and the thread that started it, and errors in a form that can cross. Knows no
// threads.

export type ToCompute = { readonly id: number; readonly method: string; readonly args: readonly unknown[] };

export type FromCompute =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: CrossingError }
  | { readonly kind: 'event'; readonly event: unknown };

export interface CrossingError {
  readonly name: string;
  readonly message: string;
  readonly code: string | number | null;
  readonly stack: string | null;
}

/** An error that a method of a compute thread threw: its name, message, code and stack, not its class. */
export class ComputeCallError extends Error {
  readonly code: string | number | null;

  constructor(error: CrossingError) {
    super(error.message);
    this.name = error.name;
    this.code = error.code;
    if (error.stack !== null) this.stack = error.stack;
  }
}

export function toCrossingError(thrown: unknown): CrossingError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown), code: null, stack: null };
  const code: unknown = 'code' in thrown ? thrown.code : null;
  return {
    name: thrown.name,
    message: thrown.message,
    code: typeof code === 'string' || typeof code === 'number' ? code : null,
    stack: thrown.stack ?? null,
  };
}
