/** Pods of a job near each other: by preference or by need, beside what the pod asks for itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pack } from '../../../operator/plan/packing.ts';
import { buildPod } from '../../../operator/plan/pod.ts';
import { jobWith } from '../api/manifest.ts';

const ZONE = 'topology.kubernetes.io/zone';
const term = { labelSelector: { matchLabels: { 'rlhf.dev/job': 'job' } }, topologyKey: ZONE };

function packed(packing: unknown, affinity?: Readonly<Record<string, unknown>>) {
  const job = jobWith({ 'spec.scheduling.packing': packing });
  const pod = buildPod(job, { role: 'actor', index: 0 }, 'registry/ppo:1');
  return pack({ ...pod, spec: { ...pod.spec, ...(affinity && { affinity }) } }, job);
}

test('a job that asks for nothing gets no affinity', () => {
  assert.ok(!('affinity' in packed(undefined).spec));
});

test('preferred is the default', () => {
  assert.deepEqual(packed({ topologyKey: ZONE }).spec.affinity, {
    podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] },
  });
});

test('required is required', () => {
  assert.deepEqual(packed({ topologyKey: ZONE, mode: 'Required' }).spec.affinity, {
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
  });
});

test("the pod's own affinity stays", () => {
  const own = { topologyKey: 'kubernetes.io/hostname', labelSelector: {} };
  const affinity = {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [own] },
  };
  assert.deepEqual(packed({ topologyKey: ZONE, mode: 'Required' }, affinity).spec.affinity, {
    ...affinity,
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [own, term] },
  });
});
