/**
 * The job's progress as the operator and the live view see it: the newest state, and who watches it.
 * Knows nothing of the loop that makes the progress.
 */
import type { Progress } from '../api/generated/ppo/v1/Progress.ts';
import { PhaseClock } from './phase-clock.ts';

/**
 * WaitingForWorkers: not every worker has registered. Starting: groups, checkpoint, first weights.
 * Generating: rollout. Scoring: logprobs, values, scores. Training: PPO epochs. SyncingWeights: actor to generation.
 * Evaluating: held-out prompts. Checkpointing: trainers write. Finished, Failed: the last state.
 */
export const PHASES = [
  ...(['WaitingForWorkers', 'Starting', 'Generating', 'Scoring', 'Training', 'SyncingWeights'] as const),
  ...(['Evaluating', 'Checkpointing', 'Finished', 'Failed'] as const),
] as const;
export type Phase = (typeof PHASES)[number];

export type ProgressState = Omit<Progress, 'phase' | '_accuracy' | '_accuracyBefore'> & { readonly phase: Phase };

function isLast(state: ProgressState): boolean {
  return state.phase === 'Finished' || state.phase === 'Failed';
}

export class ProgressBoard {
  #state: ProgressState;
  #changed = Promise.withResolvers<void>();
  #numWatchers = 0;
  #isClosed = false;
  readonly #nowMs: () => number;
  readonly #startMs: number;
  readonly #clock: PhaseClock<Phase>;

  constructor(numIterations: number, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
    this.#clock = new PhaseClock<Phase>('WaitingForWorkers', nowMs);
    this.#state = {
      phase: 'WaitingForWorkers',
      message: '',
      iteration: 0,
      numIterations,
      policyVersion: 0,
      elapsedSeconds: 0,
      remainingSeconds: -1,
      tokens: 0,
      tokensPerSecond: 0,
      metrics: {},
      maxLogprobDifference: 0,
      lastCheckpointIteration: 0,
      epoch: 0,
    };
  }

  get state(): ProgressState {
    return { ...this.#state, elapsedSeconds: (this.#nowMs() - this.#startMs) / 1000 };
  }

  get numWatchers(): number {
    return this.#numWatchers;
  }

  /** How long the job has been in a phase, over all its iterations. */
  secondsIn(phase: Phase): number {
    return this.#clock.secondsIn(phase);
  }

  update(patch: Partial<ProgressState>): void {
    if (patch.phase !== undefined) this.#clock.enter(patch.phase);
    this.#state = { ...this.#state, ...patch };
    this.#wake();
  }

  /** Ends every watch, without a last state: this process ends, the job does not. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** The newest state at once, then each change, the last state last. A slow reader skips states, never the last. */
  async *watch(signal: AbortSignal): AsyncGenerator<ProgressState, void, undefined> {
    const aborted = Promise.withResolvers<void>();
    const abort = () => aborted.resolve();
    signal.addEventListener('abort', abort, { once: true });
    this.#numWatchers++;
    try {
      while (!signal.aborted && !this.#isClosed) {
        const changed = this.#changed.promise;
        const state = this.state;
        yield state;
        if (isLast(state)) return;
        await Promise.race([changed, aborted.promise]);
      }
    } finally {
      this.#numWatchers--;
      signal.removeEventListener('abort', abort);
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
