/**
 * Generation that is scaled: the settings are read again all the time, so that nobody waits for replicas that will not come,
 * or misses those that were scaled away. Knows nothing of who scales, and of how settings reach this process.
 * Waits for: the clock. Unblocked by: its end.
 */
import type { JobConfig } from '../api/job-config.ts';
import type { Membership } from './membership.ts';

export interface WantedReplicasOptions {
  readonly membership: Membership;
  /** The settings as they stand now; throws while they are being replaced. */
  readonly read: () => JobConfig;
  readonly everyMs: number;
}

/** Returns how to stop. */
export function followWantedReplicas({ membership, read, everyMs }: WantedReplicasOptions): () => void {
  const timer = setInterval(() => {
    try {
      membership.want('generation', read().roles.generation.replicas);
    } catch {
      // Half of a file, or none: the next look finds it whole.
    }
  }, everyMs);
  return () => clearInterval(timer);
}
