/** Events of a job and of its pods, the oldest first, with their times. Pure. */
import { KIND } from '../api/names.ts';
import type { Event, Pod, Stored } from '../cluster/objects.ts';
import type { PPOJobObject } from '../reconcile/ppojob-kind.ts';

/** When it was seen last; NaN where it doesn't say. */
export function eventTimeMs({ lastTimestamp, eventTime, firstTimestamp, metadata }: Event): number {
  return Date.parse(lastTimestamp || eventTime || firstTimestamp || (metadata.creationTimestamp ?? ''));
}

export function jobEvents(events: readonly Stored<Event>[], { metadata }: Stored<PPOJobObject>): Stored<Event>[] {
  return inOrder(
    events.filter(({ involvedObject: { kind, uid, name } }) => {
      return kind === KIND && name === metadata.name && (uid === metadata.uid || uid === undefined);
    }),
  );
}

export function podEvents(events: readonly Stored<Event>[], pods: readonly Stored<Pod>[]): Stored<Event>[] {
  const uids = new Set(pods.map((pod) => pod.metadata.uid));
  return inOrder(events.filter(({ involvedObject: { kind, uid } }) => kind === 'Pod' && uids.has(uid)));
}

function inOrder(events: readonly Stored<Event>[]): Stored<Event>[] {
  return events.toSorted((a, b) => eventTimeMs(a) - eventTimeMs(b));
}
