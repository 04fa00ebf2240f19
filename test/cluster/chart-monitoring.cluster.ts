// What the chart makes for Prometheus and Grafana: every rule and every dashboard as their files say, under the labels by
// which they are found. Needs Helm, and no cluster.

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { parse } from 'yaml';
import { asRendered, CHART, type ChartValues, Helm, only } from './chart.ts';

/** By which Grafana's sidecar finds dashboards. */
const LABEL = 'grafana_dashboard';
const helms = { helm: await Helm.find('helm'), helm3: await Helm.find('helm3') };
const { helm } = helms;
const directory = mkdtempSync(join(tmpdir(), 'ppo-monitoring-'));
after(() => rmSync(directory, { recursive: true, force: true }));

interface Alert {
  readonly alert: string;
  readonly annotations: Readonly<Record<string, string>>;
}

describe('what Prometheus and Grafana get', () => {
  const values: ChartValues = { metrics: { prometheusRule: { enabled: true }, dashboards: { enabled: true } } };

  /** A copy of the chart in which these files are also there. */
  function chartWith(files: Readonly<Record<string, string>>): string {
    const copy = mkdtempSync(join(directory, 'chart-'));
    cpSync(CHART, copy, { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(copy, path, '..'), { recursive: true });
      writeFileSync(join(copy, path), text);
    }
    return copy;
  }

  const filesOf = (chart: string, folder: string): string[] =>
    existsSync(join(chart, folder)) ? readdirSync(join(chart, folder)).map((name) => join(chart, folder, name)) : [];

  it('is every rule and every dashboard, as their files say', async () => {
    const alert = { alert: 'Odd', expr: 'up == 0', annotations: { summary: '{{ $labels.pod }} at {{ $value }}' } };
    const chart = chartWith({
      'alerts/odd.yaml': JSON.stringify({ groups: [{ name: 'odd', rules: [alert] }] }),
      'dashboards/odd.json': '{\n  "title": "{{ odd }}",\n  "panels": []\n}\n',
    });
    for (const tool of Object.values(helms)) {
      const objects = asRendered(await tool.render({ values, chart }));
      const groups = filesOf(chart, 'alerts').flatMap((path) => parse(readFileSync(path, 'utf8')).groups);
      assert.deepEqual(only(objects, 'PrometheusRule').spec.groups, groups);
      const dashboards = objects.filter(({ kind }) => kind === 'ConfigMap');
      const texts = dashboards.flatMap(({ data }) => Object.values(data ?? {})).map((text) => JSON.parse(text));
      const files = filesOf(chart, 'dashboards').map((path) => JSON.parse(readFileSync(path, 'utf8')));
      assert.deepEqual(texts, files);
      for (const { metadata } of dashboards) assert.equal(metadata.labels?.[LABEL], '1');
    }
  });

  it('links every alert to its section where it is told the page', async () => {
    const page = 'https://git.example.com/ppo-operator/docs/alerts.md';
    const rule = { enabled: true, runbookUrl: page };
    for (const tool of Object.values(helms)) {
      const objects = asRendered(await tool.render({ values: { metrics: { prometheusRule: rule } } }));
      const { groups } = only(objects, 'PrometheusRule').spec as { groups: { rules: Alert[] }[] };
      const alerts = groups.flatMap(({ rules }) => rules);
      assert.ok(alerts.length > 10);
      for (const { alert, annotations } of alerts) {
        assert.equal(annotations.runbook_url, `${page}#${alert.toLowerCase()}`);
        assert.equal(annotations.runbook, undefined);
      }
    }
  });

  it('says each label once, whoever says it too', async () => {
    const team = 'example.com/team';
    const monitor = { enabled: true, labels: { [team]: 'monitors' } };
    const values: ChartValues = {
      ...{ commonLabels: { [team]: 'all', [LABEL]: 'none' }, podLabels: { [team]: 'pods' } },
      metrics: {
        ...{ scrapeFrom: ['monitoring'], serviceMonitor: monitor, podMonitor: monitor, prometheusRule: monitor },
        dashboards: { enabled: true },
      },
    };
    for (const tool of Object.values(helms)) {
      const objects = asRendered(await tool.render({ values }));
      const teamOf = (kind: string): string | undefined => only(objects, kind).metadata.labels?.[team];
      for (const kind of ['ServiceMonitor', 'PodMonitor', 'PrometheusRule']) assert.equal(teamOf(kind), 'monitors');
      assert.equal(teamOf('Deployment'), 'all');
      assert.equal(only(objects, 'Deployment').spec.template.metadata.labels[team], 'pods');
      for (const { kind, metadata } of objects) if (kind === 'ConfigMap') assert.equal(metadata.labels?.[LABEL], '1');
    }
  });

  it('is nothing unless it is asked for', async () => {
    const kinds = asRendered(await helm.render()).map(({ kind }) => kind);
    for (const kind of ['PrometheusRule', 'ConfigMap', 'ServiceMonitor', 'PodMonitor'])
      assert.ok(!kinds.includes(kind));
  });
});
