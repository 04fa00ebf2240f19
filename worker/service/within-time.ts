/** Patience with an end: a promise that may take so long and no longer. Knows nothing of what is waited for. */

/** What `promise` settles to; rejects with an Error that says `complaint` where that takes longer than `ms`. */
export async function withinTime<T>(promise: Promise<T>, ms: number, complaint: string): Promise<T> {
  const expired = Promise.withResolvers<never>();
  const timer = setTimeout(() => expired.reject(new Error(complaint)), ms);
  try {
    return await Promise.race([promise, expired.promise]);
  } finally {
    clearTimeout(timer);
  }
}
