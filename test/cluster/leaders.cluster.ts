// Two operators at once: one leads, the other takes over when the leader dies or stands still, whatever their clocks say; and
// never do both write. Each reaches the API server through a proxy of its own, which remembers its writes.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startOwnEnvironment } from './environment.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { JobLife } from './job-life.ts';
import { until } from './job-world.ts';
import { TestNode } from './nodes.ts';
import { OperatorProcess } from './operator-process.ts';
import { proxiedKubeconfig, startProxy } from './proxied.ts';

const environment = await startOwnEnvironment();
const { cluster, plane } = environment;
const node = await TestNode.start({ cluster, network: plane.network, name: 'node-a', processes: null });
environment.beforeClose(() => node.stop(0));

const HOUR_MS = 3_600_000;
const GIVEN_UP = 'not leading any more';
/** The lease's 15 s, the 2 to 4.4 s between two looks at it, and a busy machine. */
const TAKEOVER_MS = 120_000;
const COUNTS = {
  ...{ 'tiny-actor-0': 1, 'tiny-coordinator-0': 1, 'tiny-critic-0': 1, 'tiny-generation-0': 1, 'tiny-generation-1': 2 },
  ...{ 'tiny-reference-0': 1, 'tiny-reward-0': 1 },
};

/** An operator process and what it wrote. */
interface Candidate {
  readonly proxy: FaultProxy;
  readonly operator: OperatorProcess;
}

interface Contest {
  readonly life: JobLife;
  readonly first: Candidate;
  readonly second: Candidate;
}

/**
 * One that leads, and another of the same lease, of whom `body` makes the second lead. They run a job to its end, and
 * everything that the first wrote, it wrote before anything of the second.
 */
async function inContest(
  body: (contest: Contest) => Promise<void>,
  ofSecond: { readonly clockSkewMs?: number } = {},
): Promise<void> {
  const life = await JobLife.start(environment, { isHeld: true });
  const candidates: Candidate[] = [];
  const { namespace } = life.world;
  const join = async (options: typeof ofSecond = {}): Promise<Candidate> => {
    const proxy = await startProxy(plane);
    const kubeconfig = proxiedKubeconfig(plane, proxy);
    const candidate = {
      proxy,
      operator: new OperatorProcess({ ...options, kubeconfig, namespace, leaseNamespace: namespace }),
    };
    candidates.push(candidate);
    return candidate;
  };
  try {
    const first = await join();
    await untilLeading(first);
    const second = await join(ofSecond);
    await body({ life, first, second });
    await untilLeading(second);
    await assertOneAfterTheOther(life, first, second);
  } finally {
    for (const { operator } of candidates) await operator.stop();
    await life.stop();
    for (const { proxy } of candidates) await proxy.close();
  }
}

async function untilJobRuns(life: JobLife): Promise<void> {
  await life.createJob();
  await life.world.untilCondition('tiny', 'Running');
}

const isLeading = ({ operator }: Candidate): boolean => operator.output.includes('"msg":"leading"');
/** When it said so: both have the clock of this machine. */
function saidAtMs({ operator }: Candidate, message: string): number {
  const line = operator.output.split('\n').find((text) => text.includes(`"msg":"${message}"`));
  assert.ok(line !== undefined, `it says "${message}": ${operator.output}`);
  return Date.parse((JSON.parse(line) as { readonly time: string }).time);
}

/** On a machine with ten times as much to do as it has processors a leader may miss its lease by itself. */
const hasGivenUp = ({ operator }: Candidate): boolean => operator.output.includes(`"msg":"${GIVEN_UP}"`);

const untilLeading = (candidate: Candidate): Promise<void> =>
  until('it leads', async () => (isLeading(candidate) ? null : candidate.operator.output), TAKEOVER_MS);

async function assertOneAfterTheOther(life: JobLife, first: Candidate, second: Candidate): Promise<void> {
  life.mayFinish();
  const end = await life.untilEnded();
  assert.deepEqual(end.podCounts, COUNTS);
  assert.deepEqual(end.pods, ['tiny-coordinator-0 Succeeded']);
  const last = first.proxy.writes.at(-1)?.atMs ?? Number.NaN;
  const begin = second.proxy.writes[0]?.atMs ?? Number.NaN;
  assert.ok(last < begin, `the first wrote until ${last}, the second from ${begin}`);
}

/** Not all at once: a dozen operators that start together keep those that lead from renewing their leases. */
describe('two operators', { concurrency: 3 }, () => {
  it('hand over when the leader is killed', async () => {
    await inContest(async ({ life, first }) => {
      await untilJobRuns(life);
      first.operator.signal('SIGKILL');
    });
  });

  it('hand over when the leader stands still between two writes, who writes no more when it wakes', async () => {
    await inContest(async ({ life, first, second }) => {
      let numWrites = 0;
      first.proxy.rule = ({ isWrite }) => {
        // In the midst of making pods, with the rest of them still to do.
        if (isWrite && ++numWrites === 5) first.operator.signal('SIGSTOP');
        return 'pass';
      };
      await life.createJob();
      await untilLeading(second);
      await life.world.untilCondition('tiny', 'Running');
      const numWritten = first.proxy.writes.length;
      first.operator.signal('SIGCONT');
      assert.equal(await first.operator.ended, 1);
      assert.equal(first.proxy.writes.length, numWritten);
    });
  });

  it('hand over when the leader loses the API server, and the loser ends', async () => {
    await inContest(async ({ life, first, second }) => {
      await untilJobRuns(life);
      first.proxy.rule = () => 'stall';
      first.proxy.silenceWatches();
      assert.equal(await first.operator.ended, 1);
      await untilLeading(second);
      assert.ok(saidAtMs(first, GIVEN_UP) < saidAtMs(second, 'leading'), 'never do both lead');
    });
  });

  it('hand over at once when the leader is asked to end', async () => {
    await inContest(async ({ life, first }) => {
      await untilJobRuns(life);
      const hadGivenUp = hasGivenUp(first);
      assert.equal(await first.operator.stop(), hadGivenUp ? 1 : 0);
    });
  });

  for (const [name, clockSkewMs] of [
    ['ahead', HOUR_MS],
    ['behind', -HOUR_MS],
  ] as const) {
    it(`do not mind that the second one's clock is an hour ${name}`, async () => {
      const body = async ({ life, first, second }: Contest): Promise<void> => {
        await untilJobRuns(life);
        await delay(8000); // three looks at the lease
        // It takes no lease that is renewed: the first had given it up before.
        if (isLeading(second)) assert.ok(saidAtMs(first, GIVEN_UP) < saidAtMs(second, 'leading') - clockSkewMs);
        first.operator.signal('SIGKILL');
      };
      await inContest(body, { clockSkewMs });
    });
  }
});
