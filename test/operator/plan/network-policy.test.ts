/** Who may reach a job's pods: itself, the operator, whom the manifest names, and nobody by mistake. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildNetworkPolicy, namespacePeer } from '../../../operator/plan/network-policy.ts';
import { planJob } from '../../../operator/plan/plan.ts';
import { MACHINE, type Platform } from '../../../operator/plan/platform.ts';
import { jobWith } from '../api/manifest.ts';

const CLUSTER: Platform = { kind: 'Cluster', operatorNamespace: 'ppo-system', metricsFrom: [], workerImage: 'ppo:1' };
const own = { podSelector: { matchLabels: { 'rlhf.dev/job': 'job' } } };
const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: 'TCP', port }));

function ingress(changes: Readonly<Record<string, unknown>> = {}, platform = CLUSTER) {
  return buildNetworkPolicy(jobWith(changes), platform)?.spec.ingress;
}

test('the pods reach each other, the operator reaches the coordinator, nobody else reaches anything', () => {
  const policy = buildNetworkPolicy(jobWith(), CLUSTER);
  assert.equal(policy?.metadata.name, 'job');
  assert.equal(policy?.metadata.ownerReferences?.[0]?.uid, 'uid-1');
  assert.deepEqual(policy?.spec, {
    podSelector: own.podSelector,
    policyTypes: ['Ingress'],
    ingress: [{ from: [own] }, { from: [namespacePeer('ppo-system')], ports: tcp(7000) }],
  });
});

test('metrics are for those whom the manifest names, else for those whom the operator knows', () => {
  const prometheus = namespacePeer('monitoring');
  const platform = { ...CLUSTER, metricsFrom: [prometheus] };
  assert.deepEqual(ingress({}, platform)?.at(-1), { from: [prometheus], ports: tcp(9090, 9091) });
  const named = { podSelector: { matchLabels: { app: 'prometheus' } }, novel: true };
  const changes = { 'spec.security.networkPolicy.metricsFrom': [named] };
  assert.deepEqual(ingress(changes, platform)?.at(-1), { from: [named], ports: tcp(9090, 9091) });
});

test('an empty list of peers is nobody, not everybody', () => {
  const rules = ingress({
    'spec.security.networkPolicy.metricsFrom': [],
    'spec.security.networkPolicy.openaiFrom': [],
  });
  assert.equal(rules?.length, 2);
  for (const { from } of rules ?? []) assert.ok((from ?? []).length > 0);
  assert.equal(ingress({}, { ...CLUSTER, operatorNamespace: null })?.length, 1);
});

test('the port of generation is for whom the manifest names', () => {
  const changes = { 'spec.security.networkPolicy.openaiFrom': [namespacePeer('apps')] };
  assert.deepEqual(ingress(changes)?.at(-1), { from: [namespacePeer('apps')], ports: tcp(8000) });
});

test('roles that share a pod have ports of their own', () => {
  const changes = {
    'spec.placement.mode': 'Colocated',
    'spec.security.networkPolicy.metricsFrom': [{ namespaceSelector: {} }],
  };
  const ports =
    ingress(changes)
      ?.at(-1)
      ?.ports?.map(({ port }) => port) ?? [];
  assert.equal(new Set(ports).size, ports.length);
  const planned = planJob(jobWith(changes), { outcome: null, platform: CLUSTER }).pods;
  const declared = planned.flatMap(({ spec }) => [...(spec.initContainers ?? []), ...spec.containers]);
  for (const { env } of declared) {
    const metrics = env?.find(({ name }) => name === 'PPO_METRICS_PORT')?.value;
    assert.ok(ports.includes(Number(metrics)), String(metrics));
  }
});

test('it is on in a cluster and off on one machine, unless the manifest says otherwise', () => {
  const modeOf = (mode: string) => jobWith({ 'spec.security.networkPolicy.mode': mode });
  assert.equal(buildNetworkPolicy(jobWith(), MACHINE), null);
  assert.equal(buildNetworkPolicy(modeOf('Disabled'), CLUSTER), null);
  assert.notEqual(buildNetworkPolicy(modeOf('Enabled'), MACHINE), null);
  assert.deepEqual(planJob(jobWith(), { outcome: null }).networkPolicies, []);
  assert.equal(planJob(jobWith(), { outcome: 'Succeeded', platform: CLUSTER }).networkPolicies.length, 1);
});
