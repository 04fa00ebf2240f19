// A test's cluster goes when the test does, whatever fails on the way.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { KubernetesCluster } from '../../operator/cluster/kubernetes-cluster.ts';
import type { ControlPlane } from './control-plane.ts';
import { TestEnvironment } from './environment.ts';

it('everything is closed, the last first, and the first failure told', async () => {
  const closed: string[] = [];
  const close = (name: string) => async () => {
    closed.push(name);
  };
  const cluster = { close: close('client') } as unknown as KubernetesCluster;
  const plane = { stop: close('control plane') } as unknown as ControlPlane;
  const environment = new TestEnvironment(cluster, plane);
  environment.beforeClose(close('first'));
  environment.beforeClose(() => Promise.reject(new Error('a pod is left')));
  environment.beforeClose(close('last'));
  await assert.rejects(environment.close(), /^Error: a pod is left$/);
  assert.deepEqual(closed, ['last', 'first', 'client', 'control plane']);
});
