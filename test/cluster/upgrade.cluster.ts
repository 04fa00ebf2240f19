// What an upgrade may bring: a job that runs, whose spec the new CRD and the new operator no longer take. On a real API
// server, which lets a status be written and a job be suspended all the same.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CRD_NAME } from '../../operator/api/crd.ts';
import { InvalidError } from '../../operator/cluster/errors.ts';
import { PPO_JOBS } from '../../operator/reconcile/ppojob-kind.ts';
import { startOwnEnvironment } from './environment.ts';
import { JobWorld, until } from './job-world.ts';
import { installCrds } from './manifests.ts';
import { TestNode } from './nodes.ts';
import { PlayedKubelet, RUNNING } from './played-kubelet.ts';

const FIELD = 'terminationGracePeriodSeconds';

const environment = await startOwnEnvironment();
const { cluster, plane } = environment;
const { transport } = cluster;
const node = await TestNode.start({ cluster, network: plane.network, name: 'node-a', processes: null });
environment.beforeClose(() => node.stop(0));

/** A CRD as of an earlier version: it has no rules, and no bounds for the field. */
async function installEarlierCrd(): Promise<void> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${CRD_NAME}`;
  const subject = { title: CRD_NAME, name: null };
  const crd = await transport.request({ method: 'GET', path, subject });
  const copy = JSON.parse(
    JSON.stringify(crd, (key, value) => (key === 'x-kubernetes-validations' ? undefined : value)),
  ) as { spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: Schema } } } }[] } };
  for (const { schema } of copy.spec.versions) {
    delete schema.openAPIV3Schema.properties.spec.properties?.[FIELD]?.minimum;
  }
  await transport.request({ method: 'PUT', path, subject, body: copy });
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  minimum?: number;
}

/** The server takes a CRD to heart a little after it was written. */
async function untilAccepted(what: string, change: () => Promise<unknown>): Promise<void> {
  await until(what, async () => {
    try {
      await change();
      return null;
    } catch (error) {
      if (error instanceof InvalidError) return error.message;
      throw error;
    }
  });
}

async function isRefused(world: JobWorld): Promise<boolean> {
  try {
    await world.createJob('probe', { [FIELD]: -1, suspend: true });
  } catch (error) {
    if (error instanceof InvalidError) return true;
    throw error;
  }
  await cluster.delete(PPO_JOBS, { namespace: world.namespace, name: 'probe' });
  return false;
}

it('leaves a job alone that it no longer understands, until it is mended', async () => {
  const world = new JobWorld(cluster, await environment.newNamespace());
  const kubelet = new PlayedKubelet({ cluster, script: () => RUNNING, namespace: world.namespace });
  const uids = async (): Promise<string[]> => (await world.pods('tiny')).map(({ metadata }) => metadata.uid).sort();
  world.startOperator();
  try {
    await world.createJob('tiny');
    await world.untilCondition('tiny', 'Running');
    const before = await uids();
    await world.stopOperator();
    await installEarlierCrd();
    await untilAccepted('the earlier CRD takes it', () => world.changeSpec('tiny', { [FIELD]: -1 }));
    await installCrds(transport);
    await until('the new CRD refuses it', async () => ((await isRefused(world)) ? null : 'it is taken'));

    world.startOperator();
    await world.untilCondition('tiny', 'Accepted', 'False');
    await world.untilCondition('tiny', 'Running', 'Unknown');
    assert.deepEqual(await uids(), before);
    await assert.rejects(world.changeSpec('tiny', { [FIELD]: 30 }), /can't change while the job runs/);
    await world.changeSpec('tiny', { suspend: true });
    await world.untilCondition('tiny', 'Suspended');
    assert.deepEqual(await uids(), []);
    await world.changeSpec('tiny', { [FIELD]: 30, suspend: false });
    await world.untilCondition('tiny', 'Running');
    await world.untilCondition('tiny', 'Accepted');
    assert.deepEqual([...kubelet.errors, ...world.errors], []);
  } finally {
    await world.stopOperator();
    await kubelet.stop();
  }
});
