/** The report: everything that was found, in the order in which it is read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, Stored } from '../../../../operator/cluster/objects.ts';
import { renderReport } from '../../../../operator/kubectl/explain/report.ts';
import { NOW_MS, storedEvent } from '../builders.ts';

const DIAGNOSIS = {
  ...{ headline: 'failed: RestartLimitReached', reason: 'RestartLimitReached', why: 'pod failed\nfor good' },
  facts: [['exit code', '1: a fault']] as const,
  suspect: { pod: 'tiny-generation-1', role: 'generation', uid: null, container: null, message: '' } as const,
  remedies: ['raise spec.roles.{role}.resources.limits.memory'],
};
const INPUT = {
  ...{ diagnosis: DIAGNOSIS, job: 'tiny', namespace: 'ml', lastWords: 'out of\nluck', nowMs: NOW_MS, hasColor: false },
  events: [storedEvent('PPOJob', 'tiny', 'PodRestarted', 'pod failed')],
};

test('why, meaning, facts, last words, events, remedies', () => {
  assert.equal(
    renderReport(INPUT),
    `PPOJob tiny failed: RestartLimitReached

why        pod failed
           for good
means      Pods of one role failed more often than its maxRestarts allows, so the job was given up.
exit code  1: a fault

last words of tiny-generation-1
  out of
  luck

events
  2m ago     Warning  PodRestarted  pod failed (2 times)

what to do
  1. raise spec.roles.generation.resources.limits.memory
  2. read what it wrote: kubectl ppo logs tiny -n ml --role generation
  3. if such failures are to be expected, raise spec.roles.generation.maxRestarts: it may change while a job runs
  4. a job that has failed stays failed: fix the manifest, delete the job, and apply it again`,
  );
});

test('what is not there has no title, and last words that were said already are not said again', () => {
  const diagnosis = { ...DIAGNOSIS, reason: null, why: 'it said: luck', facts: [], remedies: [] };
  const text = renderReport({ ...INPUT, diagnosis, lastWords: 'luck', events: [] });
  assert.equal(text, 'PPOJob tiny failed: RestartLimitReached\n\nwhy        it said: luck');
});

test('an event of the newer kind, and one that says next to nothing', () => {
  const { metadata, involvedObject } = storedEvent('PPOJob', 'tiny', 'x', 'x');
  const bare = { apiVersion: 'v1', kind: 'Event', metadata, involvedObject };
  const series = { count: 7, lastObservedTime: '2026-01-01T00:59:00.000001Z' };
  const newer = {
    ...bare,
    type: 'Warning',
    reason: 'FailedScheduling',
    message: 'no room',
    lastTimestamp: null,
    series,
  };
  const text = renderReport({ ...INPUT, events: [bare, newer] as unknown as Stored<Event>[] });
  assert.match(text, /\nevents\n {2}60m ago +\n {2}60s ago +Warning {2}FailedScheduling {2}no room \(7 times\)\n/);
});
