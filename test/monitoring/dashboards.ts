// The chart's dashboards as Grafana reads them: panels with their place, unit and queries, and Grafana's variables put into
// queries. Asks nobody anything.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../charts/ppo-operator/dashboards');

export interface Panel {
  readonly title: string;
  readonly type: 'row' | 'timeseries' | 'stat';
  /** In 24 columns, and rows of about 38 pixels. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly fieldConfig?: { readonly defaults: FieldDefaults; readonly overrides: readonly Override[] };
}

export interface FieldDefaults {
  readonly unit: string;
  readonly thresholds: { readonly steps: readonly { readonly color: string; readonly value: number | null }[] };
  readonly custom: {
    readonly axisSoftMin?: number;
    readonly stacking: { readonly mode: 'normal' | 'none' };
  };
}

/** A colour for the line of a name. */
export interface Override {
  readonly matcher: { readonly options: string };
  readonly properties: readonly { readonly id: string; readonly value: { readonly fixedColor: string } }[];
}

export interface Dashboard {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export type DashboardName = 'job' | 'operator';

/** Grafana's variables for a run of a minute, scraped twice a second. */
export const SHORT_RUN = { __rate_interval: '5s', __range: '10m', window: '30s' };

export function readDashboard(name: DashboardName): Dashboard {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Dashboard;
}

/** What Grafana would ask. */
export function withVariables(expr: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`$${name}`, value), expr);
}
