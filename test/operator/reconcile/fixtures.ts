// A small job, a kubelet that does what the test says, and an operator over an in-memory cluster. Knows no assertions.

import { API_VERSION, KIND, LABELS, type RoleName } from '../../../operator/api/names.ts';
import type { PPOJobStatus, ProgressStatus } from '../../../operator/api/ppojob.ts';
import type { Cluster } from '../../../operator/cluster/cluster.ts';
import { PODS } from '../../../operator/cluster/cluster.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import type { Condition, Pod, PodStatus, Stored } from '../../../operator/cluster/objects.ts';
import { MACHINE, type Platform } from '../../../operator/plan/platform.ts';
import { runOperator } from '../../../operator/reconcile/operator.ts';
import { PPO_JOBS, type PPOJobObject } from '../../../operator/reconcile/ppojob-kind.ts';
import type { ProgressSource, ProgressTarget } from '../../../operator/reconcile/progress-source.ts';
import { ManualClock, NAMESPACE, settle, WRITER } from '../cluster/fixtures.ts';

export const JOB = { namespace: NAMESPACE, name: 'tiny' };
export const JOB_KEY = `${NAMESPACE}/tiny`;

export function buildJob(spec: Record<string, unknown> = {}): PPOJobObject {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { ...JOB },
    spec: {
      models: { actor: { path: '/models/actor' }, critic: { path: '/models/critic' } },
      reward: { model: { path: '/models/reward' } },
      dataset: { train: { path: '/data/train.jsonl' } },
      algorithm: { numIterations: 4 },
      output: { path: '/output' },
      roles: { generation: { replicas: 2, maxRestarts: 2 }, coordinator: { maxRestarts: 1 } },
      ...spec,
    },
  };
}

/** Pods of buildJob(), in order of name. */
export const POD_NAMES = [
  ...['tiny-actor-0', 'tiny-coordinator-0', 'tiny-critic-0', 'tiny-generation-0', 'tiny-generation-1'],
  ...['tiny-reference-0', 'tiny-reward-0'],
];

/** Progress that the test sets. */
export class ScriptedProgress implements ProgressSource {
  readonly followed = new Map<string, string>();
  readonly targets = new Map<string, ProgressTarget>();
  #progress: ProgressStatus | null = null;
  readonly #listeners = new Set<(key: string) => void>();

  follow(key: string, target: ProgressTarget): void {
    this.followed.set(key, target.address);
    this.targets.set(key, target);
  }
  latest(): ProgressStatus | null {
    return this.#progress;
  }
  forget(key: string): void {
    this.followed.delete(key);
  }
  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  close(): void {
    this.followed.clear();
  }
  set(progress: ProgressStatus): void {
    this.#progress = progress;
    for (const listener of this.#listeners) listener(JOB_KEY);
  }
}

export function failedStatus(exitCode: number, message: string): PodStatus {
  const terminated = { exitCode, reason: 'Error', message };
  return {
    phase: 'Failed',
    containerStatuses: [{ name: 'worker', ready: false, restartCount: 0, state: { terminated } }],
  };
}

export const RUNNING: PodStatus = {
  phase: 'Running',
  podIP: '127.9.9.9',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [{ name: 'worker', ready: true, restartCount: 0, state: { running: {} } }],
};

export const SUCCEEDED: PodStatus = {
  phase: 'Succeeded',
  containerStatuses: [
    { name: 'worker', ready: false, restartCount: 0, state: { terminated: { exitCode: 0, reason: 'Completed' } } },
  ],
};

/** A cluster with an operator that runs until `stop`, and the test's hands on pods. */
export class World {
  readonly clock = new ManualClock();
  readonly store: MemoryCluster = new MemoryCluster({ clock: this.clock });
  readonly progress = new ScriptedProgress();
  readonly errors: unknown[] = [];
  /** Where the operator thinks pods run. */
  platform: Platform = MACHINE;
  /** What the operator talks to; tests may put faults between. */
  cluster: Cluster = this.store;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  startOperator(): void {
    this.#stop = new AbortController();
    const { clock, cluster, progress, platform } = this;
    const onError = (error: unknown): number => this.errors.push(error);
    this.#running = runOperator({ clock, cluster, progress, onError, platform }, this.#stop.signal);
  }

  async stopOperator(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Lets everything happen that needs no time but back-offs. */
  async settle(): Promise<void> {
    await settle();
    await this.clock.advance(100);
  }

  async createJob(spec: Record<string, unknown> = {}): Promise<void> {
    await this.store.create(PPO_JOBS, buildJob(spec), WRITER);
    await this.settle();
  }

  /** As a user does, with `kubectl patch`; values replace those of the same key. */
  async changeSpec(changes: Record<string, unknown>): Promise<void> {
    const job = await this.store.get(PPO_JOBS, JOB);
    await this.store.update(PPO_JOBS, { ...job, spec: { ...(job.spec as object), ...changes } }, WRITER);
    await this.settle();
  }

  async status(): Promise<PPOJobStatus> {
    return (await this.store.get(PPO_JOBS, JOB)).status ?? {};
  }

  async condition(type: string): Promise<Condition | undefined> {
    return (await this.status()).conditions?.find((condition) => condition.type === type);
  }

  async restarts(role: RoleName): Promise<number | undefined> {
    return (await this.status()).roles?.[role]?.restarts;
  }

  async pods(): Promise<readonly Stored<Pod>[]> {
    return (await this.store.list(PODS, { labels: { [LABELS.job]: JOB.name } })).items;
  }

  /** Names of the pods that aren't being deleted. */
  async podNames(): Promise<string[]> {
    const live = (await this.pods()).filter((pod) => pod.metadata.deletionTimestamp === undefined);
    return live.map((pod) => pod.metadata.name).sort();
  }

  async pod(name: string): Promise<Stored<Pod>> {
    return this.store.get(PODS, { namespace: NAMESPACE, name });
  }

  /** As the kubelet reports it. */
  async setPodStatus(name: string, status: PodStatus): Promise<void> {
    await this.store.updateStatus(PODS, { ...(await this.pod(name)), status }, { fieldManager: 'kubelet' });
    await this.settle();
  }

  async runAllPods(): Promise<void> {
    for (const { metadata } of await this.pods()) await this.setPodStatus(metadata.name, RUNNING);
  }

  /** Removes pods that were asked to stop, as the kubelet does once their processes have ended. */
  async finishDeletions(): Promise<string[]> {
    const going = (await this.pods()).filter((pod) => pod.metadata.deletionTimestamp !== undefined);
    for (const { metadata } of going) await this.store.delete(PODS, metadata, { gracePeriodSeconds: 0 });
    await this.settle();
    return going.map((pod) => pod.metadata.name).sort();
  }
}
