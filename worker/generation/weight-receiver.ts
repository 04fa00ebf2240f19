/**
 * Brings a new version of the weights in: broadcast from the actor into the slot not in use, checksum, flip between two
 * decode steps. Whatever fails, the old version stays in use. Knows nothing of prompts.
 * Consumes: the group "weights", in which rank 0 is the actor's. Waits for: the broadcast. Unblocked by: its timeout, an
 * abort of the group when the epoch rises.
 */
import * as grpc from '@grpc/grpc-js';
import type { ReceiveWeightsReply } from '../api/generated/ppo/v1/ReceiveWeightsReply.ts';
import type { ReceiveWeightsRequest } from '../api/generated/ppo/v1/ReceiveWeightsRequest.ts';
import type { Communicator } from '../collectives/communicator.ts';
import { awaitCollective } from '../service/collective.ts';
import { RpcError } from '../service/rpc.ts';
import type { EngineClient } from './engine-client.ts';
import type { WeightSlots } from './weight-slots.ts';

export const WEIGHTS_GROUP = 'weights';
const ACTOR_RANK = 0;

export interface WeightReceiverOptions {
  readonly slots: WeightSlots;
  readonly engine: Pick<EngineClient, 'useWeights'>;
  /** The group's communicator at the present epoch; throws where there is none. */
  readonly group: (name: string) => Communicator;
  readonly timeoutMs: number;
  readonly onReceived?: (reply: ReceiveWeightsReply) => void;
}

export class WeightReceiver {
  readonly #options: WeightReceiverOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: WeightReceiverOptions) {
    this.#options = options;
  }

  /** One after the other: there is one free slot. Throws RpcError. */
  receive(request: ReceiveWeightsRequest): Promise<ReceiveWeightsReply> {
    const communicator = this.#options.group(WEIGHTS_GROUP);
    const received = this.#last.then(() => this.#receive(request, communicator));
    this.#last = received.catch(() => {});
    return received;
  }

  async #receive(request: ReceiveWeightsRequest, communicator: Communicator): Promise<ReceiveWeightsReply> {
    const { slots, engine, onReceived } = this.#options;
    const { policyVersion } = request;
    const slot = slots.free;
    const startMs = performance.now();
    await this.#broadcast(communicator, slots.names[slot]!);
    const checksum = await slots.checksum(slot);
    if (checksum !== request.checksum) {
      const found = `checksum ${checksum} received, ${request.checksum} announced`;
      throw new RpcError(grpc.status.DATA_LOSS, `weights of version ${policyVersion}: ${found}; the old ones stay`);
    }
    const receivedMs = performance.now();
    await engine.useWeights(slot, policyVersion);
    slots.use(slot);
    const reply = {
      policyVersion,
      bytes: slots.numElements * Float32Array.BYTES_PER_ELEMENT,
      receiveSeconds: (receivedMs - startMs) / 1000,
      flipSeconds: (performance.now() - receivedMs) / 1000,
    };
    onReceived?.(reply);
    return reply;
  }

  async #broadcast(communicator: Communicator, name: string): Promise<void> {
    const { slots, timeoutMs } = this.#options;
    const buffer = { name, offsetBytes: 0 };
    const count = slots.numElements;
    const broadcast = communicator.broadcast({ buffer, count, dataType: 'float32', root: ACTOR_RANK, timeoutMs });
    await awaitCollective('receiving weights', broadcast);
  }
}
