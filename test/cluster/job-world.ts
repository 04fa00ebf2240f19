// A namespace of a real cluster with a job in it, and the test's hands on it: jobs, pods, status, waiting until something is
// so. Knows no assertions.

import { setTimeout as delay } from 'node:timers/promises';
import { LABELS } from '../../operator/api/names.ts';
import type { PPOJobStatus } from '../../operator/api/ppojob.ts';
import { type Cluster, EVENTS, PODS } from '../../operator/cluster/cluster.ts';
import type { Discovery } from '../../operator/cluster/discovery.ts';
import { ConflictError, NotFoundError } from '../../operator/cluster/errors.ts';
import type { Pod, Stored } from '../../operator/cluster/objects.ts';
import { runOperator } from '../../operator/reconcile/operator.ts';
import { PPO_JOBS, type PPOJobObject } from '../../operator/reconcile/ppojob-kind.ts';
import { buildJob } from '../operator/reconcile/fixtures.ts';

const WRITER = { fieldManager: 'test' };
/** On a machine with ten times as much to do as it has processors, too. */
const UNTIL_MS = 120_000;

export class JobWorld {
  /** With all rights, whatever stands between the operator and the server. */
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly errors: unknown[] = [];
  #stop = new AbortController();
  #operator: Promise<void> = Promise.resolve();

  constructor(cluster: Cluster, namespace: string) {
    this.cluster = cluster;
    this.namespace = namespace;
  }

  /** An operator in this process, for this namespace alone. The function returned ends it without waiting for its end. */
  startOperator(cluster: Cluster = this.cluster, discovery?: Discovery): () => void {
    const stop = new AbortController();
    this.#stop = stop;
    const onError = (error: unknown): number => this.errors.push(error);
    const options = { cluster, onError, namespaces: [this.namespace], ...(discovery !== undefined && { discovery }) };
    this.#operator = runOperator(options, stop.signal);
    return () => stop.abort();
  }

  async stopOperator(): Promise<void> {
    this.#stop.abort();
    await this.#operator;
  }

  /** A small job of seven pods. */
  async createJob(name: string, spec: Record<string, unknown> = {}): Promise<Stored<PPOJobObject>> {
    const job = buildJob(spec);
    return this.cluster.create(PPO_JOBS, { ...job, metadata: { name, namespace: this.namespace } }, WRITER);
  }

  /** Changes fields of the spec, whoever else writes meanwhile. */
  async changeSpec(name: string, change: Record<string, unknown>): Promise<void> {
    for (;;) {
      const job = await this.job(name);
      const spec = { ...(job.spec as Record<string, unknown>), ...change };
      try {
        await this.cluster.update(PPO_JOBS, { ...job, spec }, WRITER);
        return;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
      }
    }
  }

  job(name: string): Promise<Stored<PPOJobObject>> {
    return this.cluster.get(PPO_JOBS, { namespace: this.namespace, name });
  }

  async status(name: string): Promise<PPOJobStatus> {
    return (await this.job(name)).status ?? {};
  }

  async pods(name: string): Promise<readonly Stored<Pod>[]> {
    const labels = { [LABELS.job]: name };
    return (await this.cluster.list(PODS, { namespace: this.namespace, labels })).items;
  }

  /** "Type Reason" of each event on the job, sorted. */
  async events(name: string): Promise<string[]> {
    const { items } = await this.cluster.list(EVENTS, { namespace: this.namespace });
    return items
      .filter(({ involvedObject }) => involvedObject.kind === 'PPOJob' && involvedObject.name === name)
      .map(({ type, reason }) => `${type} ${reason}`)
      .sort();
  }

  async isGone(name: string): Promise<boolean> {
    try {
      await this.job(name);
      return false;
    } catch (error) {
      if (error instanceof NotFoundError) return true;
      throw error;
    }
  }

  /** Waits until the condition has this status; fails with what the status is then. */
  untilCondition(name: string, type: string, status = 'True'): Promise<void> {
    return until(`${name} ${type}=${status}`, async () => {
      const found = (await this.status(name)).conditions?.find((condition) => condition.type === type);
      return found?.status === status ? null : await this.status(name);
    });
  }
}

/** Waits until `look` finds nothing wrong any more (null); fails with what it found last. */
export async function until(what: string, look: () => Promise<unknown>, withinMs = UNTIL_MS): Promise<void> {
  const endMs = Date.now() + withinMs;
  for (;;) {
    const wrong = await look();
    if (wrong === null) return;
    if (Date.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}: ${JSON.stringify(wrong)}`);
    await delay(50);
  }
}
