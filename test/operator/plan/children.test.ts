/** Children are found by name, selected by labels and collected by their owner. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  childMeta,
  configMapName,
  coordinatorAddress,
  jobLabels,
  ownerReference,
  podName,
  roleLabels,
  serviceName,
} from '../../../operator/plan/children.ts';
import { jobWith } from '../api/manifest.ts';

test('names follow from the job', () => {
  assert.equal(podName('job', 'generation', 3), 'job-generation-3');
  assert.equal(configMapName('job'), 'job-config');
  assert.equal(serviceName('job', 'coordinator'), 'job-coordinator');
  assert.equal(coordinatorAddress(jobWith({ 'metadata.namespace': 'team' }), 7000), 'job-coordinator.team.svc:7000');
});

test('the job is the controller of its children', () => {
  const owner = {
    apiVersion: 'rlhf.dev/v1alpha1',
    kind: 'PPOJob',
    name: 'job',
    uid: 'uid-1',
    controller: true,
    blockOwnerDeletion: true,
  };
  assert.deepEqual(ownerReference(jobWith()), owner);
  assert.throws(() => ownerReference(jobWith({ 'metadata.uid': undefined })), /internal: /);
  assert.deepEqual(childMeta(jobWith(), 'child', { extra: 'label' }), {
    name: 'child',
    namespace: 'default',
    labels: {
      'app.kubernetes.io/name': 'ppojob',
      'app.kubernetes.io/managed-by': 'ppo-operator',
      'rlhf.dev/job': 'job',
      extra: 'label',
    },
    ownerReferences: [owner],
  });
});

test("a role's selector includes the job's", () => {
  assert.deepEqual(roleLabels('job', 'actor'), { ...jobLabels('job'), 'rlhf.dev/role': 'actor' });
});
