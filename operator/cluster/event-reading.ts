// An event as people read it, whoever wrote it: recorders of the newer kind (events.k8s.io) leave out what the older kind
// (core/v1) has, and the API server asks for little of either. Pure; it refuses to know what events are about.

import type { Event } from './objects.ts';

export interface EventReading {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** RFC 3339; empty where it doesn't say. */
  readonly firstAt: string;
  readonly lastAt: string;
}

/** As it may come. */
type AnyEvent = Pick<Event, 'metadata'> & {
  readonly [Field in keyof Omit<Event, 'metadata'>]?: Event[Field] | null;
} & { readonly series?: { readonly count?: number; readonly lastObservedTime?: string } | null };

export function readEvent(event: Event): EventReading {
  const { type, reason, message, count, firstTimestamp, lastTimestamp, eventTime, series, metadata }: AnyEvent = event;
  const createdAt = eventTime || metadata.creationTimestamp || '';
  return {
    ...{ type: type ?? '', reason: reason ?? '', message: message ?? '' },
    count: series?.count ?? count ?? 1,
    firstAt: firstTimestamp || createdAt,
    lastAt: series?.lastObservedTime || lastTimestamp || createdAt,
  };
}
