/** Where a job's pods run, as far as their plan depends on it. Knows no cluster's API. */
import { DEFAULT_IMAGE } from '../api/names.ts';
import type { SecurityMode } from '../api/security-schema.ts';
import type { NetworkPolicyPeer } from '../cluster/objects.ts';

export interface Platform {
  /** `Cluster`: nodes and a network that others use too. `Machine`: processes of one machine, all on loopback. */
  readonly kind: 'Cluster' | 'Machine';
  /** Null: the operator doesn't run in the cluster. */
  readonly operatorNamespace: string | null;
  /** Who may read metrics of jobs that don't say it themselves. */
  readonly metricsFrom: readonly NetworkPolicyPeer[];
  /** Image of the pods of jobs that name none. */
  readonly workerImage: string;
  /** As which pods run, whatever their image says; left out: as the image of this version. Null: the cluster chooses. */
  readonly userId?: number | null;
  /** Of certificates of jobs; left out: as `CERTIFICATE_MS` says. */
  readonly certificateMs?: number;
}

export const MACHINE: Platform = {
  kind: 'Machine',
  operatorNamespace: null,
  metricsFrom: [],
  workerImage: DEFAULT_IMAGE,
};

export function isEnabled(mode: SecurityMode, { kind }: Platform): boolean {
  return mode === 'Enabled' || (mode === 'Auto' && kind === 'Cluster');
}
