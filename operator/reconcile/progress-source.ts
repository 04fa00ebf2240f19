// Where the reconciler learns how far a job is. It asks and goes on: nothing here makes a reconcile wait, and a
// coordinator that can't be reached only means that progress stands still. What runs in a coordinator's pod is for the
// job's author to choose: whatever it sends, it takes little of what the operator has for all jobs.
//
// Consumes: each followed coordinator's WatchProgress stream, and the figures that it left out. Waits for: its next
// message, or the back-off after a lost connection. Unblocked by: either, `forget`, `close`.

import { isDeepStrictEqual } from 'node:util';
import type { Progress } from '../../worker/api/generated/ppo/v1/Progress.ts';
import { mutualCredentials } from '../../worker/service/credentials.ts';
import { type Client, connect } from '../../worker/service/protos.ts';
import { stream, unary } from '../../worker/service/rpc.ts';
import { fixedIdentity, type TlsIdentity } from '../../worker/service/tls-identity.ts';
import type { ProgressStatus } from '../api/ppojob.ts';
import type { Clock } from '../cluster/clock.ts';
import { sleep } from '../cluster/list-watch.ts';
import { type FigureRecorder, NO_FIGURES } from './figures.ts';
import { toProgressStatus } from './progress-status.ts';

export interface ProgressTarget {
  /** A job of the same name but another uid starts from nothing. */
  readonly jobUid: string;
  /** host:port of the coordinator's gRPC server. */
  readonly address: string;
  /** As whom it is called; null: in the clear. */
  readonly tls: TlsIdentity | null;
}

export interface ProgressSource {
  /** Starts to listen, or goes on; another target replaces the one before. Returns at once. */
  follow(key: string, target: ProgressTarget): void;
  /** The newest progress published for this job; null when there is none yet. */
  latest(key: string, jobUid: string): ProgressStatus | null;
  forget(key: string): void;
  /** Calls `listener` with the key when `latest` has changed. Returns how to stop that. */
  onChange(listener: (key: string) => void): () => void;
  close(): void;
}

export interface GrpcProgressSourceOptions {
  readonly clock: Clock;
  /** A stream that failed; it is opened again. */
  readonly onError: (error: unknown, key: string) => void;
  /** Who remembers the figures of finished iterations; absent: nobody. */
  readonly figures?: FigureRecorder;
}

/** Status writes per job are bounded by these: a new iteration shows sooner than progress within one. */
const MIN_INTERVAL_MS = 1000;
const MIN_ITERATION_INTERVAL_MS = 200;
const FINAL_PHASES: ReadonlySet<string> = new Set(['Finished', 'Failed']);
const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 5000;
/** A coordinator that says nothing for so long is asked again over a new stream. */
const IDLE_MS = 120_000;
/** Of one answer: a job's whole curves take 0.7 MB. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Between two messages, on average. */
const MESSAGE_INTERVAL_MS = 50;
/** As many at once are read without a pause: a coordinator that ends must not find its last words unread. */
const MAX_BURST_MESSAGES = 64;
const STREAM_DEADLINE_MS = 3_600_000;
const FIGURES_DEADLINE_MS = 10_000;

interface Follower {
  readonly target: ProgressTarget;
  readonly stop: AbortController;
  published: ProgressStatus | null;
  publishedAtMs: number;
  /** What came since; null where that is published. */
  pending: ProgressStatus | null;
  cancelTimer: () => void;
  /** For figures, and has not been answered. */
  isAsked: boolean;
}

export class GrpcProgressSource implements ProgressSource {
  readonly #options: GrpcProgressSourceOptions;
  readonly #followers = new Map<string, Follower>();
  readonly #listeners = new Set<(key: string) => void>();

  constructor(options: GrpcProgressSourceOptions) {
    this.#options = options;
  }

  follow(key: string, target: ProgressTarget): void {
    const known = this.#followers.get(key);
    if (known !== undefined && isDeepStrictEqual(known.target, target)) return;
    this.forget(key);
    const follower: Follower = {
      target,
      stop: new AbortController(),
      // A replaced coordinator's job has not lost the progress it had.
      published: known?.target.jobUid === target.jobUid ? known.published : null,
      publishedAtMs: Number.NEGATIVE_INFINITY,
      pending: null,
      cancelTimer: () => {},
      isAsked: false,
    };
    this.#followers.set(key, follower);
    void this.#listen(key, follower);
  }

  latest(key: string, jobUid: string): ProgressStatus | null {
    const follower = this.#followers.get(key);
    return follower?.target.jobUid === jobUid ? follower.published : null;
  }

  forget(key: string): void {
    const follower = this.#followers.get(key);
    follower?.stop.abort();
    follower?.cancelTimer();
    this.#followers.delete(key);
  }

  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    for (const key of [...this.#followers.keys()]) this.forget(key);
  }

  async #listen(key: string, follower: Follower): Promise<void> {
    const { signal } = follower.stop;
    const { address, tls } = follower.target;
    const { clock, onError } = this.#options;
    const credentials = mutualCredentials(tls && fixedIdentity(tls));
    const pace = new Pace(clock);
    let backoffMs = FIRST_BACKOFF_MS;
    while (!signal.aborted) {
      const client = connect('Coordinator', address, credentials, MAX_ANSWER_BYTES);
      try {
        const options = { deadlineMs: STREAM_DEADLINE_MS, idleMs: IDLE_MS, signal };
        for await (const progress of stream(client, client.watchProgress, {}, options)) {
          backoffMs = FIRST_BACKOFF_MS;
          this.#receive(key, follower, progress as Progress);
          this.#record(key, follower, { client, progress: progress as Progress });
          await pace.keep(signal);
        }
      } catch (error) {
        if (!signal.aborted) onError(error, key);
      } finally {
        client.close();
        // What came last is not held back when nothing follows it.
        if (!signal.aborted && follower.pending !== null) this.#publish(key, follower);
      }
      await sleep(backoffMs, { signal, clock });
      backoffMs = Math.min(2 * backoffMs, LONGEST_BACKOFF_MS);
    }
  }

  #receive(key: string, follower: Follower, progress: Progress): void {
    if (follower.stop.signal.aborted) return;
    const next = toProgressStatus(progress);
    const isNewIteration = next.iteration !== follower.published?.iteration;
    const intervalMs = isNewIteration ? MIN_ITERATION_INTERVAL_MS : MIN_INTERVAL_MS;
    const waitMs = follower.publishedAtMs + intervalMs - this.#options.clock.monotonicMs();
    follower.pending = next;
    follower.cancelTimer();
    if (waitMs <= 0 || FINAL_PHASES.has(next.phase)) this.#publish(key, follower);
    else follower.cancelTimer = this.#options.clock.after(waitMs, () => this.#publish(key, follower));
  }

  /** Asks for what is missing, beside the stream. Where that fails the next iteration asks again. */
  #record(
    key: string,
    follower: Follower,
    { client, progress }: { readonly client: Client<'Coordinator'>; readonly progress: Progress },
  ): void {
    const { figures = NO_FIGURES, onError } = this.#options;
    const { signal } = follower.stop;
    if (signal.aborted) return;
    const { jobUid } = follower.target;
    const afterIteration = figures.record(key, jobUid, progress);
    if (afterIteration === null || follower.isAsked) return;
    follower.isAsked = true;
    unary(client, client.readFigures, { afterIteration }, { deadlineMs: FIGURES_DEADLINE_MS, signal })
      .then(
        ({ series }) => signal.aborted || figures.fill(key, jobUid, series),
        (error: unknown) => signal.aborted || onError(error, key),
      )
      .finally(() => {
        follower.isAsked = false;
      });
  }

  #publish(key: string, follower: Follower): void {
    follower.cancelTimer();
    follower.published = follower.pending;
    follower.pending = null;
    follower.publishedAtMs = this.#options.clock.monotonicMs();
    for (const listener of this.#listeners) listener(key);
  }
}

/** Has a reader pause whose sender would keep it busy; not at all, as long as few messages come. */
class Pace {
  readonly #clock: Clock;
  #paidUntilMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** After a message. */
  async keep(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    this.#paidUntilMs = Math.max(this.#paidUntilMs, nowMs) + MESSAGE_INTERVAL_MS;
    const pauseMs = this.#paidUntilMs - nowMs - MAX_BURST_MESSAGES * MESSAGE_INTERVAL_MS;
    if (pauseMs > 0) await sleep(pauseMs, { signal, clock: this.#clock });
  }
}
