// What a Prometheus answers to the queries of a dashboard's panels, as lines under the names that their legends give them.

import { type Dashboard, type Panel, withVariables } from './dashboards.ts';
import type { PrometheusServer, Result, Window } from './server.ts';
import type { Line } from './sheet.ts';

export interface AskedPanel {
  readonly panel: Panel;
  readonly lines: readonly Line[];
  /** Queries that gave nothing but NaN, if anything. */
  readonly empty: readonly string[];
  /** Queries whose lines have labels that their legends don't name: a pod that is replaced begins another line. */
  readonly unnamed: readonly string[];
}

export interface Question {
  readonly window: Window;
  /** Grafana's, and the dashboard's. */
  readonly variables: Readonly<Record<string, string>>;
}

export async function askPanels(
  { panels }: Dashboard,
  prometheus: PrometheusServer,
  { window, variables }: Question,
): Promise<AskedPanel[]> {
  const asked: AskedPanel[] = [];
  for (const panel of panels.filter(({ type }) => type !== 'row')) {
    const lines: Line[] = [];
    const empty: string[] = [];
    const unnamed: string[] = [];
    for (const { expr, legendFormat } of panel.targets ?? []) {
      const query = withVariables(expr, variables);
      const results = await prometheus.range(query, window);
      if (results.some(({ metric }) => !isNamed(metric, legendFormat))) unnamed.push(query);
      const found = results.map((result) => toLine(result, legendFormat));
      const filled = found.filter(({ points }) => points.length > 0);
      if (filled.length === 0) empty.push(query);
      lines.push(...filled);
    }
    asked.push({ panel, lines, empty, unnamed });
  }
  return asked;
}

function isNamed(metric: Result['metric'], legend: string): boolean {
  return Object.keys(metric).every((label) => legend.includes(`{{${label}}}`));
}

function toLine({ metric, values }: Result, legend: string): Line {
  const name =
    legend === '__auto'
      ? JSON.stringify(metric)
      : legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? '');
  const points = values.map(([time, value]) => ({ time, value: Number(value) }));
  return { name, points: points.filter(({ value }) => !Number.isNaN(value)) };
}
