// How often events may be written, by client-go's numbers: many alike become one, and a flood runs dry. It refuses to know
// how events are written.
//
// client-go counts by object alone; here each reason of an object has its own measure, so that one that floods doesn't
// silence the one that tells how the job ended.

import type { Clock } from './clock.ts';

export interface LimitedEvent {
  readonly uid: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/**
 * - `write`: as it is.
 * - `combine`: as one event with others alike, whose message is the newest.
 * - `drop`: not at all.
 */
export type Admission = 'write' | 'combine' | 'drop';

const BURST = 25;
const REFILL_MS = 300_000;
/** More different messages of one reason than this within SIMILAR_MS become one event. */
const MAX_SIMILAR = 10;
const SIMILAR_MS = 600_000;
/** Objects and reasons that are remembered; the one that was quiet for longest is forgotten first. */
const MAX_REMEMBERED = 4096;

interface Record {
  tokens: number;
  refilledAtMs: number;
  /** Messages since `lastMs` was long ago, no more than matter. */
  readonly messages: Set<string>;
  lastMs: number;
}

export class EventLimits {
  readonly #clock: Clock;
  readonly #records = new Map<string, Record>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts the event, and says what may become of it. */
  admit(event: LimitedEvent): Admission {
    const nowMs = this.#clock.monotonicMs();
    const record = this.#record(`${event.uid} ${event.type} ${event.reason}`, nowMs);
    const admission = combine(record, event.message, nowMs);
    return takeToken(record, nowMs) ? admission : 'drop';
  }

  #record(key: string, nowMs: number): Record {
    const known = this.#records.get(key);
    const record = known ?? { tokens: BURST, refilledAtMs: nowMs, messages: new Set(), lastMs: nowMs };
    this.#records.delete(key);
    this.#records.set(key, record);
    if (this.#records.size > MAX_REMEMBERED) this.#records.delete(this.#records.keys().next().value!);
    return record;
  }
}

function combine(record: Record, message: string, nowMs: number): Admission {
  if (nowMs - record.lastMs > SIMILAR_MS) record.messages.clear();
  record.lastMs = nowMs;
  if (record.messages.has(message)) return 'write';
  if (record.messages.size >= MAX_SIMILAR) return 'combine';
  record.messages.add(message);
  return 'write';
}

function takeToken(record: Record, nowMs: number): boolean {
  const numRefilled = Math.floor((nowMs - record.refilledAtMs) / REFILL_MS);
  record.refilledAtMs += numRefilled * REFILL_MS;
  record.tokens = Math.min(BURST, record.tokens + numRefilled);
  if (record.tokens === 0) return false;
  record.tokens -= 1;
  return true;
}
