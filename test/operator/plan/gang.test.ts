/** All or none: who keeps the pods together, how many belong together, and what pods carry for each scheduler. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceKind } from '../../../operator/cluster/cluster.ts';
import type { Pod } from '../../../operator/cluster/objects.ts';
import { buildPodGroup, chooseGang, type Gang, type GangState, sizeGang } from '../../../operator/plan/gang.ts';
import { type PlacementObject, planJob } from '../../../operator/plan/plan.ts';
import {
  GANG_CONVENTIONS,
  type GangProvider,
  type PodGroup,
  type StoredPodGroup,
} from '../../../operator/plan/pod-groups.ts';
import { jobWith } from '../api/manifest.ts';

type Changes = Readonly<Record<string, unknown>>;
const NONE = () => false;
const serving =
  (...versions: string[]) =>
  ({ apiVersion }: ResourceKind<PodGroup>) =>
    versions.includes(apiVersion);
const marked = { spec: { schedulingGroup: { podGroupName: 'job' } } } as Pod;
const unmarked = { spec: {} } as Pod;

/** Six pods of fixed roles and four generation replicas. */
const ROLES = { 'spec.roles.actor.replicas': 2, 'spec.roles.generation.replicas': 4 };

function stateOf(provider: GangProvider, version = 0): GangState {
  return { gang: { provider, kind: GANG_CONVENTIONS[provider].kinds[version] ?? null }, group: null };
}

function planWith(changes: Changes, state: GangState, pods: readonly Pod[] = []) {
  return planJob(jobWith({ ...ROLES, ...changes }), { outcome: null, gang: state, pods });
}

/** The same state with the group as it was made for `changes`. */
function standing(state: GangState, changes: Changes): GangState {
  const group = buildPodGroup(jobWith({ ...ROLES, ...changes }), { ...state, group: null });
  return { ...state, group: group as StoredPodGroup };
}

const choices: readonly {
  name: string;
  mode: string;
  serves: typeof NONE;
  pods: Pod[];
  expected: Gang | null | string;
}[] = [
  { name: 'none is none', mode: 'None', serves: () => true, pods: [], expected: null },
  { name: 'auto is none where the server has no PodGroups', mode: 'Auto', serves: NONE, pods: [], expected: null },
  {
    name: "auto takes nobody else's PodGroups",
    mode: 'Auto',
    serves: serving('scheduling.volcano.sh/v1beta1') as typeof NONE,
    pods: [],
    expected: null,
  },
  {
    name: 'auto takes the best version of Kubernetes',
    mode: 'Auto',
    serves: serving('scheduling.k8s.io/v1alpha3', 'scheduling.k8s.io/v1beta1') as typeof NONE,
    pods: [],
    expected: 'scheduling.k8s.io/v1beta1',
  },
  {
    name: 'auto takes an older version where there is no other',
    mode: 'Auto',
    serves: serving('scheduling.k8s.io/v1alpha2') as typeof NONE,
    pods: [],
    expected: 'scheduling.k8s.io/v1alpha2',
  },
  {
    name: 'auto leaves a job alone that began without a group',
    mode: 'Auto',
    serves: () => true,
    pods: [unmarked],
    expected: null,
  },
  {
    name: 'auto stays with a job that began with a group',
    mode: 'Auto',
    serves: NONE,
    pods: [unmarked, marked],
    expected: 'scheduling.k8s.io/v1beta1',
  },
  {
    name: 'a scheduler that is named is taken, installed or not',
    mode: 'Volcano',
    serves: NONE,
    pods: [],
    expected: 'scheduling.volcano.sh/v1beta1',
  },
];
for (const { name, mode, serves, pods, expected } of choices) {
  test(name, () => {
    const gang = chooseGang(jobWith({ 'spec.scheduling.gang': mode }), serves, pods);
    assert.equal(gang === null ? null : gang.kind?.apiVersion, expected);
  });
}

test('Kueue has no group of its own', () => {
  const scheduling = { gang: 'Kueue', queue: 'team-a', minGenerationReplicas: 1 };
  assert.deepEqual(chooseGang(jobWith({ 'spec.scheduling': scheduling }), NONE, []), { provider: 'Kueue', kind: null });
});

test('all pods belong together unless the job says otherwise', () => {
  const state = stateOf('Kubernetes');
  assert.equal(sizeGang(jobWith(ROLES), state).total, 10);
  assert.equal(sizeGang(jobWith({ ...ROLES, 'spec.scheduling.minGenerationReplicas': 1 }), state).total, 7);
  const colocated = jobWith({ 'spec.placement.mode': 'Colocated' });
  assert.deepEqual(sizeGang(colocated, state), { byRole: { coordinator: 1, colocated: 1 }, total: 2 });
});

test('a group keeps its size when the job grows, and gives way when it shrinks', () => {
  const state = standing(stateOf('Kubernetes'), {});
  const scaled = (replicas: number) => jobWith({ ...ROLES, 'spec.roles.generation.replicas': replicas });
  assert.equal(sizeGang(scaled(8), state).total, 10);
  assert.equal(sizeGang(scaled(2), state).total, 8);
  const fixed = standing(stateOf('Kubernetes', 2), {});
  assert.equal(fixed.gang.kind?.apiVersion, 'scheduling.k8s.io/v1alpha2');
  assert.equal(sizeGang(scaled(2), fixed).total, 10, 'what can not be changed is not asked to change');
});

test("Kubernetes' own: every pod names the group, which waits for all", () => {
  const { placement, pods } = planWith({}, stateOf('Kubernetes'));
  const [group, ...others] = placement;
  assert.deepEqual(others, []);
  assert.equal(group?.object.metadata.name, 'job');
  assert.deepEqual(specOf(group), { schedulingPolicy: { gang: { minCount: 10 } } });
  assert.equal(pods.length, 10);
  for (const { spec } of pods) {
    assert.deepEqual(spec.schedulingGroup, { podGroupName: 'job' });
    assert.ok(!('schedulerName' in spec));
  }
});

test('Volcano: members by task, in a queue, by its scheduler', () => {
  const scheduling = { gang: 'Volcano', queue: 'team-a', minGenerationReplicas: 2 };
  const { placement, pods } = planWith({ 'spec.image': 'ppo:1', 'spec.scheduling': scheduling }, stateOf('Volcano'));
  assert.deepEqual(specOf(placement[0]), {
    minMember: 8,
    minTaskMember: { coordinator: 1, actor: 2, critic: 1, generation: 2, reference: 1, reward: 1 },
    queue: 'team-a',
  });
  for (const { metadata, spec } of pods) {
    assert.equal(spec.schedulerName, 'volcano');
    assert.deepEqual(metadata.annotations, {
      'scheduling.k8s.io/group-name': 'job',
      'volcano.sh/task-spec': metadata.labels?.['rlhf.dev/role'],
    });
  }
});

test("a group has its pods' priority, where its kind knows priorities", () => {
  const changes = { 'spec.podTemplate.priorityClassName': 'urgent' };
  const groupOf = (provider: GangProvider, version = 0) =>
    specOf(planWith(changes, stateOf(provider, version)).placement[0]) as { priorityClassName?: string };
  assert.equal(groupOf('Kubernetes').priorityClassName, 'urgent');
  assert.equal(groupOf('Volcano').priorityClassName, 'urgent');
  assert.ok(!('priorityClassName' in groupOf('Kubernetes', 2)));
  assert.ok(!('priorityClassName' in groupOf('SchedulerPlugins')));
});

test('scheduler-plugins: members by label, by the scheduler that the job names', () => {
  const scheduling = { gang: 'SchedulerPlugins', schedulerName: 'gangs' };
  const { placement, pods } = planWith({ 'spec.scheduling': scheduling }, stateOf('SchedulerPlugins'));
  assert.equal(placement[0]?.object.apiVersion, 'scheduling.x-k8s.io/v1alpha1');
  assert.deepEqual(specOf(placement[0]), { minMember: 10 });
  for (const { metadata, spec } of pods) {
    assert.equal(metadata.labels?.['scheduling.x-k8s.io/pod-group'], 'job');
    assert.equal(spec.schedulerName, 'gangs');
  }
});

test('Kueue: a plain pod group of fixed size, the surplus in the same queue by itself', () => {
  const scheduling = { gang: 'Kueue', queue: 'team-a', minGenerationReplicas: 1 };
  const placed = planWith({ 'spec.scheduling': scheduling }, stateOf('Kueue')).pods.map((pod) => bound(pod));
  const { placement, pods } = planWith({ 'spec.scheduling': scheduling }, stateOf('Kueue'), placed);
  assert.deepEqual(placement, []);
  assert.equal(pods.length, 10);
  for (const { metadata } of pods) {
    const isSurplus = /generation-[123]$/.test(metadata.name);
    assert.equal(metadata.labels?.['kueue.x-k8s.io/queue-name'], 'team-a');
    assert.equal(metadata.labels?.['kueue.x-k8s.io/pod-group-name'], isSurplus ? undefined : 'job-uid-1');
    assert.equal(metadata.annotations?.['kueue.x-k8s.io/pod-group-total-count'], isSurplus ? undefined : '7');
  }
});

test("Kueue: a job's group is not that of an earlier job of the same name, which may still be there", () => {
  const groupOf = (uid: string) => {
    const scheduling = { gang: 'Kueue', queue: 'team-a', minGenerationReplicas: 1 };
    const [pod] = planWith({ 'spec.scheduling': scheduling, 'metadata.uid': uid }, stateOf('Kueue')).pods;
    return pod?.metadata.labels?.['kueue.x-k8s.io/pod-group-name'];
  };
  assert.equal(groupOf('3f2504e0-4f89-41d3-9a0c-0305e82c3301'), 'job-3f2504e0');
  assert.equal(groupOf('9b2f0c11-4f89-41d3-9a0c-0305e82c3301'), 'job-9b2f0c11');
});

function specOf(group: PlacementObject | undefined): unknown {
  return (group?.object as PodGroup | undefined)?.spec;
}

function bound(pod: Pod): Pod {
  return { ...pod, spec: { ...pod.spec, nodeName: 'node' } };
}

test('the surplus waits until all that belong together have a place', () => {
  const changes = { 'spec.scheduling.minGenerationReplicas': 2 };
  const state = stateOf('Kubernetes');
  const first = planWith(changes, state).pods;
  assert.equal(first.length, 8);
  const [coordinator, ...others] = first as [Pod, ...Pod[]];
  assert.equal(planWith(changes, state, [coordinator, ...others.map(bound)]).pods.length, 8);
  const all = planWith(changes, state, first.map(bound)).pods;
  assert.equal(all.length, 10);
  const surplus = all.filter(({ spec }) => spec.schedulingGroup === undefined);
  assert.deepEqual(
    surplus.map(({ metadata }) => metadata.name),
    ['job-generation-2', 'job-generation-3'],
  );
  // A lost actor must not take the surplus with it.
  const withoutActor = all.map(bound).filter(({ metadata }) => metadata.name !== 'job-actor-0');
  assert.equal(planWith(changes, state, withoutActor).pods.length, 10);
});

test('a job at rest wants no group', () => {
  const job = jobWith({ 'spec.suspend': true });
  assert.deepEqual(planJob(job, { outcome: null, gang: stateOf('Kubernetes') }).placement, []);
});
