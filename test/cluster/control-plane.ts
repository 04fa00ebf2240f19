// A real control plane on a loopback address of its own: etcd, kube-apiserver, kube-controller-manager, kube-scheduler. It
// knows their flags, and nothing of what tests do with them.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '../../operator/cluster/clock.ts';
import { KubernetesCluster } from '../../operator/cluster/kubernetes-cluster.ts';
import { KubernetesCredentials } from '../../operator/cluster/kubernetes-credentials.ts';
import { PodNetwork } from '../../operator/local/network.ts';
import type { Binaries } from './binaries.ts';
import {
  apiServerFlags,
  type ControlPlanePlace,
  controllerManagerFlags,
  etcdFlags,
  kubeconfigPath,
  schedulerFlags,
  serverUrl,
  writeControlPlaneFiles,
} from './control-plane-files.ts';
import { RunningProgram, removeStale } from './processes.ts';
import type { CONTROL_PLANE } from './versions.ts';

export type ControlPlaneBinaries = Binaries<(typeof CONTROL_PLANE)[number]>;

export interface ControlPlaneOptions {
  readonly binaries: ControlPlaneBinaries;
  /** Added to the API server's own, or in place of them. */
  readonly apiServerFlags?: Readonly<Record<string, string>>;
  /** Runs before the controllers start: the garbage collector finds kinds that come later only after half a minute. */
  readonly prepare?: (cluster: KubernetesCluster) => Promise<void>;
}

/**
 * Controllers without which nothing here would be real. The endpoint slices' isn't among them: it refuses the loopback
 * addresses of process pods. An unknown name ends the program.
 */
const CONTROLLERS = [
  ...['garbage-collector-controller', 'namespace-controller', 'pod-garbage-collector-controller'],
  ...['podgroup-protection-controller', 'taint-eviction-controller', 'node-lifecycle-controller', 'job-controller'],
  'resourceclaim-controller',
  ...['service-cidr-controller', 'disruption-controller', 'resourcequota-controller', 'serviceaccount-controller'],
  ...['root-ca-certificate-publisher-controller', 'deployment-controller', 'replicaset-controller'],
];
const PREFIX = 'ppo-control-plane-';
const START_DEADLINE_MS = 120_000;
/** So that the tests, not client-go's courtesy, set the pace. */
const CLIENT_FLAGS = ['--kube-api-qps=1000', '--kube-api-burst=2000'];

export class ControlPlane {
  /** Its API server and etcd listen on the host address; pods of process kubelets get the others. */
  readonly network: PodNetwork;
  readonly directory: string;
  /** Of an administrator. */
  readonly kubeconfig: string;
  readonly server: string;
  readonly #token = randomBytes(16).toString('hex');
  readonly #options: ControlPlaneOptions;
  /** In the order of their start. */
  readonly #programs: RunningProgram[] = [];
  #apiServer: RunningProgram | null = null;

  private constructor(options: ControlPlaneOptions, network: PodNetwork) {
    this.#options = options;
    this.network = network;
    this.server = serverUrl(network.hostAddress);
    this.directory = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
    this.kubeconfig = kubeconfigPath(this.directory);
  }

  /** Ready when it answers and new namespaces get their service account. Throws with the last words of what ended. */
  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    removeStale(PREFIX);
    const plane = new ControlPlane(options, await PodNetwork.lease(process.pid));
    process.once('exit', plane.#kill);
    try {
      await plane.#start();
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  /** A client with an administrator's rights, or with those of `token`. Whoever asks closes it. */
  connect(
    options: { readonly token?: string; readonly server?: string; readonly watchIdleMs?: number } = {},
  ): KubernetesCluster {
    const config = new KubeConfig();
    config.loadFromFile(this.kubeconfig);
    const [cluster] = config.clusters;
    const { server = this.server, token = this.#token, watchIdleMs } = options;
    const isPlain = server.startsWith('http:');
    config.loadFromClusterAndUser(isPlain ? { name: 'c', server, skipTLSVerify: true } : { ...cluster!, server }, {
      name: 'u',
      token,
    });
    return new KubernetesCluster({
      credentials: new KubernetesCredentials(config, systemClock),
      userAgent: 'ppo-test',
      ...(watchIdleMs !== undefined && { watchIdleMs }),
    });
  }

  /** As by a rolling update, or as by a crash. */
  async stopApiServer(how: 'Gracefully' | 'AtOnce' = 'Gracefully'): Promise<void> {
    await (how === 'AtOnce' ? this.#apiServer?.end() : this.#apiServer?.stop());
    this.#programs.splice(this.#programs.indexOf(this.#apiServer!), 1);
    this.#apiServer = null;
  }

  /** After `stopApiServer`; the other programs have gone on meanwhile. */
  async startApiServer(): Promise<void> {
    this.#apiServer = this.#run('kube-apiserver', apiServerFlags(this.#place, this.#apiServerChanges));
    await this.#untilReady();
  }

  /** Process id of a program, for measurements. */
  pid(name: keyof ControlPlaneBinaries): number | null {
    return this.#programs.findLast(({ program }) => program.name === name)?.pid ?? null;
  }

  /** At once: nothing of it is read again, and an API server waits long for its watchers. */
  async stop(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.end()));
    process.off('exit', this.#kill);
    await this.network.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  readonly #kill = (): void => {
    for (const program of this.#programs) program.kill();
    rmSync(this.directory, { recursive: true, force: true });
  };

  async #start(): Promise<void> {
    writeControlPlaneFiles(this.#place);
    this.#run('etcd', etcdFlags(this.#place));
    await this.startApiServer();
    await this.#prepare();
    const controllerFlags = controllerManagerFlags(this.directory, CONTROLLERS);
    this.#run('kube-controller-manager', [...controllerFlags, ...CLIENT_FLAGS, '--feature-gates=GenericWorkload=true']);
    this.#run('kube-scheduler', [...schedulerFlags(this.directory), ...CLIENT_FLAGS]);
    await this.#untilServiceAccounts();
  }

  async #prepare(): Promise<void> {
    const client = this.connect();
    try {
      await this.#options.prepare?.(client);
    } finally {
      await client.close();
    }
  }

  #run(name: keyof ControlPlaneBinaries, args: readonly string[]): RunningProgram {
    const program = new RunningProgram({ name, path: this.#options.binaries[name], args }, this.directory);
    this.#programs.push(program);
    return program;
  }

  get #place(): ControlPlanePlace {
    return { directory: this.directory, host: this.network.hostAddress, token: this.#token };
  }

  /** Loopback addresses are no endpoints of the `kubernetes` service. */
  get #apiServerChanges(): Readonly<Record<string, string>> {
    return { 'endpoint-reconciler-type': 'none', ...this.#options.apiServerFlags };
  }

  async #untilReady(): Promise<void> {
    const isReady = async (): Promise<boolean> => {
      const client = this.connect();
      try {
        const subject = { title: 'readyz', name: null };
        await client.transport.request({ method: 'GET', path: '/readyz', subject });
        return true;
      } finally {
        await client.close();
      }
    };
    await this.#until('the API server', isReady);
  }

  async #untilServiceAccounts(): Promise<void> {
    const client = this.connect();
    try {
      const path = '/api/v1/namespaces/default/serviceaccounts/default';
      const subject = { title: 'service account', name: null };
      await this.#until('the service account', async () => {
        await client.transport.request({ method: 'GET', path, subject });
        return true;
      });
    } finally {
      await client.close();
    }
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const endMs = Date.now() + START_DEADLINE_MS;
    let last: unknown = null;
    while (Date.now() < endMs) {
      const dead = this.#programs.find((program) => !program.isRunning);
      if (dead !== undefined) throw new Error(`ended at start: ${dead.lastWords}`);
      try {
        if (await isSo()) return;
      } catch (error) {
        last = error; // not yet
      }
      await delay(100);
    }
    throw new Error(`${what} wasn't there after ${START_DEADLINE_MS / 1000} s`, { cause: last });
  }
}
