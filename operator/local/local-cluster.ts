/**
 * A whole cluster in this process: the store in memory, the operator's controller, and a process kubelet as its only node.
 * Started and ended as one; what runs on it, it doesn't know.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { FIELD_MANAGER } from '../api/names.ts';
import { systemClock } from '../cluster/clock.ts';
import { EventRecorder } from '../cluster/event-recorder.ts';
import { MemoryCluster } from '../cluster/memory-cluster.ts';
import { Controller } from '../reconcile/controller.ts';
import { GrpcProgressSource } from '../reconcile/grpc-progress-source.ts';
import { PPO_JOBS, type PPOJobObject } from '../reconcile/ppojob-kind.ts';
import { PPOJobReconciler } from '../reconcile/reconciler.ts';
import { Kubelet } from './kubelet.ts';
import { PodNetwork } from './network.ts';
import { ProcessFolders } from './run-folders.ts';

export interface LocalClusterOptions {
  /** Where containers run that name no workingDir. */
  readonly repositoryDirectory: string;
  readonly logDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A fault of the machinery itself: nothing will go on by itself. */
  readonly onFault: (error: unknown) => void;
}

export class LocalCluster {
  readonly cluster: MemoryCluster;
  readonly #network: PodNetwork;
  readonly #folders: ProcessFolders;
  readonly #kubelet: Kubelet;
  readonly #controlling = new AbortController();
  readonly #controller: Promise<void>;

  private constructor(options: LocalClusterOptions, network: PodNetwork, folders: ProcessFolders) {
    this.#network = network;
    this.#folders = folders;
    this.cluster = new MemoryCluster();
    this.#kubelet = new Kubelet({
      cluster: this.cluster,
      network,
      nodeName: 'local',
      directory: folders.directory,
      memoryDirectory: folders.memoryDirectory,
      logDirectory: options.logDirectory,
      workingDirectory: options.repositoryDirectory,
      environment: options.environment,
      onFault: options.onFault,
    });
    this.#controller = this.#startController(options);
  }

  static async start(options: LocalClusterOptions): Promise<LocalCluster> {
    const network = await PodNetwork.lease(process.pid);
    return new LocalCluster(options, network, ProcessFolders.create());
  }

  async submit(job: PPOJobObject): Promise<void> {
    await this.cluster.create(PPO_JOBS, job, { fieldManager: FIELD_MANAGER });
  }

  /** Ends the controller, then every pod with at most this grace, and removes every folder of this process. */
  async stop(graceMs: number): Promise<void> {
    this.#controlling.abort();
    await this.#controller;
    await this.#kubelet.stop(graceMs);
    await this.#network.close();
    this.#folders.remove();
  }

  /** The same at once, without waiting for anything; may be called at any time, also after `stop`. */
  kill(): void {
    this.#controlling.abort();
    this.#kubelet.kill();
    this.#folders.remove();
  }

  #startController({ logDirectory, onFault }: LocalClusterOptions): Promise<void> {
    const { cluster } = this;
    const clock = systemClock;
    const log = join(logDirectory, 'operator.log');
    const progress = new GrpcProgressSource({ clock, onChange: (key) => controller.enqueue(key) });
    const events = new EventRecorder({ cluster, clock });
    const reconciler = new PPOJobReconciler({ cluster, clock, events, progress });
    const controller = new Controller({
      cluster,
      clock,
      reconcile: (key) => reconciler.reconcile(key),
      onError: (error, key) => appendFileSync(log, `${new Date().toISOString()} ${key ?? ''} ${describe(error)}\n`),
    });
    return controller
      .run(this.#controlling.signal)
      .catch(onFault)
      .finally(() => progress.close());
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
