// Jobs that are placed as a whole or not at all by the real scheduler and controller of Volcano. Left out where
// nobody has built them.

import { after, before, describe } from 'node:test';
import type { OwnEnvironment } from './environment.ts';
import { runGangBodies } from './gang-bodies.ts';
import { GangStage } from './gang-stage.ts';
import { until } from './job-world.ts';
import { findSchedulers, type SchedulerSetup, startWithSchedulers, writeConfiguration } from './schedulers.ts';

const { programs, skip } = await findSchedulers(['vc-scheduler']);

/** As the project's chart configures it, without its webhooks. */
const CONFIGURATION = {
  actions: 'enqueue, allocate, backfill',
  tiers: [
    { plugins: [{ name: 'priority' }, { name: 'gang', enablePreemptable: false }, { name: 'conformance' }] },
    {
      plugins: [
        { name: 'overcommit' },
        { name: 'drf', enablePreemptable: false },
        { name: 'predicates' },
        { name: 'proportion' },
        { name: 'nodeorder' },
        { name: 'binpack' },
      ],
    },
  ],
};

const setup: SchedulerSetup<keyof typeof programs> = {
  programs,
  crds: 'config/crd/volcano/bases',
  args: (environment) => ({
    'vc-scheduler': [
      `--kubeconfig=${environment.plane.kubeconfig}`,
      '--leader-elect=false',
      `--scheduler-conf=${writeConfiguration(environment, 'volcano-scheduler.conf', CONFIGURATION)}`,
      `--cache-dump-dir=${environment.plane.directory}`,
    ],
  }),
};

/** What Volcano's controllers do, which aren't here: a queue takes jobs once it is open. */
async function openQueue({ cluster }: OwnEnvironment): Promise<void> {
  const path = '/apis/scheduling.volcano.sh/v1beta1/queues/default/status';
  const contentType = 'application/merge-patch+json';
  const body = { status: { state: 'Open' } };
  await until('the queue is open', async () => {
    try {
      const subject = { title: path, name: null };
      await cluster.transport.request({ method: 'PATCH', path, contentType, body, subject });
      return null;
    } catch (error) {
      return String(error);
    }
  });
}

describe('gangs of Volcano', { skip, concurrency: 4 }, () => {
  let environment: OwnEnvironment;
  before(async () => {
    environment = await startWithSchedulers(setup);
    await openQueue(environment);
  });
  after(() => environment?.close());
  runGangBodies({
    gang: 'Volcano',
    stage: () => new GangStage(environment),
    waiting: /pod group is not ready, .*7 minAvailable/,
  });
});
