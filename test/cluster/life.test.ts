// A job's life in memory while the operator dies of each of its writes in turn, and while the cluster refuses, forgets to
// answer, and drops watches. However it goes, the end is that of a calm life: what test/cluster/faults.cluster.ts shows of
// some twenty steps with processes and a real API server, for every step.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Cluster } from '../../operator/cluster/cluster.ts';
import { UnavailableError } from '../../operator/cluster/errors.ts';
import { overrideCluster } from '../operator/cluster/fixtures.ts';
import { type EndState, JobLife } from './job-life.ts';
import type { JobWorld } from './job-world.ts';
import { seededRandom } from './seeded-random.ts';
import { memoryStage } from './stage.ts';

/** Lives at a time: they mostly wait. */
const NUM_AT_ONCE = 16;
/** How long a watch lasts that is dropped. */
const WATCH_MS = 100;
let calm: EndState | null = null;
let numCalmWrites = 0;

/** Stands before each call; `isWrite` tells what kind it is. */
type Gate = <R>(call: () => Promise<R>, isWrite: boolean) => Promise<R>;

function gated(cluster: Cluster, gate: Gate): Cluster {
  return overrideCluster(cluster, {
    get: (...args) => gate(() => cluster.get(...args), false),
    list: (...args) => gate(() => cluster.list(...args), false),
    create: (...args) => gate(() => cluster.create(...args), true),
    apply: (...args) => gate(() => cluster.apply(...args), true),
    update: (...args) => gate(() => cluster.update(...args), true),
    updateStatus: (...args) => gate(() => cluster.updateStatus(...args), true),
    delete: (...args) => gate(() => cluster.delete(...args), true),
  });
}

/** Makes of a world's cluster what its operator sees. */
type View = (world: JobWorld, life: Life) => Cluster;

interface Life {
  /** Ends the operator without waiting for its end. */
  readonly stopOperator: () => void;
  readonly isOver: boolean;
}

async function live(view: View): Promise<EndState> {
  const life = await JobLife.start(memoryStage());
  const { world } = life;
  const state = { stopOperator: (): void => {}, isOver: false };
  state.stopOperator = world.startOperator(view(world, state));
  try {
    await life.createJob();
    return await life.untilEnded();
  } finally {
    state.isOver = true;
    await world.stopOperator();
    await life.stop();
  }
}

before(async () => {
  const count: Gate = (call, isWrite) => {
    numCalmWrites += isWrite ? 1 : 0;
    return call();
  };
  calm = await live(({ cluster }) => gated(cluster, count));
  assert.deepEqual(Object.values(calm.podCounts).toSorted(), [1, 1, 1, 1, 1, 1, 2]);
  assert.ok(numCalmWrites > 20, `writes of a calm life: ${numCalmWrites}`);
});

interface Death {
  /** How many writes it had done before. */
  readonly write: number;
  readonly isDone: boolean;
  readonly onDeath: () => void;
}

/** The operator is gone once it has come to that write; its successor starts at once. */
function dying({ write, isDone, onDeath }: Death): View {
  return (world, life) => {
    let numWrites = 0;
    let isDead = false;
    return gated(world.cluster, async (call, isWrite) => {
      if (isWrite && !isDead && !life.isOver && numWrites++ === write) {
        isDead = true;
        onDeath();
        // However it goes: an event that is there already is refused, and counted up by another write.
        if (isDone) await call().catch(() => {});
        life.stopOperator();
        world.startOperator();
      }
      // Nobody is there any more to hear the answer.
      return isDead ? new Promise(() => {}) : call();
    });
  };
}

describe('an operator that dies', { concurrency: true }, () => {
  for (const isDone of [false, true]) {
    it(`leaves the job to its successor, ${isDone ? 'after' : 'before'} any of its writes`, async () => {
      let numDeaths = 0;
      const onDeath = (): void => {
        numDeaths += 1;
      };
      for (let first = 0; first < numCalmWrites; first += NUM_AT_ONCE) {
        const length = Math.min(NUM_AT_ONCE, numCalmWrites - first);
        const writes = Array.from({ length }, (_, i) => first + i);
        const ends = await Promise.all(writes.map((write) => live(dying({ write, isDone, onDeath }))));
        for (const [i, end] of ends.entries()) assert.deepEqual(end, calm, `it died of write ${writes[i]}`);
      }
      assert.ok(numDeaths > 20, `operators that died: ${numDeaths}`);
    });
  }
});

/** Calls that `concerns` names meet `fault` with this probability. */
function sometimes(probability: number, concerns: (isWrite: boolean) => boolean, fault: Gate): View {
  const random = seededRandom(1);
  return ({ cluster }) =>
    gated(cluster, (call, isWrite) => (concerns(isWrite) && random() < probability ? fault(call, isWrite) : call()));
}

const refuse: Gate = async () => {
  throw new UnavailableError('not now');
};
const loseAnswer: Gate = async (call) => {
  await call();
  throw new UnavailableError('the answer is lost');
};

describe('a job lives on', { concurrency: true }, () => {
  const views: Readonly<Record<string, View>> = {
    'a third of all calls is refused': sometimes(0.33, () => true, refuse),
    'a third of all writes is done but not answered': sometimes(0.33, (isWrite) => isWrite, loseAnswer),
    'watches end again and again': ({ cluster }) =>
      overrideCluster(cluster, {
        watch: (kind, options) => {
          const signal = AbortSignal.any([options.signal, AbortSignal.timeout(WATCH_MS)]);
          return cluster.watch(kind, { ...options, signal });
        },
      }),
  };
  for (const [name, view] of Object.entries(views)) {
    it(`while ${name}`, async () => assert.deepEqual(await live(view), calm));
  }
});
