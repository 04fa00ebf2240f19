/** A colocated pod: every role's container and sidecar, nothing twice, each its own memory, ports apart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHARED_ROLES, TENSOR_ROLES } from '../../../operator/api/names.ts';
import type { Container, Pod } from '../../../operator/cluster/objects.ts';
import { planJob } from '../../../operator/plan/plan.ts';
import { jobWith } from '../api/manifest.ts';

const job = jobWith({
  'spec.placement.mode': 'Colocated',
  'spec.roles': Object.fromEntries(SHARED_ROLES.map((role, i) => [role, { replicas: 2, threads: i + 1 }])),
});
const plan = planJob(job, { outcome: null });
const shared = plan.pods[1] as Pod;
const containersOf = (pod: Pod): readonly Container[] => [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
const variableOf = (container: Container | undefined, name: string) =>
  container?.env?.find((variable) => variable.name === name)?.value;

test('one pod per index carries all roles but the coordinator', () => {
  assert.deepEqual(
    plan.pods.map(({ metadata }) => metadata.name),
    ['job-coordinator-0', 'job-colocated-0', 'job-colocated-1'],
  );
  assert.equal(shared.metadata.labels?.['rlhf.dev/role'], 'colocated');
  assert.equal(shared.metadata.labels?.['rlhf.dev/index'], '0');
  assert.deepEqual(
    shared.spec.containers.map(({ name }) => name),
    [...SHARED_ROLES],
  );
  assert.deepEqual(
    shared.spec.initContainers?.map(({ name }) => name),
    TENSOR_ROLES.map((role) => `${role}-communicator`),
  );
});

test('each container is who it is', () => {
  for (const [i, container] of (plan.pods[2]?.spec.containers ?? []).entries()) {
    assert.equal(variableOf(container, 'PPO_ROLE'), container.name);
    assert.equal(variableOf(container, 'PPO_INDEX'), '1');
    assert.equal(variableOf(container, 'PPO_POD_NAME'), 'job-colocated-1');
    assert.equal(variableOf(container, 'PPO_THREADS'), String(i + 1));
  }
});

test('no port is used twice, and probes ask ports of their own container', () => {
  const ports = containersOf(shared).flatMap((container) => container.ports ?? []);
  const numbers = ports.map(({ containerPort }) => containerPort);
  assert.equal(new Set(numbers).size, numbers.length);
  for (const container of containersOf(shared)) {
    const own = container.ports?.map(({ containerPort }) => containerPort) ?? [];
    for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
      assert.ok(own.includes(Number(probe?.httpGet?.port)), container.name);
    }
    assert.equal(Number(variableOf(container, 'PPO_METRICS_PORT')), container.readinessProbe?.httpGet?.port);
  }
});

test('a worker finds its own sidecar, and shares memory with it alone', () => {
  for (const role of TENSOR_ROLES) {
    const worker = shared.spec.containers.find(({ name }) => name === role);
    const sidecar = shared.spec.initContainers?.find(({ name }) => name === `${role}-communicator`);
    assert.equal(variableOf(worker, 'PPO_COMMUNICATOR_PORT'), variableOf(sidecar, 'PPO_GRPC_PORT'));
    const mounts = [worker, sidecar].map((container) =>
      container?.volumeMounts?.find(({ mountPath }) => mountPath === variableOf(container, 'PPO_SHARED_DIR')),
    );
    assert.equal(mounts[0]?.name, mounts[1]?.name);
    const users = containersOf(shared).filter(({ volumeMounts = [] }) =>
      volumeMounts.some(({ name }) => name === mounts[0]?.name),
    );
    assert.deepEqual(
      users.map(({ name }) => name),
      [`${role}-communicator`, role],
    );
  }
});

test('mounts name volumes of the pod, and what is only read is there once', () => {
  const names = (shared.spec.volumes ?? []).map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { volumeMounts = [] } of containersOf(shared))
    for (const { name } of volumeMounts) assert.ok(names.includes(name));
  const configs = (shared.spec.volumes ?? []).filter(({ configMap }) => configMap?.name === 'job-config');
  assert.equal(configs.length, 1);
});

test('the generation service finds the shared pods at the ports of generation', () => {
  const service = plan.services.find(({ metadata }) => metadata.name === 'job-generation');
  const generation = shared.spec.containers.find(({ name }) => name === 'generation');
  assert.deepEqual(service?.spec.selector, { 'rlhf.dev/job': 'job', 'rlhf.dev/role': 'colocated' });
  assert.deepEqual(
    service?.spec.ports?.map(({ port }) => port),
    [Number(variableOf(generation, 'PPO_GRPC_PORT')), Number(variableOf(generation, 'PPO_OPENAI_PORT'))],
  );
});

test('what is planned is plain JSON', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
});
