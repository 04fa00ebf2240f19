// A real control plane with nodes enough for every pod, kubelets that only say that pods run, and the operator as a process
// of its own. It measures nothing.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { KubernetesCluster } from '../../../operator/cluster/kubernetes-cluster.ts';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { ControlPlane } from '../../cluster/control-plane.ts';
import { installCrds } from '../../cluster/manifests.ts';
import { TestNode } from '../../cluster/nodes.ts';
import { PlayedKubelet, RUNNING } from '../../cluster/played-kubelet.ts';
import { CONTROL_PLANE } from '../../cluster/versions.ts';

const MAIN = join(import.meta.dirname, 'in-pod.ts');
/** As many as the scheduler puts on a node of ours. */
const PODS_PER_NODE = 500;
const RESYNC_MS = 5000;
const STOP_DEADLINE_MS = 30_000;

export interface RunningOperator {
  readonly pid: number;
  readonly metricsPort: number;
}

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

  /** As its chart starts it. PPO_BENCH_PROFILE names a folder for its CPU profile. */
  async startOperator(): Promise<RunningOperator> {
    const { PPO_BENCH_PROFILE: profile, PATH = '' } = process.env;
    const options = ['--no-leader-election', '--metrics-address', '127.0.0.1:0'];
    const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
    const args = [...profiling, '--max-semi-space-size=4', '--max-old-space-size=512', MAIN, ...options];
    const env = { PATH, HOME: this.plane.directory, POD_NAMESPACE: 'default', ...this.#serviceAccount() };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#operators.push(child);
    const port = Promise.withResolvers<number>();
    child.once('exit', () => port.reject(new Error('the operator has ended')));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /"port":(\d+)/.exec(line)?.[1];
      if (found === undefined) console.error(line);
      else port.resolve(Number(found));
    });
    return { pid: child.pid ?? -1, metricsPort: await port.promise };
  }

  /** The files that the kubelet would put into the operator's pod, and its environment. */
  #serviceAccount(): NodeJS.ProcessEnv {
    const directory = join(this.plane.directory, 'service-account');
    const config = JSON.parse(readFileSync(this.plane.kubeconfig, 'utf8'));
    const authority = readFileSync(config.clusters[0].cluster['certificate-authority'], 'utf8');
    mkdirSync(directory, { recursive: true });
    const files = { token: config.users[0].user.token, 'ca.crt': authority, namespace: 'default' };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text, { mode: 0o600 });
    const { hostname, port } = new URL(this.plane.server);
    return {
      PPO_BENCH_SERVICE_ACCOUNT: directory,
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
    };
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
