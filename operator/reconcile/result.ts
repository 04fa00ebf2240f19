// How a reconcile ends: one type for every way.

export type ReconcileResult =
  /** Nothing to do until something changes. */
  | { readonly type: 'done' }
  /** Look again after this time, whatever happens. */
  | { readonly type: 'requeueAfter'; readonly delayMs: number }
  /** Try again after the key's back-off. `error` is null when somebody else wrote first, which is no fault. */
  | { readonly type: 'retry'; readonly error: unknown };

export const DONE: ReconcileResult = { type: 'done' };
export const CONFLICT: ReconcileResult = { type: 'retry', error: null };
