// One job: its pods by role, why they wait, its events from both kinds of recorders, within bounds.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PODS } from '../../../operator/cluster/cluster.ts';
import type { Event } from '../../../operator/cluster/objects.ts';
import { describeJob } from '../../../operator/page/job-detail.ts';
import { buildEvent, NAMESPACE } from '../cluster/fixtures.ts';
import { buildWorld, EVIL } from './fixtures.ts';

async function describe(events: readonly Event[] = []) {
  const { cluster, job } = await buildWorld();
  const pods = (await cluster.list(PODS)).items;
  return describeJob({ job, pods, events, eventsProblem: null, figures: null });
}

it('shows each role with its pods, and why one waits', async () => {
  const { roles, lastFailure, checkpoint, policyVersion, accuracyBefore, figuresRevision } = await describe();
  assert.deepEqual(
    roles.map(({ role, pods }) => `${role} ${pods.length}`),
    ['coordinator 0', 'actor 1', 'critic 1', 'generation 0', 'reference 0', 'reward 0'],
  );
  const [, actor, critic] = roles;
  assert.equal(actor?.backoffUntil, '2026-01-01T00:00:00Z');
  assert.deepEqual([actor?.desired, actor?.ready, actor?.restarts], [1, 0, 2]);
  assert.equal(actor?.pods[0]?.state, 'Waiting');
  assert.equal(actor?.pods[0]?.message, `ImagePullBackOff: ${EVIL}`);
  assert.equal(critic?.pods[0]?.state, 'Ready');
  assert.equal(critic?.pods[0]?.node, 'node-1');
  assert.deepEqual(lastFailure, { pod: 'evil-actor-0', exitCode: 1, message: EVIL, cause: 'Program' });
  assert.deepEqual(checkpoint, { iteration: 2, path: '/checkpoints' });
  assert.deepEqual([policyVersion, accuracyBefore, figuresRevision], [3, 0.25, null]);
});

it('shows events of older and newer recorders, the newest first, not all of them', async () => {
  const about = { kind: 'Pod', namespace: NAMESPACE, name: 'p', uid: 'u' };
  const { firstTimestamp: _f, lastTimestamp: _l, count: _c, ...bare } = buildEvent('newer', about);
  const newer = {
    ...{ ...bare, firstTimestamp: null, lastTimestamp: null, count: null, eventTime: '2026-01-02T00:00:00.000001Z' },
    series: { count: 7, lastObservedTime: '2026-01-03T00:00:00.000001Z' },
  } as unknown as Event;
  const { events } = await describe([buildEvent('older', about), newer]);
  assert.deepEqual(
    events.map(({ lastAt, count, about: shown }) => [lastAt, count, shown]),
    [
      ['2026-01-03T00:00:00.000001Z', 7, 'Pod p'],
      ['2026-01-01T00:00:00Z', 1, 'Pod p'],
    ],
  );
  const many = await describe(Array.from({ length: 300 }, (_, i) => buildEvent(`event-${i}`, about)));
  assert.equal(many.events.length, 100);
});

it('holds at any spec and status that somebody may have written', async () => {
  const { job } = await buildWorld();
  for (const spec of [null, undefined, 7, { checkpoint: null }, { checkpoint: { path: 3 } }]) {
    const strange = { ...job, spec };
    assert.equal(
      describeJob({ job: strange, pods: [], events: [], eventsProblem: null, figures: null }).checkpoint?.path,
      null,
    );
  }
});
