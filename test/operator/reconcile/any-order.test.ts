// Whatever happens to a job in whatever order, while the cluster refuses and forgets to answer: once it is left in peace it is
// whole again, no failure was counted twice, and it comes to its end. By seeds: a number that fails is run again alone.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Cluster, PODS } from '../../../operator/cluster/cluster.ts';
import { UnavailableError } from '../../../operator/cluster/errors.ts';
import type { Pod, PodStatus, Stored } from '../../../operator/cluster/objects.ts';
import { seededRandom } from '../../cluster/seeded-random.ts';
import { overrideCluster } from '../cluster/fixtures.ts';
import { disrupted, waiting } from './builders.ts';
import { failedStatus, RUNNING, SUCCEEDED, World } from './fixtures.ts';

const NUM_SEEDS = 24;
const NUM_STEPS = 60;
const HOUR_MS = 3_600_000;
/** Without generation's. */
const NUM_OTHER_PODS = 7;

const maxRestarts = 10_000;
const rolesWith = (replicas: number) => ({
  ...{ coordinator: { maxRestarts }, critic: { maxRestarts }, reference: { maxRestarts }, reward: { maxRestarts } },
  ...{ actor: { replicas: 3, maxRestarts }, generation: { replicas, maxRestarts } },
});
const SPEC = { training: { minibatchSize: 6, microbatchSize: 1 }, rollout: { batchSize: 6 } };
const RULES = [{ exitCodes: [9], action: 'RestartJob' }];
const EVICTED: PodStatus = { ...RUNNING, conditions: [disrupted('EvictionByEvictionAPI')] };

const isGoing = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;
const isOver = ({ status }: Pod): boolean => status?.phase === 'Failed' || status?.phase === 'Succeeded';

/** A job to which things happen. */
class Fate {
  readonly world = new World();
  /** What has happened, for whoever looks for the cause. */
  readonly story: string[] = [];
  readonly random: () => number;
  numFailures = 0;
  numEvictions = 0;
  numReplicas = 2;
  /** Share of the operator's calls that fail, half of them after they were done. */
  faultShare = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.world.cluster = this.#faulty(this.world.store);
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)]!;
  }

  async begin(): Promise<void> {
    this.world.startOperator();
    const failurePolicy = { rules: this.pick([[], RULES]), unstartableSeconds: 86_400 };
    const job = { ...SPEC, roles: rolesWith(this.numReplicas), backoffLimit: maxRestarts, failurePolicy };
    await this.world.createJob({ ...job, suspend: this.pick([true, false]) });
  }

  /** Nothing more happens, and the nodes do their work. */
  async calmDown(): Promise<void> {
    this.faultShare = 0;
    await this.world.changeSpec({ suspend: false });
    for (let round = 0; round < 12; round += 1) {
      await this.world.clock.advance(61_000);
      await this.world.finishDeletions();
      await this.startPods();
    }
  }

  async startPods(): Promise<void> {
    for (const pod of await this.#podsThat((one) => !isGoing(one) && one.status?.phase === 'Pending')) {
      await this.world.setPodStatus(pod.metadata.name, RUNNING);
    }
  }

  readonly happenings: Readonly<Record<string, () => Promise<void>>> = {
    start: () => this.startPods(),
    stick: async () => void (await this.#setStatus(waiting('ImagePullBackOff'))),
    fail: async () => {
      this.numFailures += await this.#setStatus(failedStatus(this.pick([1, 9, 137]), 'boom'));
    },
    evict: async () => {
      this.numEvictions += await this.#setStatus(EVICTED);
      for (const { metadata } of await this.#podsThat(
        (pod) => !isGoing(pod) && pod.status?.conditions?.[0]?.type === 'DisruptionTarget',
      )) {
        await this.world.store.delete(PODS, metadata);
      }
      await this.world.settle();
    },
    remove: async () => {
      const pods = await this.#podsThat((pod) => !isGoing(pod));
      if (pods.length === 0) return;
      await this.world.store.delete(PODS, this.pick(pods).metadata, this.pick([{}, { gracePeriodSeconds: 0 }]));
      await this.world.settle();
    },
    finishOne: async () => {
      const pods = await this.#podsThat(isGoing);
      if (pods.length === 0) return;
      await this.world.store.delete(PODS, this.pick(pods).metadata, { gracePeriodSeconds: 0 });
      await this.world.settle();
    },
    finishAll: async () => void (await this.world.finishDeletions()),
    suspend: () => this.world.changeSpec({ suspend: true }),
    resume: () => this.world.changeSpec({ suspend: false }),
    scale: () => {
      this.numReplicas = this.pick([1, 2, 3, 5]);
      return this.world.changeSpec({ roles: rolesWith(this.numReplicas) });
    },
    restartOperator: async () => {
      await this.world.stopOperator();
      this.world.startOperator();
      await this.world.settle();
    },
    setClock: async () => this.world.clock.set(this.pick([-HOUR_MS, HOUR_MS])),
    wait: () => this.world.clock.advance(this.pick([100, 1000, 10_000, 70_000])),
    disturb: async () => {
      this.faultShare = this.pick([0, 0.2, 0.5]);
    },
  };

  async #podsThat(are: (pod: Stored<Pod>) => boolean): Promise<Stored<Pod>[]> {
    return (await this.world.pods()).filter(are);
  }

  /** Of one pod that isn't over, if there is any. Returns of how many. */
  async #setStatus(status: PodStatus): Promise<number> {
    const pods = await this.#podsThat((pod) => !isGoing(pod) && !isOver(pod));
    if (pods.length === 0) return 0;
    const { name } = this.pick(pods).metadata;
    this.story.push(name);
    await this.world.setPodStatus(name, status);
    return 1;
  }

  #faulty(cluster: Cluster): Cluster {
    const meet = async <R>(call: () => Promise<R>): Promise<R> => {
      const chance = this.random();
      if (chance < this.faultShare / 2) throw new UnavailableError('not now');
      const answer = await call();
      if (chance < this.faultShare) throw new UnavailableError('the answer is lost');
      return answer;
    };
    return overrideCluster(cluster, {
      get: (...args) => meet(() => cluster.get(...args)),
      list: (...args) => meet(() => cluster.list(...args)),
      create: (...args) => meet(() => cluster.create(...args)),
      apply: (...args) => meet(() => cluster.apply(...args)),
      update: (...args) => meet(() => cluster.update(...args)),
      updateStatus: (...args) => meet(() => cluster.updateStatus(...args)),
      delete: (...args) => meet(() => cluster.delete(...args)),
    });
  }
}

for (let seed = 0; seed < NUM_SEEDS; seed += 1) {
  it(`is whole again in the end (seed ${seed})`, async () => {
    const fate = new Fate(seed);
    const { world, story } = fate;
    await fate.begin();
    try {
      for (let step = 0; step < NUM_STEPS; step += 1) {
        const name = fate.pick(Object.keys(fate.happenings));
        story.push(name);
        await fate.happenings[name]!();
      }
      await fate.calmDown();
      const status = await world.status();
      const told = `${story.join(' ')}\n${JSON.stringify(status)}`;
      assert.equal((await world.condition('Running'))?.status, 'True', told);
      assert.equal((await world.podNames()).length, NUM_OTHER_PODS + fate.numReplicas, told);
      assert.equal(status.replacing, undefined, told);
      // A coordinator that gave up waiting for others has no blame: it counts as taken away.
      const { restarts = 0, infrastructureRestarts = 0 } = status;
      assert.ok(restarts <= fate.numFailures, told);
      assert.ok(restarts + infrastructureRestarts <= fate.numFailures + fate.numEvictions, told);
      await world.setPodStatus('tiny-coordinator-0', SUCCEEDED);
      await world.finishDeletions();
      assert.equal((await world.condition('Succeeded'))?.status, 'True', told);
      assert.deepEqual(await world.podNames(), ['tiny-coordinator-0'], told);
    } finally {
      await world.stopOperator();
    }
  });
}
