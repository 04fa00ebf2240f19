/**
 * Brings the actor's weights to the generation replicas through the group "weights", and remembers which replica holds
 * which version. Knows nothing of training or generation.
 * Consumes: the gang's rank 0, replicas that are alive. Waits for: the broadcast. Unblocked by: deadlines, losses.
 */
import { unary } from '../service/rpc.ts';
import type { MemberCalls } from './calls.ts';
import type { Member } from './membership.ts';
import { Patience } from './patience.ts';
import type { FormedGroups, ProcessGroups } from './process-groups.ts';
import type { WeightHolders } from './rollout.ts';
import { together } from './together.ts';
import type { TrainerGang } from './trainers.ts';

/** What the actor holds now. */
export interface WeightVersion {
  readonly policyVersion: number;
  /** CRC-32 of the flat weights. */
  readonly checksum: number;
}

export interface WeightSyncOptions {
  readonly calls: MemberCalls;
  readonly groups: ProcessGroups;
  /** Longest wait for a generation replica while there is none. */
  readonly waitMs: number;
  readonly onFailure: (error: unknown) => void;
}

export class WeightSync implements WeightHolders {
  readonly #options: WeightSyncOptions;
  /** By incarnation. */
  readonly #versions = new Map<string, number>();
  #source: { readonly gang: TrainerGang; readonly weights: WeightVersion } | null = null;

  constructor(options: WeightSyncOptions) {
    this.#options = options;
    options.calls.membership.onChange((change) => {
      if (change?.kind === 'lost') this.forget(change.member);
    });
  }

  /** The gang holds these weights from now on. After a rollback the version may be an older one. */
  announce(gang: TrainerGang, weights: WeightVersion): void {
    this.#source = { gang, weights };
  }

  ready(policyVersion: number): Member[] {
    const replicas = this.#options.calls.membership.alive('generation');
    return replicas.filter(({ incarnation }) => this.#versions.get(incarnation) === policyVersion);
  }

  isLacking(policyVersion: number): boolean {
    const replicas = this.#options.calls.membership.alive('generation');
    return replicas.some(({ incarnation }) => this.#versions.get(incarnation) !== policyVersion);
  }

  forget(member: Member): void {
    this.#versions.delete(member.incarnation);
  }

  /** Brings the announced version to every replica alive, at least one. */
  async bring(policyVersion: number, signal: AbortSignal): Promise<void> {
    const source = this.#source;
    if (source?.weights.policyVersion !== policyVersion) {
      throw new Error(`internal: the actor doesn't hold version ${policyVersion}`);
    }
    const { calls, groups, waitMs, onFailure } = this.#options;
    const patience = new Patience(calls.membership, waitMs);
    for (;;) {
      await this.#waitForReplica(signal);
      const formed = await groups.ensure(source.gang, signal);
      if (formed.replicas.length === 0) continue;
      try {
        await this.#broadcast(formed, source.weights, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        onFailure(error);
        // A broken broadcast leaves its communicator unusable: patience ends in a new epoch, with new groups.
        await patience.endure(error, formed.epoch, signal);
      }
    }
  }

  async #broadcast(formed: FormedGroups, weights: WeightVersion, signal: AbortSignal): Promise<void> {
    const { calls } = this.#options;
    const { epoch, gang, replicas } = formed;
    const once = { epoch, canRepeat: false };
    // Whatever happens from here, what the replicas hold is known again only when they answer.
    for (const replica of replicas) this.forget(replica);
    const publish = async (shared: AbortSignal) => {
      await calls.call(gang.source, { ...once, signal: shared }, ({ client, unary: options }) => {
        const trainer = client('Trainer');
        const request = { epoch, policyVersion: weights.policyVersion };
        return unary(trainer, trainer.publishWeights, request, options);
      });
    };
    const receive = (replica: Member) => async (shared: AbortSignal) => {
      await calls.call(replica, { ...once, signal: shared }, ({ client, unary: options }) => {
        const generation = client('Generation');
        return unary(generation, generation.receiveWeights, { epoch, ...weights }, options);
      });
      this.#versions.set(replica.incarnation, weights.policyVersion);
    };
    await together(signal, [publish, ...replicas.map(receive)]);
  }

  async #waitForReplica(signal: AbortSignal): Promise<void> {
    const { calls, waitMs } = this.#options;
    const { membership } = calls;
    const hasReplica = () => membership.alive('generation').length > 0;
    if (await membership.waitUntil(hasReplica, waitMs, signal)) return;
    const missing = membership.missing(['generation']).join(', ');
    throw new Error(`no generation replica for ${waitMs / 1000} s; missing: ${missing}`);
  }
}
