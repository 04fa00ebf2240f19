// Nodes of a control plane that run pods as processes of this machine, with folders of their own. It knows no jobs.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubernetesCluster } from '../../operator/cluster/kubernetes-cluster.ts';
import { ProcessFolders } from '../../operator/local/run-folders.ts';
import type { ControlPlane } from './control-plane.ts';
import { TestNode } from './nodes.ts';

const NAMES = ['node-a', 'node-b'];
const GRACE_MS = 1000;

interface Where {
  readonly cluster: KubernetesCluster;
  readonly plane: Pick<ControlPlane, 'network'>;
}

export class ProcessNodes {
  /** For whatever the test's jobs read and write. */
  readonly directory = mkdtempSync(join(tmpdir(), 'ppo-process-nodes-'));
  readonly #folders = ProcessFolders.create();
  readonly #faults: unknown[] = [];
  readonly #nodes: TestNode[] = [];

  /** Containers run in `workingDirectory`. */
  static async start({ cluster, plane }: Where, workingDirectory: string): Promise<ProcessNodes> {
    const own = new ProcessNodes();
    const processes = {
      folders: own.#folders,
      logDirectory: join(own.directory, 'logs'),
      workingDirectory,
      environment: { PATH: process.env.PATH ?? '' },
      onFault: (fault: unknown) => own.#faults.push(fault),
    };
    for (const name of NAMES) {
      own.#nodes.push(await TestNode.start({ cluster, network: plane.network, name, processes }));
    }
    return own;
  }

  /** Throws if anything went wrong that is not for the cluster to know. */
  async stop(): Promise<void> {
    for (const node of this.#nodes) await node.stop(GRACE_MS);
    this.#folders.remove();
    rmSync(this.directory, { recursive: true, force: true });
    assert.deepEqual(this.#faults, []);
  }
}
