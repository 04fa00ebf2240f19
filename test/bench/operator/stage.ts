// A real control plane with nodes enough for every pod, kubelets that only say that pods run, and the operator as a process
// of its own. It measures nothing.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { KubernetesCluster } from '../../../operator/cluster/kubernetes-cluster.ts';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { ControlPlane } from '../../cluster/control-plane.ts';
import { installCrds } from '../../cluster/manifests.ts';
import { TestNode } from '../../cluster/nodes.ts';
import { PlayedKubelet, RUNNING } from '../../cluster/played-kubelet.ts';
import { CONTROL_PLANE } from '../../cluster/versions.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'operator', 'main.ts');
/** As many as the scheduler puts on a node of ours. */
const PODS_PER_NODE = 500;
const RESYNC_MS = 5000;
const STOP_DEADLINE_MS = 30_000;

export class Stage {
  readonly plane: ControlPlane;
  readonly cluster: KubernetesCluster;
  readonly #nodes: TestNode[];
  readonly #kubelet: PlayedKubelet;
  readonly #operators: ChildProcess[] = [];

  private constructor(plane: ControlPlane, cluster: KubernetesCluster, nodes: TestNode[]) {
    this.plane = plane;
    this.cluster = cluster;
    this.#nodes = nodes;
    this.#kubelet = new PlayedKubelet({ cluster, script: () => RUNNING, wakeAfterMs: RESYNC_MS });
  }

  static async build(numPods: number): Promise<Stage> {
    const binaries = await ensureBinaries(CONTROL_PLANE, { say: (line) => console.error(line) });
    const plane = await ControlPlane.start({ binaries, prepare: ({ transport }) => installCrds(transport) });
    const cluster = plane.connect();
    const nodes: TestNode[] = [];
    for (let index = 0; index <= numPods / PODS_PER_NODE; index += 1) {
      const resources = { cpu: '100000', memory: '100Ti' };
      nodes.push(
        await TestNode.start({ cluster, network: plane.network, name: `node-${index}`, resources, processes: null }),
      );
    }
    return new Stage(plane, cluster, nodes);
  }

  /** The process's id. */
  startOperator(): number {
    const options = ['--kubeconfig', this.plane.kubeconfig, '--no-leader-election', '--metrics-address', '127.0.0.1:0'];
    // As test/cluster/manifests/operator.yaml starts it.
    const args = ['--max-semi-space-size=4', '--max-old-space-size=512', MAIN, ...options, '--log-level', 'error'];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    this.#operators.push(child);
    return child.pid ?? -1;
  }

  async createNamespace(name: string): Promise<void> {
    const subject = { title: `Namespace ${name}`, name };
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await this.cluster.transport.request({ method: 'POST', path: '/api/v1/namespaces', subject, body });
  }

  async close(): Promise<void> {
    for (const operator of this.#operators) await endProcess(operator);
    await this.#kubelet.stop();
    for (const node of this.#nodes) await node.stop(0);
    await this.cluster.close();
    await this.plane.stop();
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
}
