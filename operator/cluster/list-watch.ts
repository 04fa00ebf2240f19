// Follows all objects of a kind: a list, then every change, forever; relists when history is lost. It refuses to know
// what anybody does with them.
//
// Consumes: a cluster's list and watch. Waits for: the next change, or the back-off after an error. Unblocked by: a
// change, the clock, or the signal.

import type { Clock } from './clock.ts';
import type { Cluster, ListOptions, ResourceKind } from './cluster.ts';
import { ClusterError, UnavailableError } from './errors.ts';
import type { KubernetesObject, Stored, WatchEvent } from './objects.ts';

/** A whole new state of the world (what isn't in it is gone), or one change to it. */
export type Update<T extends KubernetesObject> =
  | { readonly type: 'LISTED'; readonly items: readonly Stored<T>[]; readonly resourceVersion: string }
  | WatchEvent<T>;

export interface FollowOptions extends ListOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Told about every failed list or watch; following goes on. */
  readonly onError: (error: unknown) => void;
  /** Told of everything that shows that following goes on: what comes, and what fails. */
  readonly onSign?: () => void;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 30_000;

/** Ends only when the signal aborts. */
export async function* follow<T extends KubernetesObject>(
  cluster: Cluster,
  kind: ResourceKind<T>,
  options: FollowOptions,
): AsyncGenerator<Update<T>> {
  let backoffMs = FIRST_BACKOFF_MS;
  /** Null: list first. */
  let resourceVersion: string | null = null;
  while (!options.signal.aborted) {
    try {
      options.onSign?.();
      if (resourceVersion === null) {
        const list = await cluster.list(kind, options);
        resourceVersion = list.resourceVersion;
        yield { type: 'LISTED', ...list };
      }
      const onBookmark = (version: string): void => {
        resourceVersion = version;
        options.onSign?.();
        backoffMs = FIRST_BACKOFF_MS;
      };
      for await (const event of cluster.watch(kind, { ...options, resourceVersion, onBookmark })) {
        resourceVersion = event.object.metadata.resourceVersion;
        options.onSign?.();
        backoffMs = FIRST_BACKOFF_MS;
        yield event;
      }
      // Servers end watches now and then; one that ends them at once must not be asked without a pause.
      await sleep(FIRST_BACKOFF_MS, options);
    } catch (error) {
      if (options.signal.aborted) return;
      if (isRefusal(error)) resourceVersion = null;
      options.onError(error);
      await sleep(backoffMs, options);
      backoffMs = Math.min(2 * backoffMs, LONGEST_BACKOFF_MS);
    }
  }
}

/** The version is too old, or one that the server doesn't know, as after a restored backup: it won't take it later either. */
function isRefusal(error: unknown): boolean {
  return error instanceof ClusterError && !(error instanceof UnavailableError);
}

/** Resolves after `delayMs`, or at once when the signal aborts. */
export function sleep(
  delayMs: number,
  options: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<void> {
  return new Promise((resolve) => {
    if (options.signal.aborted) {
      resolve();
      return;
    }
    const cancel = options.clock.after(delayMs, () => {
      options.signal.removeEventListener('abort', stop);
      resolve();
    });
    const stop = (): void => {
      cancel();
      resolve();
    };
    options.signal.addEventListener('abort', stop, { once: true });
  });
}
