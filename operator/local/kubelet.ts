/**
 * The process kubelet: runs a cluster's pods as processes of this machine and reports their status, as a node's kubelet
 * does. Works against the Cluster interface alone and knows nothing of PPO.
 *
 * Consumes: the watch of pods. Waits for: nothing else; each pod runs by itself. Unblocked by: `stop` or `kill`.
 */
import { join } from 'node:path';
import { type Cluster, CONFIG_MAPS, PODS, type ResourceKind, SECRETS } from '../cluster/cluster.ts';
import { ConflictError, GoneError, NotFoundError } from '../cluster/errors.ts';
import type { ConfigMap, Pod, Secret, Stored, WatchEvent } from '../cluster/objects.ts';
import type { PodNetwork } from './network.ts';
import { PodStartError } from './pod-start-error.ts';
import { type PodMachine, PodWorker } from './pod-worker.ts';
import { sleep } from './probes.ts';
import { resolveServiceNames } from './service-names.ts';
import type { FileSource, ReadFiles } from './volumes.ts';

const FIELD_MANAGER = 'ppo-kubelet';
/** How long a pod waits for its ConfigMaps and Secrets and for the pods behind the services that it names. */
const DEPENDENCY_DEADLINE_MS = 60_000;
const RETRY_MS = 100;
const FILE_KINDS: Readonly<Record<FileSource['kind'], ResourceKind<ConfigMap | Secret>>> = {
  ConfigMap: CONFIG_MAPS,
  Secret: SECRETS,
};

export interface KubeletOptions {
  readonly cluster: Cluster;
  readonly network: PodNetwork;
  /** Pods bound to another node are left alone. */
  readonly nodeName: string;
  /** Pods bound to no node are taken, unless a scheduler will bind them. */
  readonly hasScheduler?: boolean;
  /** This process's folders on disk and in memory; the pods' lie in them. */
  readonly directory: string;
  readonly memoryDirectory: string;
  readonly logDirectory: string;
  /** Where containers run that name no workingDir, and what is in every container's environment. */
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A fault of the kubelet itself, after which it runs nothing new. */
  readonly onFault: (error: unknown) => void;
}

interface RunningPod {
  readonly worker: PodWorker;
  /** The newest version seen, which the status is written over. */
  stored: Stored<Pod>;
  isDirty: boolean;
  /** The status writer, while it runs. */
  writing: Promise<void> | null;
  isTerminating: boolean;
}

export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #stopping = new AbortController();
  /** By uid: a re-created pod is another one. */
  readonly #pods = new Map<string, RunningPod>();
  readonly #watching: Promise<void>;

  constructor(options: KubeletOptions) {
    this.#options = options;
    this.#watching = this.#watch().catch((error: unknown) => options.onFault(error));
  }

  /** Stops every pod with at most this grace; resolves when no process and no volume is left. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
    await Promise.all([...this.#pods.values()].map((pod) => pod.worker.terminate(graceMs)));
  }

  /** Ends every process and removes every volume at once. */
  kill(): void {
    this.#stopping.abort();
    for (const pod of this.#pods.values()) pod.worker.kill();
  }

  async #watch(): Promise<void> {
    const { cluster } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const list = await cluster.list(PODS);
      for (const pod of list.items) this.#observe(pod);
      this.#removeMissing(list.items);
      let resourceVersion = list.resourceVersion;
      try {
        while (!signal.aborted) {
          for await (const event of cluster.watch(PODS, { resourceVersion, signal })) {
            resourceVersion = event.object.metadata.resourceVersion;
            this.#handle(event);
          }
        }
      } catch (error) {
        if (!(error instanceof GoneError)) throw error; // Gone: list again
      }
    }
  }

  #handle(event: WatchEvent<Pod>): void {
    if (event.type === 'DELETED') this.#remove(event.object.metadata.uid);
    else this.#observe(event.object);
  }

  #observe(stored: Stored<Pod>): void {
    if (this.#stopping.signal.aborted || !this.#isOurs(stored)) return;
    const running = this.#pods.get(stored.metadata.uid);
    const isDeleted = stored.metadata.deletionTimestamp !== undefined;
    if (running === undefined) {
      if (isDeleted) void this.#forget(stored);
      else if (!isOver(stored)) this.#startPod(stored);
      return;
    }
    running.stored = stored;
    if (isDeleted && !running.isTerminating) {
      running.isTerminating = true;
      void this.#finalize(running, (stored.metadata.deletionGracePeriodSeconds ?? 0) * 1000);
    }
  }

  #isOurs({ spec }: Pod): boolean {
    const { nodeName, hasScheduler = false } = this.#options;
    return spec.nodeName === nodeName || (spec.nodeName === undefined && !hasScheduler);
  }

  #startPod(stored: Stored<Pod>): void {
    const worker = new PodWorker(stored, this.#buildMachine(stored));
    this.#pods.set(stored.metadata.uid, { worker, stored, isDirty: false, writing: null, isTerminating: false });
    this.#markDirty(stored.metadata.uid);
  }

  #buildMachine(pod: Stored<Pod>): PodMachine {
    const { cluster, network, ...options } = this.#options;
    const { name, namespace, uid } = pod.metadata;
    const folder = `${name}-${uid.slice(0, 8)}`;
    return {
      podIp: network.address(`${namespace}/${name}`),
      hostIp: network.hostAddress,
      folders: { directory: join(options.directory, folder), memoryDirectory: join(options.memoryDirectory, folder) },
      logDirectory: options.logDirectory,
      workingDirectory: options.workingDirectory,
      environment: options.environment,
      readFiles: (source, signal) => this.#readFiles(namespace, source, signal),
      resolveNames: (names, signal) =>
        resolveServiceNames(names, { cluster, network, deadlineMs: DEPENDENCY_DEADLINE_MS }, signal),
      onChange: () => this.#markDirty(uid),
    };
  }

  async #readFiles(namespace: string, { kind, name }: FileSource, signal: AbortSignal): ReturnType<ReadFiles> {
    const endMs = Date.now() + DEPENDENCY_DEADLINE_MS;
    for (;;) {
      try {
        const { data = {} } = await this.#options.cluster.get(FILE_KINDS[kind], { namespace, name });
        const encoding = kind === 'Secret' ? 'base64' : 'utf8';
        return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, encoding)]));
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
        if (Date.now() >= endMs || signal.aborted) {
          throw new PodStartError(`there is no ${kind} ${namespace}/${name}`, { cause: error });
        }
      }
      await sleep(RETRY_MS, signal);
    }
  }

  /** Writes the status soon; changes that come while a write is under way share the next one. */
  #markDirty(uid: string): void {
    const running = this.#pods.get(uid);
    if (running === undefined) return; // the worker's first change, before it is registered: #startPod marks it again
    running.isDirty = true;
    running.writing ??= this.#writeStatus(running).catch((error: unknown) => this.#options.onFault(error));
  }

  async #writeStatus(running: RunningPod): Promise<void> {
    await Promise.resolve(); // changes of the same turn share one write
    try {
      while (running.isDirty) await this.#writeStatusOnce(running);
    } finally {
      running.writing = null; // in the same turn as the last look at isDirty, so that no change falls between
    }
  }

  async #writeStatusOnce(running: RunningPod): Promise<void> {
    const { cluster } = this.#options;
    running.isDirty = false;
    const next = { ...running.stored, status: running.worker.status(running.stored) };
    try {
      running.stored = await cluster.updateStatus(PODS, next, { fieldManager: FIELD_MANAGER });
    } catch (error) {
      if (error instanceof NotFoundError) return;
      if (!(error instanceof ConflictError)) throw error;
      const newest = await this.#getNewest(running);
      if (newest === null) return;
      running.stored = newest;
      running.isDirty = true;
    }
  }

  /** Null when the pod is gone, or another one has its name. */
  async #getNewest({ stored }: RunningPod): Promise<Stored<Pod> | null> {
    try {
      const newest = await this.#options.cluster.get(PODS, stored.metadata);
      return newest.metadata.uid === stored.metadata.uid ? newest : null;
    } catch (error) {
      if (error instanceof NotFoundError) return null;
      throw error;
    }
  }

  /** Stops a pod that is to be deleted, reports its end, and lets the cluster forget it. */
  async #finalize(running: RunningPod, graceMs: number): Promise<void> {
    await running.worker.terminate(graceMs);
    this.#markDirty(running.stored.metadata.uid);
    await running.writing;
    await this.#forget(running.stored);
  }

  async #forget({ metadata: { name, namespace, uid } }: Stored<Pod>): Promise<void> {
    const options = { gracePeriodSeconds: 0, preconditions: { uid } };
    try {
      await this.#options.cluster.delete(PODS, { namespace, name }, options);
    } catch (error) {
      const isGone = error instanceof NotFoundError || error instanceof ConflictError;
      if (!isGone) this.#options.onFault(error);
    }
  }

  /** The cluster has forgotten the pod: whatever still runs of it ends now. */
  #remove(uid: string): void {
    const running = this.#pods.get(uid);
    if (running === undefined) return;
    running.isTerminating = true;
    running.worker.kill();
    void running.worker.ended.then(() => this.#pods.delete(uid));
  }

  #removeMissing(items: readonly Stored<Pod>[]): void {
    const uids = new Set(items.map((item) => item.metadata.uid));
    for (const uid of this.#pods.keys()) if (!uids.has(uid)) this.#remove(uid);
  }
}

function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
