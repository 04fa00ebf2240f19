/** Members by place: states, epochs, losses. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Membership, type MembershipChange } from '../../../worker/coordinator/membership.ts';

const SILENT_MS = 1000;

function create() {
  const clock = { ms: 0 };
  const membership = new Membership({
    expected: { generation: 2, actor: 1, critic: 0, reference: 0, reward: 0 },
    silentMs: SILENT_MS,
    nowMs: () => clock.ms,
  });
  const changes: string[] = [];
  membership.onChange((change: MembershipChange | null) => {
    changes.push(change === null ? 'epoch' : `${change.kind} ${change.member.incarnation}`);
  });
  return { clock, membership, changes };
}

function member(role: string, index: number, incarnation: string) {
  return { role, index, incarnation, address: '127.0.0.1:1', pod: `pod-${role}-${index}` };
}

describe('membership', () => {
  it('is complete when every place is taken, and names those that are not', () => {
    const { membership } = create();
    assert.deepEqual(membership.missing(), ['generation-0', 'generation-1', 'actor-0']);
    assert.equal(membership.state('actor', 0), 'awaited');
    membership.register(member('generation', 1, 'g1'), 0);
    membership.register(member('actor', 0, 'a0'), 0);
    assert.deepEqual(membership.missing(), ['generation-0']);
    assert.deepEqual(membership.missing(['actor']), []);
    membership.register(member('generation', 0, 'g0'), 0);
    assert.ok(membership.isComplete);
    assert.deepEqual(
      membership.alive('generation').map(({ incarnation }) => incarnation),
      ['g0', 'g1'],
    );
  });

  it('is complete without replicas that it is told not to await, but welcomes them', () => {
    const { membership, changes } = create();
    membership.register(member('actor', 0, 'a0'), 0);
    membership.register(member('generation', 0, 'g0'), 0);
    const { epoch } = membership;
    membership.want('generation', 2);
    assert.deepEqual(membership.missing(), ['generation-1']);
    membership.want('generation', 1);
    assert.ok(membership.isComplete);
    assert.deepEqual([membership.epoch, changes.at(-1)], [epoch, 'epoch'], 'those who wait look again');
    membership.register(member('generation', 1, 'g1'), 0);
    assert.equal(membership.alive('generation').length, 2);
    membership.want('generation', 3);
    assert.equal(membership.numWanted('generation'), 3);
    assert.ok(membership.isComplete, 'nobody waits for what is wanted later');
  });

  it('takes in generation replicas that the job gets while it runs, and misses none of them when they go', () => {
    const { membership, clock, changes } = create();
    for (const [role, index] of [
      ...[
        ['generation', 3],
        ['generation', 0],
      ],
      ...[
        ['actor', 0],
        ['generation', 1],
      ],
    ] as const) {
      membership.register(member(role, index, `${role[0]}${index}`), 0);
    }
    assert.ok(membership.isComplete);
    assert.deepEqual(
      membership.alive('generation').map(({ index }) => index),
      [0, 1, 3],
    );
    for (clock.ms = 0; clock.ms <= SILENT_MS + 200; clock.ms += 200) {
      for (const [role, index] of [
        ['generation', 0],
        ['generation', 1],
        ['actor', 0],
      ] as const) {
        membership.heartbeat({ role, index, incarnation: `${role[0]}${index}` });
      }
      membership.sweep();
    }
    assert.equal(membership.state('generation', 3), 'lost');
    assert.deepEqual([membership.missing(), changes.at(-1)], [[], 'lost g3']);
    for (const [role, index] of [
      ['actor', 1],
      ['generation', 1024],
      ['generation', -1],
    ] as const) {
      assert.throws(() => membership.register(member(role, index, 'x'), 0), /is not below the/);
    }
  });

  it('raises the epoch with every change, above every epoch that a member has seen', () => {
    const { membership, changes } = create();
    membership.register(member('actor', 0, 'a0'), 41);
    assert.equal(membership.epoch, 42);
    membership.register(member('actor', 0, 'a0'), 0);
    assert.equal(membership.epoch, 42, 'the same incarnation again is no change');
    membership.register(member('actor', 0, 'a1'), 0);
    assert.equal(membership.epoch, 43);
    membership.raiseEpoch();
    assert.equal(membership.epoch, 44);
    assert.deepEqual(changes, ['joined a0', 'lost a0', 'joined a1', 'epoch']);
  });

  it('refuses the heartbeat and the registration of a replaced process', () => {
    const { membership } = create();
    membership.register(member('actor', 0, 'a0'), 0);
    assert.ok(membership.heartbeat({ role: 'actor', index: 0, incarnation: 'a0' }));
    membership.register(member('actor', 0, 'a1'), 0);
    assert.ok(!membership.heartbeat({ role: 'actor', index: 0, incarnation: 'a0' }));
    assert.throws(() => membership.register(member('actor', 0, 'a0'), 0), /a0 of actor-0 has been replaced/);
  });

  it('declares a silent member lost, and takes the same process back when it registers again', () => {
    const { membership, clock, changes } = create();
    membership.register(member('actor', 0, 'a0'), 0);
    membership.register(member('generation', 0, 'g0'), 0);
    const actor = membership.alive('actor')[0]!;
    for (clock.ms = 0; clock.ms <= SILENT_MS + 200; clock.ms += 200) {
      membership.heartbeat({ role: 'generation', index: 0, incarnation: 'g0' });
      membership.sweep();
    }
    assert.equal(membership.state('actor', 0), 'lost');
    assert.ok(!membership.isAlive(actor));
    assert.equal(membership.state('generation', 0), 'alive');
    assert.ok(!membership.heartbeat({ role: 'actor', index: 0, incarnation: 'a0' }), 'it must register again');
    membership.register(member('actor', 0, 'a0'), 0);
    assert.equal(membership.state('actor', 0), 'alive');
    assert.deepEqual(changes, ['joined a0', 'joined g0', 'lost a0', 'joined a0']);
  });

  it('does not hold its own stall against the members', () => {
    const { membership, clock } = create();
    membership.register(member('actor', 0, 'a0'), 0);
    clock.ms = 10 * SILENT_MS;
    membership.sweep();
    assert.equal(membership.state('actor', 0), 'alive');
    clock.ms += SILENT_MS / 4;
    membership.sweep();
    clock.ms += SILENT_MS / 2;
    membership.sweep();
    assert.equal(membership.state('actor', 0), 'lost');
  });

  it('refuses places that the job does not have, with every problem', () => {
    const { membership } = create();
    assert.throws(
      () => membership.register(member('critic', 0, 'c'), 0),
      /index 0 is not below the 0 replicas of critic/,
    );
    assert.throws(() => membership.register(member('coordinator', 0, 'c'), 0), /role "coordinator" is none of/);
    assert.throws(
      () => membership.register({ ...member('actor', 1, ''), address: '' }, 0),
      /index 1.*address is empty; incarnation is empty/,
    );
  });

  it('waits for a condition, at most for the time given, and no longer than the signal allows', async () => {
    const { membership } = create();
    const { signal } = new AbortController();
    const isThere = () => membership.alive('actor').length > 0;
    assert.equal(await membership.waitUntil(isThere, 5, signal), false);
    const waiting = membership.waitUntil(isThere, 10_000, signal);
    membership.register(member('actor', 0, 'a0'), 0);
    assert.equal(await waiting, true);
    const ended = AbortSignal.abort(new Error('enough'));
    await assert.rejects(
      membership.waitUntil(() => false, 10_000, ended),
      /enough/,
    );
  });
});
