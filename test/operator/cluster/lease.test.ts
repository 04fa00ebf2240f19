// One leader at a time: elections, renewals, hand-overs, silence, and clocks that disagree.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Clock } from '../../../operator/cluster/clock.ts';
import type { Cluster } from '../../../operator/cluster/cluster.ts';
import { LEASES, type LeadershipEnd, leadWhenElected } from '../../../operator/cluster/lease.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { ManualClock, overrideCluster } from './fixtures.ts';

const LEASE = { namespace: 'default', name: 'operator' };

/** A candidate whose leading does nothing but last. */
class Candidate {
  readonly errors: unknown[] = [];
  readonly stopping = new AbortController();
  isLeading = false;
  end: LeadershipEnd | null = null;

  constructor(cluster: Cluster, clock: Clock, identity: string) {
    const onLeading = (isLeading: boolean): void => {
      this.isLeading = isLeading;
    };
    const onError = (error: unknown): number => this.errors.push(error);
    const options = { cluster, clock, identity, lease: LEASE, random: () => 0, onError, onLeading };
    const lead = (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    void leadWhenElected(options, this.stopping.signal, lead).then((end) => {
      this.end = end;
    });
  }
}

it('elects one, who renews; the other takes over at once when it stops', async () => {
  const clock = new ManualClock();
  const cluster = new MemoryCluster({ clock });
  const first = new Candidate(cluster, clock, 'first');
  await clock.advance(0);
  const second = new Candidate(cluster, clock, 'second');
  await clock.advance(60_000);
  assert.deepEqual([first.isLeading, second.isLeading], [true, false]);
  const held = await cluster.get(LEASES, LEASE);
  assert.equal(held.spec?.holderIdentity, 'first');
  assert.equal(held.spec?.leaseDurationSeconds, 15);
  assert.equal(held.spec?.acquireTime, '2026-01-01T00:00:00.000000Z');
  assert.equal(held.spec?.renewTime, '2026-01-01T00:01:00.000000Z');
  first.stopping.abort();
  await clock.advance(2000);
  assert.deepEqual([first.end, second.isLeading], ['stopped', true]);
  assert.equal((await cluster.get(LEASES, LEASE)).spec?.leaseTransitions, 1);
  second.stopping.abort();
  await clock.advance(2000);
  assert.deepEqual([first.errors, second.errors], [[], []]);
  assert.deepEqual(clock.waitingMs, []);
});

it('stops leading before anybody else may lead, when the API is out of reach', async () => {
  const clock = new ManualClock();
  const store = new MemoryCluster({ clock });
  let isCut = false;
  const cut = overrideCluster(store, {
    get: (kind, name) => (isCut ? Promise.reject(new Error('cut')) : store.get(kind, name)),
  });
  const first = new Candidate(cut, clock, 'first');
  await clock.advance(0);
  const second = new Candidate(store, clock, 'second');
  await clock.advance(4000);
  isCut = true;
  await clock.advance(9000);
  assert.deepEqual([first.isLeading, second.isLeading], [true, false]);
  await clock.advance(3000);
  assert.deepEqual([first.end, first.isLeading, second.isLeading], ['lost', false, false]);
  await clock.advance(6000);
  assert.equal(second.isLeading, true);
  second.stopping.abort();
  await clock.advance(2000);
});

it('stops leading in time, also when a request never ends', async () => {
  const clock = new ManualClock();
  const store = new MemoryCluster({ clock });
  let isHanging = false;
  const hanging = overrideCluster(store, {
    update: (...update) => (isHanging ? new Promise(() => {}) : store.update(...update)),
  });
  const leader = new Candidate(hanging, clock, 'leader');
  await clock.advance(4000);
  isHanging = true;
  await clock.advance(10_000);
  assert.equal(leader.end, 'lost');
});

it("goes by its own clock: a holder whose clock is wrong keeps the lease as long as it's alive", async () => {
  const clock = new ManualClock();
  const cluster = new MemoryCluster({ clock });
  const wrong: Clock = {
    nowMs: () => clock.nowMs() - 3_600_000,
    monotonicMs: () => clock.monotonicMs(),
    after: (ms, callback) => clock.after(ms, callback),
  };
  const first = new Candidate(cluster, wrong, 'first');
  await clock.advance(0);
  const second = new Candidate(cluster, clock, 'second');
  await clock.advance(120_000);
  assert.deepEqual([first.isLeading, second.isLeading], [true, false]);
  first.stopping.abort();
  second.stopping.abort();
  await clock.advance(5000);
});

for (const [direction, byMs] of [
  ['forward', 3_600_000],
  ['back', -3_600_000],
] as const) {
  it(`doesn't mind that somebody sets the clock ${direction}`, async () => {
    const clock = new ManualClock();
    const store = new MemoryCluster({ clock });
    let isCut = false;
    const cut = overrideCluster(store, {
      get: (kind, name) => (isCut ? Promise.reject(new Error('out of reach')) : store.get(kind, name)),
    });
    const first = new Candidate(cut, clock, 'first');
    await clock.advance(0);
    const second = new Candidate(store, clock, 'second');
    await clock.advance(10_000);
    clock.set(byMs);
    await clock.advance(10_000);
    assert.deepEqual([first.isLeading, second.isLeading], [true, false]);
    isCut = true;
    await clock.advance(3000);
    clock.set(byMs);
    await clock.advance(8000);
    assert.deepEqual([first.end, second.isLeading], ['lost', false]);
    await clock.advance(7000);
    assert.ok(second.isLeading);
    second.stopping.abort();
    await clock.advance(5000);
  });
}

it('may write only as long as nobody else may lead, even before it has noticed that it lost', async () => {
  const clock = new ManualClock();
  const cluster = new MemoryCluster({ clock });
  const stopping = new AbortController();
  const mayWrite: (() => boolean)[] = [];
  const frozen: Clock = { nowMs: () => clock.nowMs(), monotonicMs: () => clock.monotonicMs(), after: () => () => {} };
  const options = { cluster, clock: frozen, lease: LEASE, identity: 'a', random: () => 0, onError: assert.ifError };
  // A process that stands still: its timers don't fire.
  const leading = leadWhenElected(options, stopping.signal, async (signal, isHeld) => {
    mayWrite.push(isHeld);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  });
  await clock.advance(9999);
  assert.deepEqual(
    mayWrite.map((isHeld) => isHeld()),
    [true],
  );
  await clock.advance(1);
  assert.deepEqual(
    mayWrite.map((isHeld) => isHeld()),
    [false],
  );
  stopping.abort();
  assert.equal(await leading, 'stopped');
});

it('elects one of many that start at once', async () => {
  const clock = new ManualClock();
  const cluster = new MemoryCluster({ clock });
  const candidates = ['a', 'b', 'c', 'd'].map((identity) => new Candidate(cluster, clock, identity));
  await clock.advance(30_000);
  assert.equal(candidates.filter((candidate) => candidate.isLeading).length, 1);
  assert.deepEqual(
    candidates.flatMap((candidate) => candidate.errors),
    [],
  );
  for (const candidate of candidates) candidate.stopping.abort();
  await clock.advance(5000);
});

it('stops when what it leads has ended, and passes its failure on', async () => {
  const clock = new ManualClock();
  const cluster = new MemoryCluster({ clock });
  const options = { cluster, clock, lease: LEASE, random: () => 0, onError: assert.ifError };
  const { signal } = new AbortController();
  assert.equal(await leadWhenElected({ ...options, identity: 'a' }, signal, async () => {}), 'ended');
  const failing = leadWhenElected({ ...options, identity: 'b' }, signal, () => Promise.reject(new Error('broken')));
  await assert.rejects(failing, { message: 'broken' });
  assert.equal((await cluster.get(LEASES, LEASE)).spec?.holderIdentity, '');
});

it('passes a failure on also when the lease is just being renewed', async () => {
  const clock = new ManualClock();
  const store = new MemoryCluster({ clock });
  const answers = Promise.withResolvers<void>();
  let isSlow = false;
  const cluster = overrideCluster(store, {
    get: async (kind, name) => {
      if (isSlow) await answers.promise;
      return store.get(kind, name);
    },
  });
  const broken = Promise.withResolvers<void>();
  const options = { cluster, clock, lease: LEASE, identity: 'a', random: () => 0, onError: assert.ifError };
  const failing = assert.rejects(
    leadWhenElected(options, new AbortController().signal, () => broken.promise),
    { message: 'broken' },
  );
  await clock.advance(0);
  isSlow = true;
  await clock.advance(2000);
  broken.reject(new Error('broken'));
  await clock.advance(1000);
  answers.resolve();
  await clock.advance(0);
  await failing;
  assert.equal((await store.get(LEASES, LEASE)).spec?.holderIdentity, '');
});
