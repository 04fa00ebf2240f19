/**
 * From a job to the objects that should exist. Pure and deterministic: no clock, no cluster, no decision on what to
 * delete or restart; that is operator/reconcile's.
 */
import type { ConfigMap, Pod, Service } from '../api/kubernetes.ts';

/** What planning needs to know of the job beyond its spec. */
export interface PlanState {
  /** Set when the job has ended: its pods and services are no longer wanted. */
  readonly outcome: 'Succeeded' | 'Failed' | null;
}

/**
 * Everything that should exist now. An ended or suspended job wants its ConfigMap alone: pods and services that exist
 * and aren't listed may be deleted (pods that ended by themselves are kept for their logs, at reconcile's choice).
 */
export interface DesiredObjects {
  readonly configMap: ConfigMap;
  readonly services: readonly Service[];
  /** Ordered: coordinator first, then by role and index. */
  readonly pods: readonly Pod[];
}
