/** One pod: who it is, what it runs, how it is confined, and that its parts fit together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROLE_NAMES, TENSOR_ROLES } from '../../../operator/api/names.ts';
import type { Container, Pod } from '../../../operator/cluster/objects.ts';
import { buildPod } from '../../../operator/plan/pod.ts';
import { jobWith } from '../api/manifest.ts';

const job = jobWith({
  'spec.image': 'registry/ppo:1',
  'spec.terminationGracePeriodSeconds': 12,
  'spec.deadlines.rendezvousSeconds': 90,
  'spec.roles.actor.resources': { limits: { memory: '4Gi', 'nvidia.com/gpu': 1 } },
});
const pods = ROLE_NAMES.map((role) => buildPod(job, { role, index: 0 }, 'registry/ppo:1'));
const containersOf = (pod: Pod): readonly Container[] => [...(pod.spec.initContainers ?? []), ...pod.spec.containers];

test('identity, restart policy and grace', () => {
  const { metadata, spec } = buildPod(job, { role: 'generation', index: 2 }, 'registry/ppo:1');
  assert.equal(metadata.name, 'job-generation-2');
  assert.equal(metadata.labels?.['rlhf.dev/job'], 'job');
  assert.equal(metadata.labels?.['rlhf.dev/role'], 'generation');
  assert.equal(metadata.labels?.['rlhf.dev/index'], '2');
  assert.equal(metadata.ownerReferences?.[0]?.uid, 'uid-1');
  assert.equal(spec.restartPolicy, 'Never');
  assert.equal(spec.terminationGracePeriodSeconds, 12);
});

test('roles that move tensors have a native sidecar and share memory with it; the others have neither', () => {
  for (const pod of pods) {
    const isTensorRole = TENSOR_ROLES.some((role) => pod.metadata.name === `job-${role}-0`);
    const [sidecar, ...others] = pod.spec.initContainers ?? [];
    assert.deepEqual(others, []);
    assert.equal(sidecar?.name, isTensorRole ? 'communicator' : undefined, pod.metadata.name);
    assert.equal(sidecar?.restartPolicy, isTensorRole ? 'Always' : undefined);
    const memory = pod.spec.volumes?.filter((volume) => volume.emptyDir?.medium === 'Memory') ?? [];
    assert.equal(memory.length, isTensorRole ? 1 : 0);
    if (!isTensorRole) continue;
    for (const container of containersOf(pod)) {
      const mount = container.volumeMounts?.find((candidate) => candidate.name === memory[0]?.name);
      const shared = container.env?.find((variable) => variable.name === 'PPO_SHARED_DIR');
      assert.equal(mount?.mountPath, shared?.value);
    }
  }
});

test('every container is confined and no pod holds a token', () => {
  for (const pod of pods) {
    assert.equal(pod.spec.automountServiceAccountToken, false);
    assert.equal(pod.spec.securityContext?.runAsNonRoot, true);
    for (const container of containersOf(pod)) {
      assert.deepEqual(container.securityContext, {
        runAsNonRoot: true,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      });
    }
  }
});

test('every container runs the one program from the one image, and its last words are kept', () => {
  for (const container of pods.flatMap(containersOf)) {
    assert.deepEqual(container.command, ['node', 'worker/main.ts']);
    assert.equal(container.image, 'registry/ppo:1');
    assert.equal(container.terminationMessagePolicy, 'FallbackToLogsOnError');
  }
});

test('probes ask the metrics port of their own container', () => {
  for (const container of pods.flatMap(containersOf)) {
    const port = Number(container.env?.find((variable) => variable.name === 'PPO_METRICS_PORT')?.value);
    assert.deepEqual(container.readinessProbe?.httpGet, { path: '/readyz', port });
    assert.deepEqual(container.livenessProbe?.httpGet, { path: '/healthz', port });
    assert.deepEqual(container.startupProbe?.httpGet, { path: '/healthz', port });
    assert.equal((container.startupProbe?.periodSeconds ?? 0) * (container.startupProbe?.failureThreshold ?? 0), 90);
  }
});

test('mounts name volumes of the pod, port numbers and names are unique in it', () => {
  for (const pod of pods) {
    const volumes = (pod.spec.volumes ?? []).map((volume) => volume.name);
    assert.equal(new Set(volumes).size, volumes.length);
    const mounts = containersOf(pod).flatMap((container) => container.volumeMounts ?? []);
    for (const mount of mounts) assert.ok(volumes.includes(mount.name), mount.name);
    const ports = containersOf(pod).flatMap((container) => container.ports ?? []);
    assert.equal(new Set(ports.map((port) => port.containerPort)).size, ports.length);
    assert.equal(new Set(ports.map((port) => port.name)).size, ports.length);
    for (const { name } of ports) assert.match(name ?? '', /^[a-z][-a-z]{0,13}[a-z]$/);
  }
});

test('the compiled job is mounted where the worker looks for it', () => {
  for (const pod of pods) {
    const [worker] = pod.spec.containers;
    const volume = pod.spec.volumes?.find((candidate) => candidate.configMap?.name === 'job-config');
    const mount = worker?.volumeMounts?.find((candidate) => candidate.name === volume?.name);
    const path = worker?.env?.find((variable) => variable.name === 'PPO_JOB_CONFIG')?.value;
    assert.equal(`${mount?.mountPath}/job.json`, path);
    assert.equal(mount?.readOnly, true);
  }
});

test('resources are passed on as they are, to the worker alone', () => {
  const pod = buildPod(job, { role: 'actor', index: 0 }, 'registry/ppo:1');
  assert.deepEqual(pod.spec.containers[0]?.resources, { limits: { memory: '4Gi', 'nvidia.com/gpu': 1 } });
  assert.ok(!('resources' in (pod.spec.initContainers?.[0] ?? {})));
  assert.ok(!('resources' in (buildPod(job, { role: 'critic', index: 0 }, 'registry/ppo:1').spec.containers[0] ?? {})));
});
