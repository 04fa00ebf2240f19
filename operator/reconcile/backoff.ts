// How long a role waits before it replaces pods that keep failing, so that a hopeless pod is not made and lost many times a
// second. Pure.

import { ROLE_NAMES, type RoleName } from '../api/names.ts';
import type { PPOJobStatus, RoleBackoff } from '../api/ppojob.ts';
import { timestamp } from '../cluster/clock.ts';
import type { Pod, Stored } from '../cluster/objects.ts';
import type { Restart } from './restarts.ts';

const FIRST_SECONDS = 1;
const LONGEST_SECONDS = 60;
/** A pod that lived this long was well: its failure starts a new series. */
const LONG_LIFE_MS = 600_000;

/** The first failure of a series costs no wait, the second a second, each further one twice as much. */
export function nextBackoff(
  previous: RoleBackoff | undefined,
  event: { readonly livedMs: number; readonly nowMs: number },
): RoleBackoff {
  const { livedMs, nowMs } = event;
  const seconds = previous === undefined || livedMs >= LONG_LIFE_MS ? 0 : previous.seconds * 2 || FIRST_SECONDS;
  const bounded = Math.min(seconds, LONGEST_SECONDS);
  return { seconds: bounded, until: timestamp(nowMs + bounded * 1000) };
}

/** The back-offs of all roles after `restarts`. */
export function computeBackoffs(
  status: PPOJobStatus,
  restarts: readonly Restart[],
  world: { readonly pods: readonly Stored<Pod>[]; readonly nowMs: number },
): Partial<Record<RoleName, RoleBackoff>> {
  const backoffs: Partial<Record<RoleName, RoleBackoff>> = {};
  for (const role of ROLE_NAMES) {
    const known = status.roles?.[role]?.backoff;
    const failed = new Set(restarts.filter((restart) => restart.role === role).map(({ faults }) => faults[0].uid));
    const births = world.pods
      .filter((pod) => failed.has(pod.metadata.uid))
      .map((pod) => Date.parse(pod.metadata.creationTimestamp));
    if (births.length > 0) {
      const livedMs = world.nowMs - Math.max(...births);
      backoffs[role] = nextBackoff(known, { livedMs, nowMs: world.nowMs });
    } else if (known !== undefined) backoffs[role] = known;
  }
  return backoffs;
}

/**
 * Time left until the role may replace pods; 0 when it may. More than the whole wait is left only where another operator, whose
 * clock is ahead, has written it: that is not waited for.
 */
export function backoffLeftMs(backoff: RoleBackoff | undefined, nowMs: number): number {
  if (backoff === undefined) return 0;
  const leftMs = Date.parse(backoff.until) - nowMs;
  return leftMs > backoff.seconds * 1000 ? 0 : Math.max(0, leftMs);
}
