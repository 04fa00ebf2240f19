// The operator installed in a whole cluster: the one that KUBECONFIG names, or one on this machine that is brought up for
// the tests and taken down after them. Hands out namespaces. It knows nothing of what is tested.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DEFAULT_IMAGE } from '../../../operator/api/names.ts';
import { systemClock } from '../../../operator/cluster/clock.ts';
import { KubernetesCluster } from '../../../operator/cluster/kubernetes-cluster.ts';
import { KubernetesCredentials } from '../../../operator/cluster/kubernetes-credentials.ts';
import { ensureBinaries } from '../binaries.ts';
import type { ExampleStage, Spec } from '../example.ts';
import { type Kubectl, kubectlFor, succeed } from '../kubectl.ts';
import { installCrds } from '../manifests.ts';
import { WholeCluster } from './cluster.ts';
import { CONTAINERD_NAMESPACE } from './layout.ts';

/** The image in a cluster that isn't made here. */
export const IMAGE_VARIABLE = 'PPO_TEST_IMAGE';
export const OPERATOR_NAMESPACE = 'ppo-operator';

const MANIFEST = join(import.meta.dirname, '..', 'manifests', 'operator.yaml');
const KUBECTL_TIMEOUT_MS = 660_000;

export class Installation implements ExampleStage {
  /** Null where the cluster isn't made here. */
  readonly own: WholeCluster | null;
  readonly image: string;
  readonly #wasUp: boolean;
  readonly #kubeconfig: string;
  readonly #namespaces: string[] = [];

  private constructor(own: WholeCluster | null, wasUp: boolean) {
    this.own = own;
    this.#wasUp = wasUp;
    this.#kubeconfig = own?.kubeconfig ?? process.env.KUBECONFIG ?? '';
    this.image = process.env[IMAGE_VARIABLE] ?? DEFAULT_IMAGE;
  }

  /** With the operator ready. */
  static async start(): Promise<Installation> {
    const cluster = new WholeCluster((line) => console.error(line));
    const isForeign = ![undefined, '', cluster.kubeconfig].includes(process.env.KUBECONFIG);
    const installation = new Installation(isForeign ? null : cluster, cluster.isUp);
    try {
      await installation.own?.up();
      await installation.#install();
      return installation;
    } catch (error) {
      await installation.stop();
      throw error;
    }
  }

  adapt(spec: Spec): Spec {
    return { ...spec, image: this.image };
  }

  /** kubectl as an administrator. */
  async kubectl(namespace: string): Promise<Kubectl> {
    const binaries = await ensureBinaries(['kubectl'], { say: (line) => console.error(line) });
    return kubectlFor(binaries, this.#kubeconfig, namespace, KUBECTL_TIMEOUT_MS);
  }

  /** An empty namespace in which only pods of the `restricted` level are admitted. */
  async newNamespace(): Promise<string> {
    const name = `e2e-${randomBytes(4).toString('hex')}`;
    const kubectl = await this.kubectl('default');
    await succeed(kubectl, 'create', 'namespace', name);
    this.#namespaces.push(name);
    await succeed(kubectl, 'label', 'namespace', name, 'pod-security.kubernetes.io/enforce=restricted');
    return name;
  }

  /** Kills a container of a pod from outside, as the kernel does when memory ends; elsewhere the whole pod. */
  async kill(namespace: string, pod: string): Promise<void> {
    const kubectl = await this.kubectl(namespace);
    if (this.own === null) {
      await succeed(kubectl, 'delete', 'pod', pod, '--force', '--grace-period=0');
      return;
    }
    const query = 'jsonpath={.status.containerStatuses[0].containerID}';
    const id = (await succeed(kubectl, 'get', 'pod', pod, '-o', query)).replace('containerd://', '');
    const where = ['--address', this.own.containerdSocket, '--namespace', CONTAINERD_NAMESPACE];
    await promisify(execFile)('ctr', [...where, 'tasks', 'kill', '--signal', 'SIGKILL', id], { timeout: 30_000 });
  }

  /** Leaves the cluster as it was found, but for the CRD in one that isn't made here. */
  async stop(): Promise<void> {
    if (this.own !== null && !this.#wasUp) {
      await this.own.down();
      return;
    }
    const kubectl = await this.kubectl('default');
    for (const name of this.#namespaces) await kubectl('delete', 'namespace', name, '--wait=false');
    if (this.own === null) await kubectl('delete', '-f', MANIFEST, '--ignore-not-found');
  }

  async #installCrds(): Promise<void> {
    const credentials = KubernetesCredentials.load({ kubeconfig: this.#kubeconfig }, systemClock);
    const cluster = new KubernetesCluster({ credentials, userAgent: 'ppo-test' });
    try {
      await installCrds(cluster.transport);
    } finally {
      await cluster.close();
    }
  }

  async #install(): Promise<void> {
    await this.#installCrds();
    const kubectl = await this.kubectl(OPERATOR_NAMESPACE);
    const directory = mkdtempSync(join(tmpdir(), 'ppo-installation-'));
    try {
      const path = join(directory, 'operator.yaml');
      writeFileSync(path, readFileSync(MANIFEST, 'utf8').replaceAll(DEFAULT_IMAGE, this.image));
      await succeed(kubectl, 'apply', '-f', path);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
    // The image may be another one under the same name.
    await succeed(kubectl, 'rollout', 'restart', 'deployment/ppo-operator');
    await succeed(kubectl, 'rollout', 'status', 'deployment/ppo-operator', '--timeout=180s');
  }
}
