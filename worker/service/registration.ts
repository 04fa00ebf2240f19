/**
 * A worker's side of the rendezvous: announce it to the coordinator, then a heartbeat a second, and announce it again
 * whenever the coordinator doesn't know it (it was restarted, or it gave this worker up).
 * Consumes: the coordinator's address. Waits for: its answers. Unblocked by: `stop`.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkerSettings } from '../config.ts';
import type { EpochFence } from './epoch.ts';
import type { Logger } from './log.ts';
import { type Client, connect } from './protos.ts';
import { unary } from './rpc.ts';

const HEARTBEAT_INTERVAL_MS = 1000;
const RETRY_INTERVAL_MS = 200;
const CALL_DEADLINE_MS = 3000;

export interface RegistrationOptions {
  readonly settings: WorkerSettings;
  readonly fence: EpochFence;
  readonly log: Logger;
  /** host:port of this worker's gRPC server. */
  readonly address: string;
}

export class Registration {
  readonly incarnation = randomUUID();
  readonly registered: Promise<void>;
  readonly #options: RegistrationOptions;
  readonly #client: Client<'Coordinator'>;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  readonly #firstTime = Promise.withResolvers<void>();

  private constructor(options: RegistrationOptions, coordinatorAddress: string) {
    this.#options = options;
    this.#client = connect('Coordinator', coordinatorAddress);
    this.registered = this.#firstTime.promise;
    this.#loop = this.#run();
  }

  static start(options: RegistrationOptions): Registration {
    const address = options.settings.coordinatorAddress;
    if (address === null) throw new Error(`PPO_COORDINATOR_ADDRESS is not set; role ${options.settings.role} needs it`);
    return new Registration(options, address);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    this.#client.close();
  }

  async #run(): Promise<void> {
    let isKnown = false;
    while (!this.#stop.signal.aborted) {
      try {
        isKnown = isKnown ? await this.#heartbeat() : await this.#register();
        await this.#pause(isKnown ? HEARTBEAT_INTERVAL_MS : RETRY_INTERVAL_MS);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#options.log.debug({ err: error }, 'the coordinator did not answer; trying again');
        await this.#pause(RETRY_INTERVAL_MS);
      }
    }
  }

  async #register(): Promise<boolean> {
    const { settings, fence, log, address } = this.#options;
    const { role, index, podName: pod } = settings;
    const member = { role, index, address, incarnation: this.incarnation, pod };
    const request = { member, lastEpoch: fence.epoch };
    const reply = await unary(this.#client, this.#client.register, request, this.#callOptions());
    log.info({ epoch: reply.epoch, complete: reply.complete }, 'registered with the coordinator');
    this.#firstTime.resolve();
    return true;
  }

  async #heartbeat(): Promise<boolean> {
    const { role, index } = this.#options.settings;
    const request = { role, index, incarnation: this.incarnation };
    return (await unary(this.#client, this.#client.heartbeat, request, this.#callOptions())).known;
  }

  #callOptions(): { deadlineMs: number; signal: AbortSignal } {
    return { deadlineMs: CALL_DEADLINE_MS, signal: this.#stop.signal };
  }

  async #pause(ms: number): Promise<void> {
    // An abort ends the pause; the loop's condition then ends the loop.
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}
