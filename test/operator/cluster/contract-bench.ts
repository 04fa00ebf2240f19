// What the tests of contract.ts share: the cluster under test, builders for a test's own namespace, patience. Knows no
// implementation and holds no test.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type Cluster, CONFIG_MAPS, type PODS } from '../../../operator/cluster/cluster.ts';
import type { ConfigMap, Pod, PodSpec } from '../../../operator/cluster/objects.ts';
import { buildConfigMap, buildPod } from './fixtures.ts';

export interface ClusterUnderTest {
  readonly cluster: Cluster;
  /** Nobody else's. */
  readonly namespaces: readonly [string, string];
}

export type Setup = () => Promise<ClusterUnderTest>;

const EVENTUALLY_MS = 60_000;
/** Tells this suite's objects from those that a cluster makes by itself in every namespace. */
export const SUITE = { suite: 'contract' };

/** Repeats `check` until it holds; what happens in its own time in a real cluster has happened in memory at once. */
export async function eventually(check: () => Promise<void>): Promise<void> {
  const endMs = Date.now() + EVENTUALLY_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > endMs) throw error;
    }
    await delay(20);
  }
}

/** A cluster and builders for objects in the test's own namespace. */
export class Bench {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly otherNamespace: string;

  constructor({ cluster, namespaces }: ClusterUnderTest) {
    this.cluster = cluster;
    [this.namespace, this.otherNamespace] = namespaces;
  }

  named(name: string): { namespace: string; name: string } {
    return { namespace: this.namespace, name };
  }

  configMap(name: string, data: Record<string, string> = {}, metadata: Partial<ConfigMap['metadata']> = {}): ConfigMap {
    return { ...buildConfigMap(name, data), metadata: { ...this.named(name), labels: SUITE, ...metadata } };
  }

  /** Bound to a node, so that its deletion waits for that node's kubelet. */
  pod(name: string, spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
    return {
      ...buildPod(name, { nodeName: 'no-such-node', ...spec }),
      metadata: { ...this.named(name), labels: SUITE, ...metadata },
    };
  }

  async configMapNames(): Promise<string[]> {
    const { items } = await this.cluster.list(CONFIG_MAPS, { namespace: this.namespace, labels: SUITE });
    return items.map((item) => item.metadata.name);
  }

  async version(): Promise<string> {
    return (await this.cluster.list(CONFIG_MAPS, { namespace: this.namespace })).resourceVersion;
  }

  isGone(kind: typeof CONFIG_MAPS | typeof PODS, name: string): Promise<void> {
    return assert.rejects(this.cluster.get<ConfigMap | Pod>(kind, this.named(name)), { code: 'NotFound' });
  }
}
