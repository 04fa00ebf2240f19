// A job's life while the operator dies, and while the API server, its answers, the watches and etcd fail. However it goes,
// the end is that of a calm life, and every pod was made once (the one that failed, twice).

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startOwnEnvironment } from './environment.ts';
import type { FaultProxy, Rule, SeenRequest, Verdict } from './fault-proxy.ts';
import { type EndState, JobLife } from './job-life.ts';
import { TestNode } from './nodes.ts';
import { OperatorProcess } from './operator-process.ts';
import { connectThrough, proxiedKubeconfig, startProxy } from './proxied.ts';
import { seededRandom } from './seeded-random.ts';

const environment = await startOwnEnvironment();
const { cluster, plane } = environment;
const node = await TestNode.start({ cluster, network: plane.network, name: 'node-a', processes: null });
environment.beforeClose(() => node.stop(0));

const NUM_KILL_RUNS = 20;
/** Of the client, so that a test needn't wait as long as an operator would. */
const TIMEOUTS = { deadlineMs: 3000, watchIdleMs: 1500 };
let calm: EndState | null = null;
let numCalmWrites = 0;

interface Parts {
  readonly life: JobLife;
  readonly proxy: FaultProxy;
}

async function inLife(body: (parts: Parts) => Promise<void>): Promise<void> {
  const life = await JobLife.start(environment);
  const proxy = await startProxy(plane);
  try {
    await body({ life, proxy });
  } finally {
    await life.stop();
    await proxy.close();
  }
}

/** A life with the operator in this process, while `disturb` goes on; it must end as a calm one does. */
async function liveThrough(rule: Rule, disturb: (parts: Parts) => Promise<void> = async () => {}): Promise<void> {
  await inLife(async ({ life, proxy }) => {
    proxy.rule = rule;
    const client = connectThrough(proxy, plane, TIMEOUTS);
    life.world.startOperator(client);
    try {
      await life.createJob();
      const [end] = await Promise.all([life.untilEnded(), disturb({ life, proxy })]);
      assert.deepEqual(end, calm);
    } finally {
      await client.close();
      await life.world.stopOperator();
    }
  });
}

before(async () => {
  await inLife(async ({ life, proxy }) => {
    const client = connectThrough(proxy, plane);
    life.world.startOperator(client);
    await life.createJob();
    calm = await life.untilEnded();
    assert.deepEqual(life.world.errors, []);
    await life.world.stopOperator();
    await client.close();
    numCalmWrites = proxy.writes.length;
  });
  assert.deepEqual(Object.values(calm?.podCounts ?? {}).toSorted(), [1, 1, 1, 1, 1, 1, 2]);
  assert.ok(numCalmWrites > NUM_KILL_RUNS, `every run kills at another step of ${numCalmWrites}`);
});

/** Which of a life's writes the operator dies of: together, the runs cover every one. */
function fatalWrites(run: number): Set<number> {
  const random = seededRandom(run);
  const later = NUM_KILL_RUNS + Math.floor(random() * (numCalmWrites - NUM_KILL_RUNS));
  return new Set([run, run + 1 + Math.floor(random() * 5), later]);
}

describe('an operator that is killed', { concurrency: 3 }, () => {
  for (let run = 0; run < NUM_KILL_RUNS; run += 1) {
    it(`leaves the job to its successor, whatever it was writing (seed ${run})`, async () => {
      await inLife(async ({ life, proxy }) => {
        const start = (): OperatorProcess =>
          new OperatorProcess({
            ...{ kubeconfig: proxiedKubeconfig(plane, proxy), namespace: life.world.namespace, leaseNamespace: null },
          });
        const fatal = fatalWrites(run);
        let operator = start();
        let numWrites = 0;
        let numKills = 0;
        const kill = (): void => {
          numKills += 1;
          operator.signal('SIGKILL');
          operator = start();
        };
        proxy.rule = ({ isWrite }): Verdict => {
          if (!isWrite || !fatal.has(numWrites++)) return 'pass';
          // Before the write has reached the server, or after it has been done.
          if ((run + numKills) % 2 === 0) return { loseAnswer: kill };
          kill();
          return 'cut';
        };
        try {
          await life.createJob();
          assert.deepEqual(await life.untilEnded(), calm);
          assert.ok(numKills > 0);
        } finally {
          await operator.stop();
        }
      });
    });
  }
});

/** Requests that `concerns` names meet `verdict` with this probability. */
function sometimes(probability: number, verdict: Verdict, concerns: (seen: SeenRequest) => boolean): Rule {
  const random = seededRandom(1);
  return (request) => (concerns(request) && random() < probability ? verdict : 'pass');
}

const all = (): boolean => true;
const writes = ({ isWrite }: SeenRequest): boolean => isWrite;
const watches = ({ isWatch }: SeenRequest): boolean => isWatch;
const requests = ({ isWatch }: SeenRequest): boolean => !isWatch;
const busy = (headers: Readonly<Record<string, string>>): Verdict => ({ status: 429, headers });
const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };

const RULES: Readonly<Record<string, Rule>> = {
  'a third of all answers is 500': sometimes(0.33, { status: 500 }, all),
  'a third of all answers is 429 with a time': sometimes(0.33, busy({ 'retry-after': '1' }), requests),
  'a tenth of all answers is 429 without a time': sometimes(0.1, busy({}), all),
  'a third of all requests is cut': sometimes(0.33, 'cut', all),
  'a third of all writes is done but not answered': sometimes(0.33, { loseAnswer: () => {} }, writes),
  'a tenth of all requests is never answered': sometimes(0.1, 'stall', all),
  'half of all watches is answered with 410': sometimes(0.5, { status: 410, body: gone }, watches),
  'half of all watches ends with the news that it is too old': sometimes(
    0.5,
    { status: 200, body: { type: 'ERROR', object: gone } },
    watches,
  ),
};

/** Again and again until the job has ended. */
function repeatedly(intervalMs: number, disturb: (proxy: FaultProxy) => void): (parts: Parts) => Promise<void> {
  return async ({ life, proxy }) => {
    for (;;) {
      await delay(intervalMs);
      disturb(proxy);
      const { completionTime } = await life.world.status('tiny');
      if (completionTime !== undefined) return;
    }
  };
}

describe('a job lives on', { concurrency: 4 }, () => {
  for (const [name, rule] of Object.entries(RULES)) it(`while ${name}`, () => liveThrough(rule));

  it('while watches are dropped', () =>
    liveThrough(
      () => 'pass',
      repeatedly(250, (proxy) => proxy.cutWatches()),
    ));

  it('while watches fall silent', () =>
    liveThrough(
      () => 'pass',
      repeatedly(1000, (proxy) => proxy.silenceWatches()),
    ));
});

describe('a job outlives', () => {
  it('restarts of the API server', () =>
    liveThrough(
      () => 'pass',
      async ({ life }) => {
        for (const how of ['Gracefully', 'AtOnce'] as const) {
          await delay(400);
          await plane.stopApiServer(how);
          await delay(1000);
          await plane.startApiServer();
        }
        assert.ok(await life.world.job('tiny'));
      },
    ));

  it('an etcd that stands still again and again', async () => {
    const etcd = plane.pid('etcd') ?? -1;
    assert.ok(etcd > 0);
    const pause = async (): Promise<void> => {
      process.kill(etcd, 'SIGSTOP');
      await delay(2000);
      process.kill(etcd, 'SIGCONT');
      await delay(400);
    };
    try {
      await liveThrough(
        () => 'pass',
        async () => {
          for (let count = 0; count < 5; count += 1) await pause();
        },
      );
    } finally {
      process.kill(etcd, 'SIGCONT');
    }
  });
});
