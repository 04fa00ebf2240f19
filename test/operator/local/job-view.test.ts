/** The view of a job: pod states, the condition that matters, roles in order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../../operator/cluster/objects.ts';
import { buildJobView, isFinal } from '../../../operator/local/job-view.ts';
import { buildRolePod, buildView, type PodOptions } from './fixtures/views.ts';

test('every state of a pod', () => {
  const cases: [PodOptions, string][] = [
    [{ phase: 'Pending', isReady: false }, 'Waiting'],
    [{ isReady: false }, 'Starting'],
    [{}, 'Ready'],
    [{ isDeleted: true }, 'Stopping'],
    [{ phase: 'Failed', isDeleted: true }, 'Stopping'],
    [{ phase: 'Succeeded' }, 'Ended'],
    [{ phase: 'Failed', message: 'out of luck' }, 'Failed'],
  ];
  for (const [options, state] of cases) {
    const pod = buildView({ pods: [buildRolePod(options)] }).roles.find((role) => role.role === 'generation')?.pods[0];
    assert.equal(pod?.state, state);
    assert.equal(pod?.message, options.message ?? '');
  }
});

test('roles in their order, pods by index, sidecars with restarts, process ids', () => {
  const pods = [2, 10, 1].map((index) => buildRolePod({ index, sidecarRestarts: index }));
  const { roles } = buildView({ pods, restarts: 3 });
  assert.deepEqual(
    roles.map((role) => role.role),
    ['coordinator', 'actor', 'critic', 'generation', 'reference', 'reward'],
  );
  const generation = roles[3];
  assert.deepEqual(
    generation?.pods.map((pod) => [pod.name, pod.sidecars[0]?.restarts, pod.pid]),
    [1, 2, 10].map((index) => [`tiny-generation-${index}`, index, '4711']),
  );
  assert.equal(generation?.restarts, 3);
});

test('a pod that several roles share is shown with each of them, by its own process and sidecar', () => {
  const pod = buildRolePod({ role: 'colocated' });
  const running = (name: string, pid: number) => ({
    ...{ name, ready: true, restartCount: pid, state: { running: {} }, containerID: `process://${pid}` },
  });
  const sidecars = ['actor-communicator', 'generation-communicator'];
  const shared: Pod = {
    ...pod,
    spec: {
      containers: ['actor', 'generation', 'reward'].map((name) => ({ name, image: 'x' })),
      initContainers: sidecars.map((name) => ({ name, image: 'x', restartPolicy: 'Always' })),
    },
    status: {
      ...pod.status,
      phase: 'Running',
      initContainerStatuses: sidecars.map((name, i) => running(name, i + 1)),
      containerStatuses: [running('actor', 11), running('generation', 12), running('reward', 13)],
    },
  };
  const { roles } = buildView({ pods: [shared] });
  assert.deepEqual(
    roles.map(({ role, pods }) => [
      role,
      ...pods.map(({ pid, sidecars: own }) => [pid, ...own.map((s) => s.restarts)]),
    ]),
    [['coordinator'], ['actor', ['11', 1]], ['critic'], ['generation', ['12', 2]], ['reference'], ['reward', ['13']]],
  );
  assert.equal(roles[1]?.pods[0]?.sidecars[0]?.name, 'communicator');
});

test('the furthest condition counts', () => {
  const conditions = ['Accepted', 'Scheduled', 'Running', 'Failed'].map((type, i) => ({
    ...{ type, reason: 'r', message: '', lastTransitionTime: '' },
    status: i === 2 ? ('False' as const) : ('True' as const),
  }));
  const job = { apiVersion: 'x', kind: 'PPOJob', metadata: { name: 'a', namespace: 'b' } };
  const current = (n: number) => buildJobView({ ...job, status: { conditions: conditions.slice(0, n) } }, []).condition;
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((n) => current(n)?.type),
    [undefined, 'Accepted', 'Scheduled', 'Scheduled', 'Failed'],
  );
  assert.deepEqual(
    [3, 4].map((n) => isFinal(current(n))),
    [false, true],
  );
  const pending = (n: number) => buildJobView({ ...job, status: { conditions: conditions.slice(0, n) } }, []).pending;
  assert.deepEqual(
    [1, 2, 3, 4].map((n) => pending(n)?.type),
    [undefined, undefined, 'Running', undefined],
  );
});

test("a container of a cluster has its node's name and no process id", () => {
  const pod = buildRolePod();
  const [status] = pod.status?.containerStatuses ?? [];
  const contained: Pod = {
    ...pod,
    spec: { ...pod.spec, nodeName: 'node-a' },
    status: { phase: 'Running', containerStatuses: [{ ...status!, containerID: 'containerd://4711' }] },
  };
  const view = buildView({ pods: [contained] }).roles[3]?.pods[0];
  assert.deepEqual([view?.pid, view?.node], [null, 'node-a']);
});

test('a job that is not accepted goes nowhere', () => {
  const refused = {
    type: 'Accepted',
    status: 'False' as const,
    reason: 'Invalid',
    message: 'why',
    lastTransitionTime: '',
  };
  const job = {
    apiVersion: 'x',
    kind: 'PPOJob',
    metadata: { name: 'a', namespace: 'b' },
    status: { conditions: [refused] },
  };
  const { condition } = buildJobView(job, []);
  assert.equal(condition, refused);
  assert.ok(isFinal(condition));
});
