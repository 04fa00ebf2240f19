/**
 * A whole cluster in this process: the store in memory, the operator, and a process kubelet as its only node.
 * Started and ended as one; what runs on it, it doesn't know.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { FIELD_MANAGER } from '../api/names.ts';
import { MemoryCluster } from '../cluster/memory-cluster.ts';
import { runOperator } from '../reconcile/operator.ts';
import { PPO_JOBS, type PPOJobObject } from '../reconcile/ppojob-kind.ts';
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
  readonly #operator: Promise<void>;

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
    this.#operator = this.#startOperator(options);
  }

  static async start(options: LocalClusterOptions): Promise<LocalCluster> {
    const network = await PodNetwork.lease(process.pid);
    return new LocalCluster(options, network, ProcessFolders.create());
  }

  async submit(job: PPOJobObject): Promise<void> {
    await this.cluster.create(PPO_JOBS, job, { fieldManager: FIELD_MANAGER });
  }

  /** Ends the operator, then every pod with at most this grace, and removes every folder of this process. */
  async stop(graceMs: number): Promise<void> {
    this.#controlling.abort();
    await this.#operator;
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

  #startOperator({ logDirectory, onFault }: LocalClusterOptions): Promise<void> {
    const log = join(logDirectory, 'operator.log');
    const onError = (error: unknown, key: string | null): void => {
      appendFileSync(log, `${new Date().toISOString()} ${key ?? ''} ${describe(error)}\n`);
    };
    return runOperator({ cluster: this.cluster, onError }, this.#controlling.signal).catch(onFault);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
