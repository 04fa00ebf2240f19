// One job's life, the same in every test of faults: seven pods come, a generation pod fails once and is replaced, the
// coordinator finishes. It says what is left at the end, so that a life with faults can be compared with a calm one. Knows
// no faults.

import { LABELS } from '../../operator/api/names.ts';
import type { PPOJobStatus } from '../../operator/api/ppojob.ts';
import { CONFIG_MAPS, PODS, SERVICES } from '../../operator/cluster/cluster.ts';
import type { Pod, Stored } from '../../operator/cluster/objects.ts';
import { JobWorld, until } from './job-world.ts';
import { ended, PlayedKubelet, RUNNING } from './played-kubelet.ts';
import { PodLedger } from './pod-ledger.ts';
import { retryingCluster } from './retrying-cluster.ts';
import type { Stage } from './stage.ts';

export const LIFE_JOB = 'tiny';
const FRAGILE_POD = `${LIFE_JOB}-generation-1`;
const FAILS_AFTER_MS = 300;
const FINISHES_AFTER_MS = 500;

export interface LifeOptions {
  /** The coordinator goes on until `mayFinish` is called. */
  readonly isHeld?: boolean;
}

/** What a life leaves, without times, uids and versions. */
export interface EndState {
  readonly conditions: readonly string[];
  readonly roles: NonNullable<PPOJobStatus['roles']>;
  readonly lastFailure: readonly unknown[];
  readonly pods: readonly string[];
  readonly children: readonly string[];
  /** Of each pod's name: how many there were. */
  readonly podCounts: Readonly<Record<string, number>>;
}

export class JobLife {
  readonly world: JobWorld;
  readonly ledger: PodLedger;
  readonly #kubelet: PlayedKubelet;
  readonly #stopped: AbortController;
  readonly #fragileUids = new Set<string>();
  #replacedAtMs: number | null = null;
  #isHeld: boolean;

  private constructor({ cluster: server, hasScheduler }: Stage, namespace: string, { isHeld = false }: LifeOptions) {
    this.#isHeld = isHeld;
    this.#stopped = new AbortController();
    // The test's own hands go on while the server is away.
    const cluster = retryingCluster(server, this.#stopped.signal);
    this.world = new JobWorld(cluster, namespace);
    this.ledger = new PodLedger(cluster, namespace);
    this.#kubelet = new PlayedKubelet({
      cluster,
      namespace,
      hasScheduler,
      script: (pod, ageMs) => this.#play(pod, ageMs),
    });
  }

  static async start(stage: Stage, options: LifeOptions = {}): Promise<JobLife> {
    return new JobLife(stage, await stage.newNamespace(), options);
  }

  async createJob(): Promise<void> {
    await this.world.createJob(LIFE_JOB);
  }

  mayFinish(): void {
    this.#isHeld = false;
  }

  async untilEnded(withinMs = 240_000): Promise<EndState> {
    await until(
      'the job has succeeded and its workers are gone',
      async () => {
        const state = await this.#endState();
        const isOver = state.conditions[0] === 'Succeeded=True Finished' && state.pods.length === 1;
        return isOver ? null : state;
      },
      withinMs,
    );
    // Whoever still wants to do something gets the time for it.
    await new Promise((resolve) => setTimeout(resolve, 300));
    return this.#endState();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#kubelet.stop();
    await this.ledger.stop();
  }

  #play(pod: Stored<Pod>, ageMs: number): typeof RUNNING {
    const { name, uid } = pod.metadata;
    if (name === FRAGILE_POD) {
      this.#fragileUids.add(uid);
      const [first] = this.#fragileUids;
      if (uid === first) return ageMs > FAILS_AFTER_MS ? ended(1, 'out of luck') : RUNNING;
      this.#replacedAtMs ??= Date.now();
    }
    const isCoordinator = pod.metadata.labels?.[LABELS.role] === 'coordinator';
    const isDue = this.#replacedAtMs !== null && Date.now() - this.#replacedAtMs > FINISHES_AFTER_MS;
    return isCoordinator && isDue && !this.#isHeld ? ended(0) : RUNNING;
  }

  async #endState(): Promise<EndState> {
    const { cluster, namespace } = this.world;
    const { conditions = [], roles, lastFailure } = await this.world.status(LIFE_JOB);
    const labels = { [LABELS.job]: LIFE_JOB };
    const lists = await Promise.all([CONFIG_MAPS, SERVICES].map((kind) => cluster.list(kind, { namespace, labels })));
    const pods = (await cluster.list(PODS, { namespace })).items;
    return {
      conditions: conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`),
      roles: Object.fromEntries(Object.entries(roles ?? {}).map(([name, role]) => [name, { ...role, ready: 0 }])),
      lastFailure: [lastFailure?.pod, lastFailure?.exitCode, lastFailure?.message],
      pods: pods.map(({ metadata, status }) => `${metadata.name} ${status?.phase}`).sort(),
      children: lists.flatMap(({ items }) => items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).sort(),
      podCounts: this.ledger.counts,
    };
  }
}
