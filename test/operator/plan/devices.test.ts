/** Devices by claim: a template for each kind of pod, named by its pods, shared by the containers of a pod. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildClaimTemplates } from '../../../operator/plan/devices.ts';
import { planJob } from '../../../operator/plan/plan.ts';
import { jobWith } from '../api/manifest.ts';

const GPU = { deviceClassName: 'gpu.nvidia.com' };
const RUNNING = { outcome: null } as const;

test('a job without devices has no templates, and its pods no claims', () => {
  const { placement, pods } = planJob(jobWith(), RUNNING);
  assert.deepEqual(placement, []);
  for (const pod of pods) assert.ok(!('resourceClaims' in pod.spec));
});

test('a template says class, count and selectors', () => {
  const expression = "device.attributes['gpu.nvidia.com'].memory > 0";
  const devices = { ...GPU, count: 2, selectors: [expression] };
  const [template, ...others] = buildClaimTemplates(jobWith({ 'spec.roles.actor.devices': devices }));
  assert.deepEqual(others, []);
  assert.equal(template?.apiVersion, 'resource.k8s.io/v1');
  assert.match(template?.metadata.name ?? '', /^job-actor-[0-9a-f]{8}$/);
  assert.equal(template?.metadata.ownerReferences?.[0]?.uid, 'uid-1');
  const exactly = {
    deviceClassName: 'gpu.nvidia.com',
    allocationMode: 'ExactCount',
    count: 2,
    selectors: [{ cel: { expression } }],
  };
  assert.deepEqual(template?.spec.spec, { devices: { requests: [{ name: 'devices', exactly }] } });
});

test('the pods of a role name its template, and only its worker uses the devices', () => {
  const job = jobWith({ 'spec.roles.actor': { replicas: 2, devices: GPU, resources: { limits: { cpu: 1 } } } });
  const [template] = buildClaimTemplates(job);
  const { placement, pods } = planJob(job, RUNNING);
  assert.deepEqual(
    placement.map(({ object }) => object),
    [template],
  );
  const withClaims = pods.filter(({ spec }) => spec.resourceClaims !== undefined);
  assert.deepEqual(
    withClaims.map(({ metadata }) => metadata.name),
    ['job-actor-0', 'job-actor-1'],
  );
  for (const { spec } of withClaims) {
    assert.deepEqual(spec.resourceClaims, [{ name: 'devices', resourceClaimTemplateName: template?.metadata.name }]);
    assert.deepEqual(spec.containers[0]?.resources, { limits: { cpu: 1 }, claims: [{ name: 'devices' }] });
    assert.equal(spec.initContainers?.[0]?.resources, undefined);
  }
});

test('templates of other content have other names, since none can be changed', () => {
  const nameWith = (devices: unknown) =>
    buildClaimTemplates(jobWith({ 'spec.roles.actor.devices': devices }))[0]?.metadata.name;
  assert.notEqual(nameWith(GPU), nameWith({ ...GPU, count: 2 }));
  assert.equal(nameWith(GPU), nameWith({ ...GPU, count: 1, selectors: [] }));
});

test('colocated roles share one claim of their pod', () => {
  const job = jobWith({ 'spec.placement': { mode: 'Colocated', devices: { ...GPU, count: 4 } } });
  const { placement, pods } = planJob(job, RUNNING);
  assert.equal(placement.length, 1);
  const [coordinator, shared, ...others] = pods;
  assert.deepEqual(others, []);
  assert.equal(coordinator?.spec.resourceClaims, undefined);
  assert.equal(shared?.spec.resourceClaims?.length, 1);
  assert.equal(shared?.spec.containers.length, 5);
  for (const container of shared?.spec.containers ?? []) {
    assert.deepEqual(container.resources?.claims, [{ name: 'devices' }], container.name);
  }
});

test('a job at rest wants no templates', () => {
  const job = jobWith({ 'spec.roles.actor.devices': GPU, 'spec.suspend': true });
  assert.deepEqual(planJob(job, RUNNING).placement, []);
});
