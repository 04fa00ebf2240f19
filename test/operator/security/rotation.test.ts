/** The steps of an authority's life, one by one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issueAuthority, Signer } from '../../../operator/security/certificates.ts';
import {
  type Authorities,
  isDue,
  LIFETIMES,
  lifetimesOf,
  planAuthority,
  SKEW_MS,
} from '../../../operator/security/rotation.ts';

const NOW_MS = Date.parse('2026-03-01T00:00:00Z');

function authority(beginsInMs: number, endsInMs: number) {
  const [notBefore, notAfter] = [new Date(NOW_MS + beginsInMs), new Date(NOW_MS + endsInMs)];
  return issueAuthority({ commonName: 'a', notBefore, notAfter });
}

const plan = (authorities: Authorities | null) => planAuthority(authorities, NOW_MS, LIFETIMES);
const fresh = authority(-1000, LIFETIMES.authorityMs);
const alone = { next: null, previous: null };

test('found: where there is none, where it is damaged, where it has ended', () => {
  assert.equal(plan(null), 'found');
  assert.equal(plan({ ...alone, current: { certificate: 'damaged', key: '' } }), 'found');
  assert.equal(plan({ ...alone, current: authority(-2000, -1000) }), 'found');
});

test('keep: while there is time enough', () => {
  assert.equal(plan({ ...alone, current: fresh }), 'keep');
});

test('announce: when the end is near, unless it has been', () => {
  const ending = authority(-1000, LIFETIMES.successionMs - 1000);
  assert.equal(plan({ ...alone, current: ending }), 'announce');
  assert.equal(plan({ ...alone, current: ending, next: fresh }), 'keep');
});

test('succeed: after everybody has had time to hear of the next', () => {
  const current = authority(-1000, LIFETIMES.successionMs - 1000);
  const known = authority(-LIFETIMES.announcementMs - SKEW_MS, LIFETIMES.authorityMs);
  assert.equal(plan({ current, next: known, previous: null }), 'succeed');
  const unknown = authority(-LIFETIMES.announcementMs - SKEW_MS + 2000, LIFETIMES.authorityMs);
  assert.equal(plan({ current, next: unknown, previous: null }), 'keep');
});

test('a certificate lives shorter than the authority that is about to be succeeded', () => {
  assert.ok(LIFETIMES.certificateMs + LIFETIMES.announcementMs < LIFETIMES.successionMs);
  assert.ok(LIFETIMES.renewalMs < LIFETIMES.certificateMs);
});

test('lifetimes: in proportion, with time enough for a Secret to reach pods', () => {
  const DAY_MS = 86_400_000;
  assert.deepEqual(LIFETIMES, {
    certificateMs: 30 * DAY_MS,
    authorityMs: 180 * DAY_MS,
    renewalMs: 10 * DAY_MS,
    successionMs: 60 * DAY_MS,
    announcementMs: DAY_MS,
  });
  for (const certificateMs of [60_000, 3_600_000, DAY_MS]) {
    const { announcementMs, successionMs, authorityMs } = lifetimesOf(certificateMs);
    assert.ok(announcementMs < successionMs && successionMs < authorityMs);
    assert.ok(announcementMs >= Math.min(certificateMs, 600_000));
  }
});

test('due: near the end, and where certificates have come to be shorter', () => {
  const identity = { uri: 'spiffe://rlhf.dev/ns/a/ppojob/b/worker', dnsNames: ['b.a.svc'] };
  const authority = fresh;
  const notBefore = new Date(NOW_MS - 1000);
  const due = (leftMs: number, lifetimes = LIFETIMES): boolean => {
    const notAfter = new Date(NOW_MS + leftMs);
    const pair = new Signer(authority).issue({
      commonName: 'worker',
      ...identity,
      notBefore,
      notAfter,
    });
    return isDue({ ...pair, ...identity }, authority, { nowMs: NOW_MS, lifetimes });
  };
  assert.equal(due(LIFETIMES.certificateMs), false);
  assert.equal(due(LIFETIMES.renewalMs / 100), false, 'one that had to be short');
  assert.equal(due(-1000), true);
  assert.equal(due(LIFETIMES.certificateMs, lifetimesOf(3_600_000)), true);
});
