/**
 * Forms the process groups of an epoch: "weights" (actor rank 0, then the generation replicas), and "actor" and "critic"
 * where they have several ranks. Knows nothing of what the groups exchange.
 */
import { unary } from '../service/rpc.ts';
import type { MemberCalls } from './calls.ts';
import type { Member } from './membership.ts';
import { Patience } from './patience.ts';
import { together } from './together.ts';
import type { TrainerGang } from './trainers.ts';

/** Groups that stand, and the epoch that they belong to. */
export interface FormedGroups {
  readonly epoch: number;
  readonly gang: TrainerGang;
  /** Ranks 1.. of the group "weights". */
  readonly replicas: readonly Member[];
}

export interface PlannedGroup {
  readonly name: 'weights' | 'actor' | 'critic';
  /** By rank. */
  readonly members: readonly Member[];
}

/** Which groups the members need. A group of one rank is none. */
export function planGroups(gang: TrainerGang, replicas: readonly Member[]): PlannedGroup[] {
  const groups: PlannedGroup[] = [
    { name: 'weights', members: [gang.source, ...replicas] },
    { name: 'actor', members: gang.actors },
    { name: 'critic', members: gang.critics },
  ];
  return groups.filter(({ members }) => members.length > 1);
}

export class ProcessGroups {
  readonly #calls: MemberCalls;
  readonly #waitMs: number;
  #formed: FormedGroups | null = null;

  /** `waitMs`: longest wait for a member that neither answers nor is declared lost. */
  constructor(calls: MemberCalls, waitMs: number) {
    this.#calls = calls;
    this.#waitMs = waitMs;
  }

  /** The groups of the present epoch, formed anew unless they stand already. Throws what made forming fail. */
  async ensure(gang: TrainerGang, signal: AbortSignal): Promise<FormedGroups> {
    const { membership } = this.#calls;
    const patience = new Patience(membership, this.#waitMs);
    for (;;) {
      signal.throwIfAborted();
      const formed = this.#formed;
      if (formed?.epoch === membership.epoch && formed.gang === gang) return formed;
      const epoch = membership.epoch;
      const replicas = membership.alive('generation');
      try {
        // One after the other: a rank answers one formation at a time, and forming takes milliseconds.
        for (const group of planGroups(gang, replicas)) await this.#form(group, epoch, signal);
        this.#formed = { epoch, gang, replicas };
      } catch (error) {
        await patience.endure(error, epoch, signal);
      }
    }
  }

  async #form(group: PlannedGroup, epoch: number, signal: AbortSignal): Promise<void> {
    const root = group.members[0]!;
    const { uniqueId } = await this.#calls.call(root, { signal, epoch }, ({ client, unary: options }) => {
      const members = client('GroupMember');
      return unary(members, members.createUniqueId, { epoch }, options);
    });
    const joins = group.members.map((member, rank) => async (shared: AbortSignal) => {
      // Joining twice would leave a half-joined communicator waiting: a failure forms the group anew instead.
      const once = { signal: shared, epoch, canRepeat: false };
      await this.#calls.call(member, once, ({ client, unary: options }) => {
        const members = client('GroupMember');
        const request = { epoch, group: group.name, uniqueId, rank, worldSize: group.members.length };
        return unary(members, members.joinGroup, request, options);
      });
    });
    await together(signal, joins);
  }
}
