/**
 * Several calls that only make sense together: when one fails the others are ended, and the first failure is the one
 * reported. Knows nothing of the calls.
 */

/**
 * Runs every task at once, results in their order. On the first failure the others' signal aborts; throws that failure
 * once all have ended. `signal` ends all of them.
 */
export async function together<T>(
  signal: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<T>)[],
): Promise<T[]> {
  const failed = new AbortController();
  const shared = AbortSignal.any([signal, failed.signal]);
  let first: { readonly error: unknown } | null = null;
  const results = tasks.map(async (task) => {
    try {
      return await task(shared);
    } catch (error) {
      first ??= { error };
      failed.abort(new Error('another call of the same step failed', { cause: error }));
      throw error;
    }
  });
  const settled = await Promise.allSettled(results);
  signal.throwIfAborted();
  // Assigned inside the callbacks above, which the compiler's flow analysis does not follow.
  const failure = first as { readonly error: unknown } | null;
  if (failure !== null) throw failure.error;
  return settled.map((result) => (result as PromiseFulfilledResult<T>).value);
}
