// The chart's PodMonitor against the pods that are planned: what Prometheus makes of its relabelings are the targets and
// labels that a run on one machine gives the same pods. Needs Helm, and no cluster.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { COLOCATED, LABELS } from '../../operator/api/names.ts';
import type { Container, Pod } from '../../operator/cluster/objects.ts';
import { findTargets } from '../../operator/local/metric-targets.ts';
import { planJob } from '../../operator/plan/plan.ts';
import { jobWith } from '../operator/api/manifest.ts';
import { Helm } from './chart.ts';

/** One of Prometheus' relabel_config, under the names of the Prometheus operator. */
interface Relabeling {
  readonly sourceLabels: readonly string[];
  readonly regex?: string;
  readonly replacement?: string;
  readonly targetLabel?: string;
  readonly action?: 'keep';
}

type Labels = Readonly<Record<string, string>>;

async function relabelings(): Promise<readonly Relabeling[]> {
  const values = { metrics: { scrapeFrom: ['monitoring'], podMonitor: { enabled: true } } };
  const objects = await (await Helm.find()).render({ values });
  const monitor = objects.find(({ kind }) => kind === 'PodMonitor') as unknown as {
    readonly spec: { readonly podMetricsEndpoints: readonly { readonly relabelings: readonly Relabeling[] }[] };
  };
  return monitor.spec.podMetricsEndpoints.flatMap((endpoint) => endpoint.relabelings);
}

/** As Prometheus does it: null where the target is dropped. */
function relabel(
  labels: Labels,
  { sourceLabels, regex = '(.*)', replacement = '$1', ...rest }: Relabeling,
): Labels | null {
  const value = sourceLabels.map((name) => labels[name] ?? '').join(';');
  const match = new RegExp(`^(?:${regex})$`).exec(value);
  if (rest.action === 'keep') return match === null ? null : labels;
  if (match === null || rest.targetLabel === undefined) return labels;
  return { ...labels, [rest.targetLabel]: replacement.replaceAll(/\$(\d)/g, (_, i: string) => match[Number(i)] ?? '') };
}

/** Every port of every container, as Prometheus finds them, with what the Prometheus operator adds. */
function discovered(pod: Pod): Labels[] {
  const { name = '', namespace = '', labels = {} } = pod.metadata;
  const podLabels = Object.entries(labels).map(([key, value]) => [
    `__meta_kubernetes_pod_label_${key.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`,
    value,
  ]);
  const containers: Container[] = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  return containers.flatMap((container) =>
    (container.ports ?? []).map(({ containerPort }) => ({
      ...Object.fromEntries(podLabels),
      __address__: `${pod.status?.podIP}:${containerPort}`,
      __meta_kubernetes_pod_container_name: container.name,
      __meta_kubernetes_pod_container_port_number: String(containerPort),
      ...{ namespace, pod: name, container: container.name },
    })),
  );
}

function scrape(labels: Labels, rules: readonly Relabeling[]): readonly [string, Labels][] {
  const result = rules.reduce<Labels | null>((current, rule) => current && relabel(current, rule), labels);
  if (result === null) return [];
  const shown = Object.entries(result).filter(([name]) => !name.startsWith('__'));
  return [[result.__address__ ?? '', Object.fromEntries(shown)]];
}

for (const [title, changes] of [
  ['pods of their own', {}],
  ['a pod that they share', { 'spec.placement': { mode: 'Colocated' } }],
] as const) {
  it(`scrapes roles in ${title} under the labels that they have on one machine`, async () => {
    const job = jobWith({ 'metadata.namespace': 'team', ...changes });
    const pods = planJob(job, { outcome: null }).pods.map((pod, i): Pod => {
      return { ...pod, status: { phase: 'Running', podIP: `10.0.0.${i + 1}` } };
    });
    const isColocated = pods.some(({ metadata }) => metadata.labels?.[LABELS.role] === COLOCATED);
    assert.equal(isColocated, title !== 'pods of their own');
    const rules = await relabelings();
    const scraped = pods.flatMap((pod) => discovered(pod).flatMap((labels) => scrape(labels, rules)));
    const expected = findTargets(pods).map(({ targets, labels }) => [targets[0] ?? '', labels] as const);
    assert.ok(expected.length >= 9);
    assert.deepEqual(new Map(scraped), new Map(expected));
    assert.equal(scraped.length, expected.length);
  });
}
