/** Tracing's variables: in every container of every pod when it is on, in none when it is off. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod } from '../../../operator/cluster/objects.ts';
import { planJob } from '../../../operator/plan/plan.ts';
import { readSettings } from '../../../worker/config.ts';
import { jobWith } from '../api/manifest.ts';

const endpoint = 'http://collector.monitoring.svc:4318';

function containersOf({ spec }: Pod): readonly Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

function plannedContainers(tracing: unknown, others: Readonly<Record<string, unknown>> = {}): readonly Container[] {
  const { pods } = planJob(jobWith({ 'spec.tracking.tracing': tracing, ...others }), { outcome: null });
  return pods.flatMap(containersOf);
}

function ofTracing({ env = [] }: Container) {
  return env.filter(({ name }) => name.startsWith('PPO_TRACING_') || name.startsWith('OTEL_'));
}

for (const mode of ['Disaggregated', 'Colocated']) {
  test(`every container knows where spans go and whose they are: ${mode}`, () => {
    const headersSecret = { name: 'collector', key: 'headers' };
    const tracing = { endpoint, sampleRatio: '0.25', headersSecret };
    const containers = plannedContainers(tracing, { 'spec.placement.mode': mode });
    assert.ok(containers.length >= 9);
    for (const container of containers) {
      assert.deepEqual(ofTracing(container), [
        { name: 'PPO_TRACING_ENDPOINT', value: endpoint },
        { name: 'PPO_TRACING_SAMPLE_RATIO', value: '0.25' },
        { name: 'OTEL_RESOURCE_ATTRIBUTES', value: 'k8s.namespace.name=default,rlhf.dev/job=job' },
        { name: 'OTEL_EXPORTER_OTLP_HEADERS', valueFrom: { secretKeyRef: headersSecret } },
      ]);
    }
  });
}

test('a worker reads where its spans go', () => {
  const podIp = { PPO_POD_IP: '127.0.0.1' };
  for (const { env = [] } of plannedContainers({ endpoint, sampleRatio: '0.25' })) {
    const values = env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]));
    const { tracing } = readSettings({ ...Object.fromEntries(values), ...podIp });
    assert.deepEqual(tracing, { endpoint, sampleRatio: 0.25 });
  }
});

test('no Secret is read where none is named, and nothing is set where tracing is off', () => {
  for (const container of plannedContainers({ endpoint })) {
    assert.ok(!ofTracing(container).some(({ name }) => name === 'OTEL_EXPORTER_OTLP_HEADERS'));
  }
  for (const container of plannedContainers(undefined)) assert.deepEqual(ofTracing(container), []);
});

test("a podTemplate's own variables of OpenTelemetry win", () => {
  const env = [{ name: 'OTEL_RESOURCE_ATTRIBUTES', value: 'team=sums' }];
  for (const container of plannedContainers({ endpoint }, { 'spec.podTemplate': { env } })) {
    assert.ok(ofTracing(container).some(({ value }) => value === 'team=sums'));
  }
});
