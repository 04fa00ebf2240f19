/** Which groups an epoch needs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberName } from '../../../worker/coordinator/membership.ts';
import { planGroups } from '../../../worker/coordinator/process-groups.ts';
import { TrainerGang } from '../../../worker/coordinator/trainers.ts';
import { StubMembers } from './stub-members.ts';

test('weights go from actor rank 0 to the replicas; ranks of a role form a group where there are several', async () => {
  await using stub = new StubMembers({ actor: 2, critic: 1, generation: 2 });
  const places = [
    ['actor', 0],
    ['actor', 1],
    ['critic', 0],
    ['generation', 0],
    ['generation', 1],
  ] as const;
  for (const [role, index] of places) {
    stub.membership.register({ role, index, address: 'a:1', incarnation: `${role}${index}`, pod: '' }, 0);
  }
  const gang = new TrainerGang(stub.membership);
  const groups = planGroups(gang, stub.membership.alive('generation'));
  assert.deepEqual(
    groups.map(({ name, members }) => [name, members.map(memberName)]),
    [
      ['weights', ['actor-0', 'generation-0', 'generation-1']],
      ['actor', ['actor-0', 'actor-1']],
    ],
  );
  assert.deepEqual(
    planGroups(gang, []).map(({ name }) => name),
    ['actor'],
  );
  gang.dispose();
});
