/** What a manifest says of its pods in Kubernetes' own words reaches them, by rule, with every field that it has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoleName } from '../../../operator/api/names.ts';
import type { Container, Pod } from '../../../operator/cluster/objects.ts';
import { planJob } from '../../../operator/plan/plan.ts';
import { mergeTemplates } from '../../../operator/plan/pod-template.ts';
import { jobWith, problemsWith } from '../api/manifest.ts';

type Changes = Readonly<Record<string, unknown>>;

function podOf(role: RoleName | 'colocated', changes: Changes): Pod {
  const pod = planJob(jobWith(changes), { outcome: null }).pods.find(({ metadata }) =>
    metadata.name.startsWith(`job-${role}-`),
  );
  assert.ok(pod !== undefined);
  return pod;
}

function namesOf(items: readonly { readonly name?: string }[] | undefined): (string | undefined)[] {
  return (items ?? []).map(({ name }) => name);
}

const claim = { name: 'data', persistentVolumeClaim: { claimName: 'shared', readOnly: false } };
const mount = { name: 'data', mountPath: '/mnt/data', subPathExpr: '$(X)', mountPropagation: 'None' };

test('the words for all pods reach the worker of every role', () => {
  const changes = { 'spec.podTemplate': { volumes: [claim], volumeMounts: [mount], runtimeClassName: 'nvidia' } };
  for (const { spec } of planJob(jobWith(changes), { outcome: null }).pods) {
    assert.ok(spec.volumes?.some((volume) => JSON.stringify(volume) === JSON.stringify(claim)));
    assert.deepEqual(
      spec.containers[0]?.volumeMounts?.find(({ name }) => name === 'data'),
      mount,
    );
    for (const { volumeMounts } of spec.initContainers ?? []) assert.ok(!namesOf(volumeMounts).includes('data'));
    assert.equal((spec as unknown as Changes).runtimeClassName, 'nvidia');
  }
});

test('users and groups are as the manifest says, and nothing else of the confinement gives way', () => {
  const ids = { runAsUser: 1000, fsGroup: 2000, supplementalGroups: [3000] };
  const changes = { 'spec.podTemplate': { securityContext: ids } };
  const confinement = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' }, runAsGroup: 65_532 };
  for (const role of ['actor', 'reward'] as const) {
    assert.deepEqual(podOf(role, changes).spec.securityContext, { ...confinement, ...ids });
  }
  const refused = problemsWith({ 'spec.podTemplate': { securityContext: { runAsUser: 0, privileged: true } } });
  assert.deepEqual(refused.map(({ path }) => path).sort(), [
    'spec.podTemplate.securityContext.privileged',
    'spec.podTemplate.securityContext.runAsUser',
  ]);
});

test('a mount is where it is however its path is written', () => {
  const mountsOf = (mountPath: string) => {
    const changes = { 'spec.podTemplate': { volumes: [claim], volumeMounts: [{ name: 'data', mountPath }] } };
    return podOf('actor', changes).spec.containers[0]?.volumeMounts?.map((one) => `${one.name} ${one.mountPath}`);
  };
  const beside = ['ppo-config /etc/ppo', 'ppo-tmp /tmp', 'ppo-shared /dev/shm/ppo'];
  // No folder of the pod's own hides the volume that results are to go to.
  for (const path of ['/workspace', '/workspace/', '//workspace/.', 'workspace']) {
    assert.deepEqual(mountsOf(path), [...beside, 'data /workspace'], path);
  }
  assert.deepEqual(mountsOf('/tmp/'), [beside[0], 'data /tmp', beside[2], 'ppo-output /workspace/output']);
});

test('the words for a role reach its pods alone, and go before those for all', () => {
  const changes = {
    'spec.podTemplate': { nodeSelector: { pool: 'cpu', zone: 'a' }, priorityClassName: 'low' },
    'spec.roles.actor.podTemplate': { nodeSelector: { pool: 'gpu' }, priorityClassName: 'high' },
  };
  const { spec: actor } = podOf('actor', changes);
  assert.deepEqual([actor.nodeSelector, actor.priorityClassName], [{ pool: 'gpu', zone: 'a' }, 'high']);
  const { spec: critic } = podOf('critic', changes);
  assert.deepEqual([critic.nodeSelector, critic.priorityClassName], [{ pool: 'cpu', zone: 'a' }, 'low']);
});

test('fields that nobody here knows stay as they are', () => {
  const novel = { key: 'a', operator: 'Exists', fromTheFuture: { list: [1, null, { deep: true }] } };
  const volume = { name: 'v', novelSource: { nested: { x: [0] } } };
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [novel] } } };
  const template = { tolerations: [novel], volumes: [volume], affinity };
  const { spec } = podOf('reward', { 'spec.roles.reward.podTemplate': template });
  assert.deepEqual(spec.tolerations, [novel]);
  assert.deepEqual(spec.affinity, affinity);
  assert.deepEqual(
    spec.volumes?.find(({ name }) => name === 'v'),
    volume,
  );
});

test('images, pull policy and environment are for every container, resources of the sidecar for it alone', () => {
  const { spec } = podOf('actor', {
    'spec.roles.actor.podTemplate': {
      image: 'mine:2',
      imagePullPolicy: 'Always',
      imagePullSecrets: [{ name: 'registry' }],
      env: [{ name: 'NCCL_DEBUG', value: 'INFO' }],
      communicatorResources: { requests: { cpu: '100m' } },
    },
    'spec.roles.actor.resources': { limits: { memory: '1Gi' } },
  });
  const containers: readonly Container[] = [...(spec.initContainers ?? []), ...spec.containers];
  assert.equal(containers.length, 2);
  for (const { image, imagePullPolicy, env } of containers) {
    assert.deepEqual([image, imagePullPolicy], ['mine:2', 'Always']);
    assert.deepEqual(env?.at(-1), { name: 'NCCL_DEBUG', value: 'INFO' });
    assert.ok(namesOf(env).includes('PPO_ROLE'));
  }
  assert.deepEqual(
    containers.map(({ resources }) => resources),
    [{ requests: { cpu: '100m' } }, { limits: { memory: '1Gi' } }],
  );
  assert.deepEqual(spec.imagePullSecrets, [{ name: 'registry' }]);
});

test('labels and annotations are added, and never take the place of the operator', () => {
  const { metadata } = podOf('actor', {
    'spec.image': 'ppo:1',
    'spec.podTemplate': { labels: { team: 'a' }, annotations: { note: 'x' } },
    'spec.roles.actor.podTemplate': { labels: { team: 'b' } },
  });
  assert.equal(metadata.labels?.team, 'b');
  assert.equal(metadata.labels?.['rlhf.dev/role'], 'actor');
  assert.deepEqual(metadata.annotations, { note: 'x' });
});

test('a mount of the same path takes the place of the one before, also of the scratch space', () => {
  const scratch = { name: 'scratch', mountPath: '/tmp' };
  const { spec } = podOf('actor', {
    'spec.podTemplate': { volumes: [{ name: 'scratch', emptyDir: { sizeLimit: '1Ti' } }], volumeMounts: [scratch] },
  });
  const mounts = spec.containers[0]?.volumeMounts?.filter(({ mountPath }) => mountPath === '/tmp');
  assert.deepEqual(mounts, [scratch]);
});

test("packing adds to the manifest's own affinity", () => {
  const term = { weight: 1, podAffinityTerm: { topologyKey: 'rack' } };
  const podAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [term] };
  const { spec } = podOf('actor', {
    'spec.podTemplate': { affinity: { podAffinity } },
    'spec.scheduling.packing': { topologyKey: 'kubernetes.io/hostname' },
  });
  const planned = spec.affinity?.podAffinity as typeof podAffinity | undefined;
  const terms = planned?.preferredDuringSchedulingIgnoredDuringExecution;
  assert.equal(terms?.length, 2);
  assert.deepEqual(terms?.[0], term);
});

test('a volume that covers the output is where results go', () => {
  const changes = {
    'spec.podTemplate': { volumes: [claim], volumeMounts: [{ name: 'data', mountPath: '/workspace' }] },
  };
  assert.ok(!namesOf(podOf('coordinator', changes).spec.volumes).includes('ppo-output'));
});

test('a colocated pod takes the words of all of its roles; containers keep their own', () => {
  const { metadata, spec } = podOf('colocated', {
    'spec.placement.mode': 'Colocated',
    'spec.podTemplate': { volumes: [claim], volumeMounts: [mount] },
    'spec.roles.critic.podTemplate': { labels: { team: 'a' }, nodeSelector: { gpu: 'x' } },
    'spec.roles.reward.podTemplate': {
      env: [{ name: 'ONLY', value: 'reward' }],
      tolerations: [{ operator: 'Exists' }],
    },
  });
  assert.equal(metadata.labels?.team, 'a');
  assert.deepEqual([spec.nodeSelector, spec.tolerations], [{ gpu: 'x' }, [{ operator: 'Exists' }]]);
  const withVariable = spec.containers.filter(({ env }) => namesOf(env).includes('ONLY'));
  assert.deepEqual(namesOf(withVariable), ['reward']);
  assert.equal(namesOf(spec.volumes).filter((name) => name === 'data').length, 1);
  for (const { volumeMounts } of spec.containers) assert.ok(namesOf(volumeMounts).includes('data'));
});

test('rules of merging: keys, named items, terms, and everything else', () => {
  const base = {
    affinity: { a: { list: [1], kept: 1 }, preferredDuringSchedulingIgnoredDuringExecution: [1] },
    env: [
      { name: 'A', value: '1' },
      { name: 'B', value: '1' },
    ],
    tolerations: [{ key: 'a' }],
    priorityClassName: 'low',
  };
  const over = {
    affinity: { a: { list: [2] }, preferredDuringSchedulingIgnoredDuringExecution: [2] },
    env: [
      { name: 'C', value: '2' },
      { name: 'A', valueFrom: { fieldRef: { fieldPath: 'x' } } },
    ],
    tolerations: [{ key: 'b' }],
    priorityClassName: 'high',
    runtimeClassName: null,
  };
  const frozen = structuredClone(base);
  assert.deepEqual(mergeTemplates(base, over), {
    affinity: { a: { list: [2], kept: 1 }, preferredDuringSchedulingIgnoredDuringExecution: [1, 2] },
    env: [
      { name: 'A', valueFrom: { fieldRef: { fieldPath: 'x' } } },
      { name: 'B', value: '1' },
      { name: 'C', value: '2' },
    ],
    tolerations: [{ key: 'a' }, { key: 'b' }],
    priorityClassName: 'high',
  });
  assert.deepEqual(base, frozen);
});

const refused: Readonly<Record<string, [template: unknown, problem: RegExp]>> = {
  'a variable of the operator': [{ env: [{ name: 'PPO_ROLE', value: 'x' }] }, /must not begin with PPO_/],
  'a volume of the operator': [{ volumes: [{ name: 'ppo-tls' }] }, /must not begin with ppo-/],
  "a mount over the operator's": [{ volumeMounts: [{ name: 'v', mountPath: '/etc/ppo-tls' }] }, /must not lie below/],
  'a label of the operator': [{ labels: { 'rlhf.dev/role': 'actor' } }, /must not set .* they are the operator's/],
  'a field that pods of jobs have not': [{ hostNetwork: true }, /must be a known key/],
  privileges: [{ hostPID: true }, /must be a known key/],
};
for (const [name, [template, problem]] of Object.entries(refused)) {
  test(`refused, for all pods and for a role: ${name}`, () => {
    for (const path of ['spec.podTemplate', 'spec.roles.critic.podTemplate']) {
      const [first, ...others] = problemsWith({ [path]: template });
      assert.match(first?.rule ?? '', problem);
      assert.ok(first?.path.startsWith(path), first?.path);
      assert.deepEqual(others, []);
    }
  });
}
