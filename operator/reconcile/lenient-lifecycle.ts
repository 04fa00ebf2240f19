// What may be known of whether a job is to stop, and how it is to be cleaned up, although its spec as a whole is not
// understood. Pure; it refuses to guess: what isn't as it should be counts as left out.

import { CLEAN_POD_POLICIES, type CleanPodPolicy } from '../api/lifecycle-schema.ts';

export interface LenientLifecycle {
  readonly suspend: boolean;
  readonly ttlSecondsAfterFinished?: number;
  readonly cleanPodPolicy: CleanPodPolicy;
}

export function lenientLifecycle(spec: unknown): LenientLifecycle {
  const fields = typeof spec === 'object' && spec !== null ? (spec as Readonly<Record<string, unknown>>) : {};
  const { suspend, ttlSecondsAfterFinished: seconds, cleanPodPolicy } = fields;
  return {
    suspend: suspend === true,
    cleanPodPolicy: CLEAN_POD_POLICIES.find((policy) => policy === cleanPodPolicy) ?? 'Running',
    ...(typeof seconds === 'number' && seconds >= 0 && { ttlSecondsAfterFinished: seconds }),
  };
}
