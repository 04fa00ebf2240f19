/**
 * Generation that is scaled down before the job has ever been complete: its settings are read again until then, so that
 * nobody waits for replicas that will not come. Knows nothing of who scales, and of how settings reach this process.
 * Waits for: the clock. Unblocked by: the first complete membership.
 */
import type { JobConfig } from '../api/job-config.ts';
import type { Membership } from './membership.ts';

export interface AwaitedReplicasOptions {
  readonly membership: Membership;
  /** The settings as they stand now; throws while they are being replaced. */
  readonly read: () => JobConfig;
  readonly everyMs: number;
}

/** Returns how to stop. */
export function followAwaitedReplicas({ membership, read, everyMs }: AwaitedReplicasOptions): () => void {
  const timer = setInterval(() => {
    if (membership.isComplete) clearInterval(timer);
    else look();
  }, everyMs);
  const look = (): void => {
    try {
      membership.expectAtMost('generation', read().roles.generation.replicas);
    } catch {
      // Half of a file, or none: the next look finds it whole.
    }
  };
  return () => clearInterval(timer);
}
