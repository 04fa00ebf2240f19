/**
 * The actor's and the critic's ranks as one gang: they hold weights and moments of the same version, so when one is lost
 * or fails in the middle of a step, all of them must go back to a checkpoint together.
 * Knows nothing of checkpoints or of what the ranks compute.
 */
import { type Member, type Membership, memberName } from './membership.ts';

/** A trainer was lost, or its state is unknown: the trainers must go back to a checkpoint. */
export class TrainersLostError extends Error {
  override readonly name = 'TrainersLostError';
}

export class TrainerGang {
  readonly actors: readonly Member[];
  readonly critics: readonly Member[];
  readonly #lost = new AbortController();
  readonly #stopListening: () => void;

  /** The ranks of this moment. Every place must be taken. */
  constructor(membership: Membership) {
    this.actors = membership.alive('actor');
    this.critics = membership.alive('critic');
    const incarnations = new Set(this.all.map(({ incarnation }) => incarnation));
    this.#stopListening = membership.onChange((change) => {
      if (change?.kind !== 'lost' || !incarnations.has(change.member.incarnation)) return;
      this.giveUp(`${memberName(change.member)} was lost`);
    });
  }

  /** Rank 0 of the actor: the source of weights. */
  get source(): Member {
    return this.actors[0]!;
  }

  get all(): readonly Member[] {
    return [...this.actors, ...this.critics];
  }

  /** Aborts with TrainersLostError once the gang can't go on. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Declares the ranks' state unknown. */
  giveUp(reason: string, cause?: unknown): TrainersLostError {
    const error = new TrainersLostError(reason, { cause });
    this.#lost.abort(error);
    return error;
  }

  dispose(): void {
    this.#stopListening();
  }
}
