/**
 * A worker's membership in process groups: the GroupMember service on top of its communicator sidecar. A group belongs
 * to one epoch; when the epoch rises, communicators of older epochs are aborted, so that nothing of them is waited for.
 * Knows nothing of what the groups exchange.
 */
import * as grpc from '@grpc/grpc-js';
import type { GroupMemberHandlers } from '../api/generated/ppo/v1/GroupMember.ts';
import type { JoinGroupRequest } from '../api/generated/ppo/v1/JoinGroupRequest.ts';
import type { Communicator } from '../collectives/communicator.ts';
import type { SidecarClient } from '../collectives/sidecar-client.ts';
import type { EpochFence } from './epoch.ts';
import type { Logger } from './log.ts';
import { RpcError, unaryHandler } from './rpc.ts';

const UNIQUE_ID_TIMEOUT_MS = 5000;
const JOIN_TIMEOUT_MS = 30_000;
const UNIQUE_ID_BYTES = 128;

interface Group {
  readonly epoch: number;
  readonly communicator: Communicator;
}

export interface GroupMembershipOptions {
  readonly sidecar: Pick<SidecarClient, 'getUniqueId'> & {
    initRank(options: Parameters<SidecarClient['initRank']>[0]): Promise<Communicator>;
  };
  readonly fence: EpochFence;
  readonly log: Logger;
}

export class GroupMembership {
  readonly handlers: GroupMemberHandlers;
  readonly #options: GroupMembershipOptions;
  readonly #groups = new Map<string, Group>();

  constructor(options: GroupMembershipOptions) {
    this.#options = options;
    options.fence.onRaise((epoch) => this.#abortOlderThan(epoch));
    this.handlers = {
      CreateUniqueId: unaryHandler(async ({ epoch }) => {
        options.fence.admit(epoch);
        return { uniqueId: Buffer.from(await options.sidecar.getUniqueId({ timeoutMs: UNIQUE_ID_TIMEOUT_MS })) };
      }),
      JoinGroup: unaryHandler(async (request) => {
        await this.#join(request);
        return {};
      }),
    };
  }

  /** The communicator of a group joined at the present epoch. Throws RpcError FAILED_PRECONDITION where there is none. */
  group(name: string): Communicator {
    const group = this.#groups.get(name);
    if (group?.epoch === this.#options.fence.epoch) return group.communicator;
    const epoch = this.#options.fence.epoch;
    throw new RpcError(grpc.status.FAILED_PRECONDITION, `group "${name}" has not been joined at epoch ${epoch}`);
  }

  async close(): Promise<void> {
    const groups = [...this.#groups.values()];
    this.#groups.clear();
    await Promise.allSettled(groups.map(({ communicator }) => communicator.destroy()));
  }

  async #join(request: JoinGroupRequest): Promise<void> {
    const { fence, sidecar, log } = this.#options;
    fence.admit(request.epoch);
    checkJoin(request);
    await this.#groups.get(request.group)?.communicator.abort();
    this.#groups.delete(request.group);
    const communicator = await sidecar.initRank({
      uniqueId: request.uniqueId,
      rank: request.rank,
      worldSize: request.worldSize,
      timeoutMs: JOIN_TIMEOUT_MS,
    });
    if (fence.epoch !== request.epoch) {
      await communicator.abort();
      throw new RpcError(grpc.status.FAILED_PRECONDITION, `epoch ${request.epoch} ended while its group was forming`);
    }
    this.#groups.set(request.group, { epoch: request.epoch, communicator });
    const { group, rank: groupRank, worldSize } = request;
    log.info({ group, groupRank, worldSize }, 'joined a process group');
  }

  #abortOlderThan(epoch: number): void {
    for (const [name, group] of this.#groups) {
      if (group.epoch >= epoch) continue;
      this.#groups.delete(name);
      group.communicator.abort().catch((error: unknown) => {
        this.#options.log.warn({ err: error, group: name }, 'aborting an old process group failed');
      });
    }
  }
}

function checkJoin(request: JoinGroupRequest): void {
  const problems: string[] = [];
  if (request.group === '') problems.push('group is empty');
  if (request.uniqueId.length !== UNIQUE_ID_BYTES) {
    problems.push(`uniqueId has ${request.uniqueId.length} bytes, not ${UNIQUE_ID_BYTES}`);
  }
  if (request.worldSize < 1) problems.push(`worldSize is ${request.worldSize}, not at least 1`);
  if (request.rank >= request.worldSize)
    problems.push(`rank ${request.rank} is not below worldSize ${request.worldSize}`);
  if (problems.length > 0) throw new RpcError(grpc.status.INVALID_ARGUMENT, problems.join('; '));
}
