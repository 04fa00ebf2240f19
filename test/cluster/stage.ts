// Where a test's jobs play: a cluster, namespaces in it, and whether somebody else gives pods their nodes. One in memory is
// made here. It knows no tests.

import { randomBytes } from 'node:crypto';
import type { Cluster } from '../../operator/cluster/cluster.ts';
import { MemoryCluster } from '../../operator/cluster/memory-cluster.ts';

export interface Stage {
  /** With all rights. */
  readonly cluster: Cluster;
  readonly hasScheduler: boolean;
  /** Nobody else's. */
  newNamespace(): Promise<string>;
}

export function memoryStage(): Stage {
  const newNamespace = async (): Promise<string> => `test-${randomBytes(4).toString('hex')}`;
  return { cluster: new MemoryCluster(), hasScheduler: false, newNamespace };
}
