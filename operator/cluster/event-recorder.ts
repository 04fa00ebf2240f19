// Records events on objects, as `kubectl describe` shows them: the same event again only raises its count, and there are
// never too many. It refuses to fail: an event that can't be written is reported and forgotten.

import { createHash } from 'node:crypto';
import { type Clock, timestamp } from './clock.ts';
import { type Cluster, EVENTS } from './cluster.ts';
import { AlreadyExistsError, NamespaceGoingError } from './errors.ts';
import { EventLimits } from './event-limits.ts';
import type { Event, KubernetesObject, Stored } from './objects.ts';

export interface EventMessage {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface EventRecorderOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** The reporting component. */
  readonly source: string;
  readonly onError: (error: unknown) => void;
  /** Told of every event that is left out because there were too many. */
  readonly onDrop?: () => void;
}

/** The API server refuses longer messages. */
const MAX_MESSAGE_CHARACTERS = 1024;
/** client-go's words. */
const COMBINED = '(combined from similar events): ';

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #limits: EventLimits;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#limits = new EventLimits(options.clock);
  }

  async record(involved: Stored<KubernetesObject>, event: EventMessage): Promise<void> {
    const admission = this.#limits.admit({ uid: involved.metadata.uid, ...event });
    if (admission === 'drop') {
      this.#options.onDrop?.();
      return;
    }
    try {
      await this.#write(this.#build(involved, event, admission === 'combine'));
    } catch (error) {
      // Who deletes a namespace wants to hear nothing of what is in it.
      if (!(error instanceof NamespaceGoingError)) this.#options.onError(error);
    }
  }

  #build(involved: Stored<KubernetesObject>, event: EventMessage, isCombined: boolean): Event {
    const { name, namespace, uid } = involved.metadata;
    const message = `${isCombined ? COMBINED : ''}${event.message}`.slice(0, MAX_MESSAGE_CHARACTERS);
    const same = isCombined ? COMBINED : message;
    const identity = createHash('sha256').update(JSON.stringify([uid, event.type, event.reason, same]));
    const now = timestamp(this.#options.clock.nowMs());
    return {
      apiVersion: EVENTS.apiVersion,
      kind: EVENTS.kind,
      metadata: { namespace, name: `${name}.${identity.digest('hex').slice(0, 16)}` },
      involvedObject: { apiVersion: involved.apiVersion, kind: involved.kind, namespace, name, uid },
      ...{ type: event.type, reason: event.reason, message, count: 1 },
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component: this.#options.source },
    };
  }

  async #write(event: Event): Promise<void> {
    const { cluster, source } = this.#options;
    const writer = { fieldManager: source };
    try {
      await cluster.create(EVENTS, event, writer);
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
      const known = await cluster.get(EVENTS, event.metadata);
      const { message, lastTimestamp } = event;
      const next = { ...known, message, count: known.count + 1, lastTimestamp };
      await cluster.update(EVENTS, next, writer);
    }
  }
}
