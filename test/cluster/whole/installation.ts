// The operator installed in a whole cluster: the one that KUBECONFIG names, or one on this machine that is brought up for
// the tests and taken down after them. Hands out namespaces. It knows nothing of what is tested.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CRD_NAME } from '../../../operator/api/crd.ts';
import { DEFAULT_IMAGE } from '../../../operator/api/names.ts';
import type { JsonObject } from '../../../operator/cluster/json.ts';
import { ensureBinaries } from '../binaries.ts';
import { Helm, imageValues, OPERATOR_NAMESPACE } from '../chart.ts';
import type { ExampleStage, Spec } from '../example.ts';
import { type Kubectl, kubectlFor, succeed } from '../kubectl.ts';
import { WholeCluster } from './cluster.ts';
import { CONTAINERD_NAMESPACE } from './layout.ts';

/** The image in a cluster that isn't made here. */
export const IMAGE_VARIABLE = 'PPO_TEST_IMAGE';
export { OPERATOR_NAMESPACE };

const KUBECTL_TIMEOUT_MS = 660_000;

export class Installation implements ExampleStage {
  /** Null where the cluster isn't made here. */
  readonly own: WholeCluster | null;
  readonly image: string;
  /** Of an administrator. */
  readonly kubeconfig: string;
  readonly #wasUp: boolean;
  #isInstalled = false;
  #hadCrd = false;
  readonly #namespaces: string[] = [];

  private constructor(own: WholeCluster | null, wasUp: boolean) {
    this.own = own;
    this.#wasUp = wasUp;
    this.kubeconfig = own?.kubeconfig ?? process.env.KUBECONFIG ?? '';
    this.image = process.env[IMAGE_VARIABLE] ?? DEFAULT_IMAGE;
  }

  /** With the operator ready, unless the test installs it itself. */
  static async start({ hasOperator = true }: { readonly hasOperator?: boolean } = {}): Promise<Installation> {
    const cluster = new WholeCluster((line) => console.error(line));
    const isForeign = ![undefined, '', cluster.kubeconfig].includes(process.env.KUBECONFIG);
    const installation = new Installation(isForeign ? null : cluster, cluster.isUp);
    try {
      await installation.own?.up();
      if (hasOperator) await installation.#install();
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
    return kubectlFor(binaries, this.kubeconfig, namespace, KUBECTL_TIMEOUT_MS);
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

  /** Takes a pod from its node as a drain does. */
  async evict(namespace: string, pod: string): Promise<void> {
    const kubectl = await this.kubectl(namespace);
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } };
    const directory = mkdtempSync(join(tmpdir(), 'ppo-eviction-'));
    try {
      writeFileSync(join(directory, 'eviction.json'), JSON.stringify(eviction));
      const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`;
      await succeed(kubectl, 'create', `--raw=${path}`, '-f', join(directory, 'eviction.json'));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /** Whether somebody has installed the operator here, or its CRD: a cluster that isn't made here may be in use. */
  async isInUse(): Promise<boolean> {
    const kubectl = await this.kubectl(OPERATOR_NAMESPACE);
    return (await hasCrd(kubectl)) || (await hasNamespace(kubectl));
  }

  /** Leaves the cluster as it was found. */
  async stop(): Promise<void> {
    if (this.own !== null && !this.#wasUp) {
      await this.own.down();
      return;
    }
    const kubectl = await this.kubectl('default');
    for (const name of this.#namespaces) await kubectl('delete', 'namespace', name, '--wait=false');
    if (this.own === null && this.#isInstalled) await this.#uninstall();
  }

  /** What the chart renders for this image, with one operator, so that a test knows whom it looks at. */
  async #install(): Promise<void> {
    const kubectl = await this.kubectl(OPERATOR_NAMESPACE);
    if (this.own === null && (await hasNamespace(kubectl))) {
      throw new Error(
        `the cluster has a namespace ${OPERATOR_NAMESPACE} already: the tests would replace what is in it`,
      );
    }
    this.#hadCrd = await hasCrd(kubectl);
    this.#isInstalled = true;
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: OPERATOR_NAMESPACE, labels } };
    await withManifest([namespace, ...(await this.#render())], (path) =>
      succeed(kubectl, 'apply', '--server-side', '--force-conflicts', '-f', path),
    );
    await succeed(kubectl, 'wait', '--for=condition=Established', `crd/${CRD_NAME}`, '--timeout=60s');
    // The image may be another one under the same name.
    await succeed(kubectl, 'rollout', 'restart', 'deployment/ppo-operator');
    await succeed(kubectl, 'rollout', 'status', 'deployment/ppo-operator', '--timeout=180s');
  }

  async #uninstall(): Promise<void> {
    const kubectl = await this.kubectl(OPERATOR_NAMESPACE);
    // With it all jobs would go, whoever's they are.
    const isOurs = ({ kind }: JsonObject): boolean => !this.#hadCrd || kind !== 'CustomResourceDefinition';
    const objects = (await this.#render()).filter(isOurs);
    await withManifest(objects, (path) => kubectl('delete', '-f', path, '--ignore-not-found'));
    await kubectl('delete', 'namespace', OPERATOR_NAMESPACE, '--ignore-not-found', '--timeout=120s');
  }

  async #render(): Promise<JsonObject[]> {
    const objects = await (await Helm.find()).render({ values: { replicas: 1, image: imageValues(this.image) } });
    return objects.filter(({ kind }) => kind !== 'Pod'); // the test of the chart itself
  }
}

async function hasCrd(kubectl: Kubectl): Promise<boolean> {
  return (await kubectl('get', 'crd', CRD_NAME)).code === 0;
}

async function hasNamespace(kubectl: Kubectl): Promise<boolean> {
  return (await kubectl('get', 'namespace', OPERATOR_NAMESPACE)).code === 0;
}

async function withManifest<R>(objects: readonly object[], use: (path: string) => Promise<R>): Promise<R> {
  const directory = mkdtempSync(join(tmpdir(), 'ppo-installation-'));
  try {
    const path = join(directory, 'objects.json');
    writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    return await use(path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
