// Nodes of a test cluster whose kubelets run pods as processes of this machine: registered with what they have, kept alive
// by heartbeats. It knows no jobs; scheduling is the real scheduler's.

import type { ObjectName } from '../../operator/cluster/cluster.ts';
import { NotFoundError } from '../../operator/cluster/errors.ts';
import type { KubernetesCluster } from '../../operator/cluster/kubernetes-cluster.ts';
import { LEASES } from '../../operator/cluster/lease.ts';
import { Kubelet } from '../../operator/local/kubelet.ts';
import type { PodNetwork } from '../../operator/local/network.ts';
import type { ProcessFolders } from '../../operator/local/run-folders.ts';
import { retryingCluster } from './retrying-cluster.ts';

export interface NodeOptions {
  /** Its own client; the node closes none. */
  readonly cluster: KubernetesCluster;
  readonly network: PodNetwork;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Beside CPU, memory and room for pods, such as "nvidia.com/gpu". */
  readonly resources?: Readonly<Record<string, string>>;
  /** Where the API server asks for its pods' logs; left out: nobody answers. */
  readonly logsPort?: number;
  /** How its pods run; null: they are bound to it and nothing happens. */
  readonly processes: ProcessOptions | null;
}

export interface ProcessOptions {
  readonly folders: ProcessFolders;
  readonly logDirectory: string;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly onFault: (error: unknown) => void;
}

const HEARTBEAT_MS = 5000;
const LEASE_NAMESPACE = 'kube-node-lease';
const WRITER = { fieldManager: 'test-node' };

export class TestNode {
  readonly name: string;
  readonly #options: NodeOptions;
  readonly #kubelet: Kubelet | null;
  #heartbeat: NodeJS.Timeout | null = null;
  readonly #stopped = new AbortController();

  private constructor(options: NodeOptions) {
    this.name = options.name;
    this.#options = options;
    const { processes, network, name } = options;
    this.#kubelet =
      processes &&
      new Kubelet({
        cluster: retryingCluster(options.cluster, this.#stopped.signal),
        ...{ network, nodeName: name, hasScheduler: true },
        directory: `${processes.folders.directory}/${name}`,
        memoryDirectory: `${processes.folders.memoryDirectory}/${name}`,
        logDirectory: processes.logDirectory,
        workingDirectory: processes.workingDirectory,
        environment: processes.environment,
        // What still ends after the node has stopped has nobody to tell.
        onFault: (error) => !this.#stopped.signal.aborted && processes.onFault(error),
      });
  }

  static async start(options: NodeOptions): Promise<TestNode> {
    await register(options);
    const node = new TestNode(options);
    await node.#beat();
    node.#heartbeat = setInterval(() => void node.#beat().catch(() => {}), HEARTBEAT_MS);
    return node;
  }

  /** As if its machine had lost power: no heartbeats, no processes; the cluster must find out by itself. */
  crash(): void {
    this.#stopBeating();
    this.#kubelet?.kill();
    this.#stopped.abort();
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopBeating();
    await this.#kubelet?.stop(graceMs);
    this.#stopped.abort();
  }

  #stopBeating(): void {
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#heartbeat = null;
  }

  async #beat(): Promise<void> {
    const { cluster, name } = this.#options;
    const lease: ObjectName = { namespace: LEASE_NAMESPACE, name };
    const spec = {
      holderIdentity: name,
      leaseDurationSeconds: 40,
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    };
    try {
      await cluster.update(LEASES, { ...(await cluster.get(LEASES, lease)), spec }, WRITER);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      await cluster.create(LEASES, { apiVersion: LEASES.apiVersion, kind: LEASES.kind, metadata: lease, spec }, WRITER);
    }
  }
}

async function register({ cluster, network, name, labels, resources, logsPort }: NodeOptions): Promise<void> {
  const subject = { title: `Node ${name}`, name };
  const metadata = { name, labels: { 'kubernetes.io/hostname': name, ...labels } };
  const body = { apiVersion: 'v1', kind: 'Node', metadata };
  await cluster.transport.request({ method: 'POST', path: '/api/v1/nodes', subject, body });
  const capacity = { cpu: '64', memory: '256Gi', 'ephemeral-storage': '100Gi', pods: '500', ...resources };
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'a process kubelet' };
  const status = {
    ...{ capacity, allocatable: capacity },
    conditions: [{ ...ready, lastHeartbeatTime: now, lastTransitionTime: now }],
    addresses: [{ type: 'InternalIP', address: network.hostAddress }],
    ...(logsPort !== undefined && { daemonEndpoints: { kubeletEndpoint: { Port: logsPort } } }),
  };
  const path = `/api/v1/nodes/${name}/status`;
  const contentType = 'application/merge-patch+json';
  await cluster.transport.request({ method: 'PATCH', path, subject, contentType, body: { status } });
}
