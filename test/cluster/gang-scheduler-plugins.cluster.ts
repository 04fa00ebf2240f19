// Jobs that are placed as a whole or not at all by the real scheduler of scheduler-plugins. Left out where
// nobody has built them.

import { after, before, describe } from 'node:test';
import type { OwnEnvironment } from './environment.ts';
import { runGangBodies } from './gang-bodies.ts';
import { GangStage } from './gang-stage.ts';
import { findSchedulers, type SchedulerSetup, startWithSchedulers, writeConfiguration } from './schedulers.ts';

const { programs, skip } = await findSchedulers(['scheduler-plugins-scheduler']);

/** As the project's chart installs it, beside the cluster's own; without the controller, which keeps count in the groups' status. */
const setup: SchedulerSetup<keyof typeof programs> = {
  programs,
  crds: 'config/crd/bases',
  args: (environment) => ({
    'scheduler-plugins-scheduler': [
      `--config=${writeConfiguration(environment, 'coscheduling.json', {
        apiVersion: 'kubescheduler.config.k8s.io/v1',
        kind: 'KubeSchedulerConfiguration',
        leaderElection: { leaderElect: false },
        clientConnection: { kubeconfig: environment.plane.kubeconfig, qps: 1000, burst: 2000 },
        profiles: [
          {
            schedulerName: 'scheduler-plugins-scheduler',
            plugins: {
              multiPoint: { enabled: [{ name: 'Coscheduling' }] },
              queueSort: { enabled: [{ name: 'Coscheduling' }], disabled: [{ name: '*' }] },
            },
            pluginConfig: [{ name: 'Coscheduling', args: { permitWaitingTimeSeconds: 10 } }],
          },
        ],
      })}`,
      '--secure-port=0',
    ],
  }),
};

describe('gangs of scheduler-plugins', { skip, concurrency: 4 }, () => {
  let environment: OwnEnvironment;
  before(async () => {
    environment = await startWithSchedulers(setup);
  });
  after(() => environment?.close());
  runGangBodies({ gang: 'SchedulerPlugins', stage: () => new GangStage(environment), waiting: /reject/ });
});
