// Where tests of gangs play: nodes with devices to count, jobs that ask for them, and an operator that asks the server what
// it has. It knows no scheduler and no assertions beyond that nothing went wrong behind the test's back.

import assert from 'node:assert/strict';
import { SHARED_ROLES } from '../../operator/api/names.ts';
import { systemClock } from '../../operator/cluster/clock.ts';
import { KubernetesDiscovery } from '../../operator/cluster/discovery.ts';
import type { Pod, Stored } from '../../operator/cluster/objects.ts';
import type { OwnEnvironment } from './environment.ts';
import { JobWorld, until } from './job-world.ts';
import { TestNode } from './nodes.ts';
import { PlayedKubelet, type PodScript, RUNNING } from './played-kubelet.ts';

/** Long enough for a scheduler to have placed what it means to place. */
export const SETTLED_MS = 3000;

export const RUNS: PodScript = () => RUNNING;

export interface NodesOptions {
  /** Each test has its own, so that no pods but its own may use its nodes. */
  readonly resource: string;
  readonly each: number;
  readonly zoned?: boolean;
}

export class GangStage {
  readonly #environment: OwnEnvironment;
  readonly #discovery: KubernetesDiscovery;

  constructor(environment: OwnEnvironment) {
    this.#environment = environment;
    this.#discovery = new KubernetesDiscovery(environment.cluster.transport, systemClock);
  }

  async addNodes(count: number, { resource, each, zoned = false }: NodesOptions): Promise<void> {
    const { cluster, plane } = this.#environment;
    for (let i = 0; i < count; i++) {
      const node = await TestNode.start({
        ...{ cluster, network: plane.network, name: `${resource.split('.')[0]}-${i}`, processes: null },
        resources: { [resource]: String(each) },
        ...(zoned && { labels: { 'topology.kubernetes.io/zone': `zone-${i}` } }),
      });
      this.#environment.beforeClose(() => node.stop(0));
    }
  }

  /** A namespace with an operator of its own, in which pods say what the script says. */
  async inWorld(script: PodScript, body: (world: JobWorld) => Promise<void>): Promise<void> {
    const { cluster } = this.#environment;
    const world = new JobWorld(cluster, await this.#environment.newNamespace());
    const kubelet = new PlayedKubelet({ cluster, script, namespace: world.namespace });
    world.startOperator(cluster, this.#discovery);
    try {
      await body(world);
      assert.deepEqual(kubelet.errors, []);
      assert.deepEqual(world.errors, []);
    } finally {
      await world.stopOperator();
      await kubelet.stop();
    }
  }
}

/** A job of which every pod but the coordinator's takes one `resource`. */
export function rolesOf(resource: string, generation: number): Record<string, unknown> {
  const resources = { limits: { [resource]: '1' } };
  const roles = SHARED_ROLES.map((role) => [role, { resources }]);
  return { ...Object.fromEntries(roles), generation: { replicas: generation, resources } };
}

export const isPlaced = ({ spec }: Pod): boolean => spec.nodeName !== undefined;

export async function livePods(world: JobWorld, name: string): Promise<Stored<Pod>[]> {
  return (await world.pods(name)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

export async function numPlaced(world: JobWorld, name: string): Promise<number> {
  return (await livePods(world, name)).filter(isPlaced).length;
}

export async function untilPlaced(world: JobWorld, name: string, count: number): Promise<void> {
  await until(`${count} pods of ${name} have a place`, async () => {
    const placed = (await livePods(world, name)).filter(isPlaced);
    return placed.length === count ? null : placed.map(({ metadata }) => metadata.name);
  });
}

/** Waits until the live pod of that name is another one than `before`, and has a place. */
export async function untilReplaced(world: JobWorld, name: string, before: Stored<Pod>): Promise<void> {
  await until(`${before.metadata.name} is another one, and placed`, async () => {
    const now = (await livePods(world, name)).find(({ metadata }) => metadata.name === before.metadata.name);
    return now !== undefined && now.metadata.uid !== before.metadata.uid && isPlaced(now) ? null : 'not yet';
  });
}
