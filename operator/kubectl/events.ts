/** Events of a job and of its pods, the oldest first, with their times. Pure. */
import { KIND } from '../api/names.ts';
import { readEvent } from '../cluster/event-reading.ts';
import type { Event, Pod, Stored } from '../cluster/objects.ts';
import type { PPOJobObject } from '../reconcile/ppojob-kind.ts';
import { formatAge } from './table.ts';

/** When it was seen last; NaN where it doesn't say. */
export function eventTimeMs(event: Event): number {
  return Date.parse(readEvent(event).lastAt);
}

/** "2m ago", its words, and how often. */
export function describeEvent(
  event: Event,
  nowMs: number,
): { age: string; type: string; reason: string; text: string } {
  const { type, reason, message, count } = readEvent(event);
  const times = count > 1 ? ` (${count} times)` : '';
  const age = `${formatAge((nowMs - eventTimeMs(event)) / 1000)} ago`;
  return { age, type, reason, text: `${message.split('\n')[0]}${times}` };
}

/** By which the API server finds the events of a job. */
export function fieldsOfEvents(job: string): Readonly<Record<string, string>> {
  return { 'involvedObject.kind': KIND, 'involvedObject.name': job };
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
