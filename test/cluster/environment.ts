// A cluster for one test file: a control plane of its own, or the cluster that PPO_TEST_KUBECONFIG names. Hands out clients
// and namespaces of the test's own, and leaves nothing behind. It knows nothing of what is tested.

import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../operator/cluster/clock.ts';
import { NotFoundError } from '../../operator/cluster/errors.ts';
import { KubernetesCluster } from '../../operator/cluster/kubernetes-cluster.ts';
import { KubernetesCredentials } from '../../operator/cluster/kubernetes-credentials.ts';
import { ensureBinaries } from './binaries.ts';
import { ControlPlane, type ControlPlaneOptions } from './control-plane.ts';
import { installCrds } from './manifests.ts';
import type { Stage } from './stage.ts';
import { CONTROL_PLANE } from './versions.ts';

/** A cluster for all test files of a run, when somebody has started one. */
export const KUBECONFIG_VARIABLE = 'PPO_TEST_KUBECONFIG';
const SERVICE_ACCOUNT_DEADLINE_MS = 30_000;

export class TestEnvironment implements Stage {
  /** With an administrator's rights. */
  readonly cluster: KubernetesCluster;
  /** Null on a cluster that isn't ours to stop. */
  readonly plane: ControlPlane | null;
  readonly hasScheduler = true;
  readonly #namespaces: string[] = [];
  readonly #closers: (() => Promise<void>)[] = [];

  constructor(cluster: KubernetesCluster, plane: ControlPlane | null) {
    this.cluster = cluster;
    this.plane = plane;
  }

  /** An empty namespace in which pods can be created. */
  async newNamespace(): Promise<string> {
    const name = `test-${randomBytes(4).toString('hex')}`;
    const { transport } = this.cluster;
    const subject = { title: `Namespace ${name}`, name: null };
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await transport.request({ method: 'POST', path: '/api/v1/namespaces', subject, body });
    this.#namespaces.push(name);
    const path = `/api/v1/namespaces/${name}/serviceaccounts/default`;
    const endMs = Date.now() + SERVICE_ACCOUNT_DEADLINE_MS;
    for (;;) {
      try {
        await transport.request({ method: 'GET', path, subject });
        return name;
      } catch (error) {
        if (!(error instanceof NotFoundError) || Date.now() > endMs) throw error;
      }
      await delay(20);
    }
  }

  /** Runs while the cluster is still there, the last one first. */
  beforeClose(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  /** Everything is closed, whatever fails on the way: a program that is left would keep the test file from ending. */
  async close(): Promise<void> {
    const steps: readonly (() => Promise<unknown> | undefined)[] = [
      ...this.#closers.toReversed(),
      () => (this.plane === null ? this.#deleteNamespaces() : undefined),
      () => this.cluster.close(),
      () => this.plane?.stop(),
    ];
    const failures: unknown[] = [];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async #deleteNamespaces(): Promise<void> {
    for (const name of this.#namespaces) {
      const subject = { title: `Namespace ${name}`, name };
      await this.cluster.transport.request({ method: 'DELETE', path: `/api/v1/namespaces/${name}`, subject });
    }
  }
}

/** A cluster until the end of the test file. */
export async function startEnvironment(): Promise<TestEnvironment> {
  const kubeconfig = process.env[KUBECONFIG_VARIABLE];
  if (kubeconfig === undefined) return startOwnEnvironment();
  const credentials = KubernetesCredentials.load({ kubeconfig }, systemClock);
  return closeAfter(new TestEnvironment(new KubernetesCluster({ credentials, userAgent: 'ppo-test' }), null));
}

export type OwnEnvironment = TestEnvironment & { readonly plane: ControlPlane };

/** A control plane with this repository's CRDs, that this test file may stop and break. */
export async function startOwnEnvironment(
  options: Omit<ControlPlaneOptions, 'binaries'> = {},
): Promise<OwnEnvironment> {
  return closeAfter(await makeOwnEnvironment(options));
}

/** The same for what is no test: whoever asks closes it. */
export async function makeOwnEnvironment(options: Omit<ControlPlaneOptions, 'binaries'> = {}): Promise<OwnEnvironment> {
  const binaries = await ensureBinaries(CONTROL_PLANE, { say: (line) => console.error(line) });
  const prepare = ({ transport }: KubernetesCluster): Promise<void> => installCrds(transport);
  const plane = await ControlPlane.start({ prepare, ...options, binaries });
  return new TestEnvironment(plane.connect(), plane) as OwnEnvironment;
}

function closeAfter<Environment extends TestEnvironment>(environment: Environment): Environment {
  after(() => environment.close());
  return environment;
}
