// Pods that are taken from a job: by the eviction API, by a node under pressure, with their node. The job gets others in
// their places and goes on to its end; no fault of a node is charged to the program.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PODS } from '../../operator/cluster/cluster.ts';
import type { PodStatus } from '../../operator/cluster/objects.ts';
import { startOwnEnvironment } from './environment.ts';
import { JobLife } from './job-life.ts';
import { until } from './job-world.ts';
import { TestNode } from './nodes.ts';

const environment = await startOwnEnvironment();
const { cluster, plane } = environment;
const startNode = (name: string): Promise<TestNode> =>
  TestNode.start({ cluster, network: plane.network, name, processes: null });
const lost = await startNode('node-lost');
environment.beforeClose(() => lost.stop(0));
/** The collector of pods without a node waits 40 s until it believes it, and looks every 20 s. */
const NODE_GONE_MS = 180_000;
const VICTIM = 'tiny-reference-0';

async function inLife(body: (life: JobLife) => Promise<void>): Promise<void> {
  const life = await JobLife.start(environment, { isHeld: true });
  life.world.startOperator();
  try {
    await life.createJob();
    await life.world.untilCondition('tiny', 'Running');
    await until('the fragile pod has been replaced', async () => {
      const { roles } = await life.world.status('tiny');
      return roles?.generation?.restarts === 1 && roles.generation.ready === 2 ? null : roles;
    });
    await body(life);
  } finally {
    await life.world.stopOperator();
    await life.stop();
  }
}

async function uidOf({ world }: JobLife, name: string): Promise<string | undefined> {
  return (await world.pods('tiny')).find(({ metadata }) => metadata.name === name)?.metadata.uid;
}

/** Somebody else is there under the name, ready, and the job runs. */
async function untilReplaced(life: JobLife, uid: string | undefined, withinMs?: number): Promise<void> {
  await until(
    'another pod is there',
    async () => {
      const { roles } = await life.world.status('tiny');
      const now = await uidOf(life, VICTIM);
      return now !== undefined && now !== uid && roles?.reference?.ready === 1 ? null : { now, uid, roles };
    },
    withinMs,
  );
  await life.world.untilCondition('tiny', 'Running');
}

describe('a job whose pod is taken away', () => {
  it('goes on after an eviction by the API', async () => {
    await inLife(async (life) => {
      const { namespace } = life.world;
      const uid = await uidOf(life, VICTIM);
      const metadata = { name: VICTIM, namespace };
      await cluster.transport.request({
        ...{ method: 'POST', path: `/api/v1/namespaces/${namespace}/pods/${VICTIM}/eviction` },
        subject: { title: `Pod ${VICTIM}`, name: VICTIM },
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata },
      });
      await untilReplaced(life, uid);
      life.mayFinish();
      const end = await life.untilEnded();
      assert.equal(end.podCounts[VICTIM], 2);
      assert.equal(end.roles.reference?.restarts, 0);
    });
  });

  it('goes on after its node took the pod away for want of memory', async () => {
    await inLife(async (life) => {
      const name = { namespace: life.world.namespace, name: VICTIM };
      const pod = await cluster.get(PODS, name);
      const status: PodStatus = {
        ...pod.status,
        phase: 'Failed',
        ...{ reason: 'Evicted', message: 'the node was low on resource: memory' },
        conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }],
      };
      await cluster.updateStatus(PODS, { ...pod, status }, { fieldManager: 'kubelet' });
      await untilReplaced(life, pod.metadata.uid);
      life.mayFinish();
      const end = await life.untilEnded();
      assert.equal(end.podCounts[VICTIM], 2);
      assert.equal(end.roles.reference?.restarts, 0);
      assert.equal(end.roles.reference?.infrastructureRestarts, 1);
    });
  });

  it('goes on elsewhere after its node is gone', async () => {
    await inLife(async (life) => {
      const uid = await uidOf(life, VICTIM);
      const other = await startNode('node-left');
      environment.beforeClose(() => other.stop(0));
      lost.crash();
      const path = '/api/v1/nodes/node-lost';
      await cluster.transport.request({ method: 'DELETE', path, subject: { title: 'Node node-lost', name: null } });
      await untilReplaced(life, uid, NODE_GONE_MS);
      for (const { spec } of await life.world.pods('tiny')) assert.equal(spec.nodeName, 'node-left');
      life.mayFinish();
      const end = await life.untilEnded();
      assert.equal(end.conditions[0], 'Succeeded=True Finished');
    });
  });
});
