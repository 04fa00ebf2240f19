// Grafana dashboards from short definitions: rows of panels with a query or more, laid out from left to right. Knows the
// JSON that Grafana reads, and nothing of what is measured.

export interface Query {
  readonly expr: string;
  readonly legend?: string;
}

export interface Panel {
  readonly title: string;
  /** What it says, and what to do about it. */
  readonly description: string;
  /** Of Grafana: short, s, bytes, percentunit, ... */
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly kind?: 'timeseries' | 'stat';
  /** Of 24 columns; 8 where nothing is said. */
  readonly width?: number;
  readonly isStacked?: boolean;
  /** A line, and red beyond it. */
  readonly limit?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Variable {
  readonly name: string;
  /** label_values(...) */
  readonly query: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

const COLUMNS = 24;
const HEIGHT = 8;
const STAT_HEIGHT = 4;
const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
/** Both dashboards have it, and link to what has it. */
const TAG = 'ppo-operator';

function fieldConfig({ unit, limit, isStacked = false }: Panel): object {
  const steps = [{ color: 'green', value: null }, ...(limit === undefined ? [] : [{ color: 'red', value: limit }])];
  const custom = {
    lineWidth: 1,
    fillOpacity: isStacked ? 40 : 8,
    showPoints: 'never',
    spanNulls: false,
    stacking: { mode: isStacked ? 'normal' : 'none', group: 'A' },
    thresholdsStyle: { mode: limit === undefined ? 'off' : 'dashed' },
  };
  return { defaults: { unit, thresholds: { mode: 'absolute', steps }, custom }, overrides: [] };
}

function options(kind: 'timeseries' | 'stat'): object {
  if (kind === 'stat') return { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'area' };
  return { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } };
}

function toPanel(panel: Panel, id: number, gridPos: object): object {
  const { title, description, kind = 'timeseries', queries } = panel;
  const targets = queries.map(({ expr, legend = '' }, index) => ({
    refId: String.fromCharCode(65 + index),
    datasource: DATASOURCE,
    expr,
    legendFormat: legend === '' ? '__auto' : legend,
  }));
  const fields = fieldConfig(panel);
  return {
    id,
    type: kind,
    title,
    description,
    datasource: DATASOURCE,
    gridPos,
    targets,
    fieldConfig: fields,
    options: options(kind),
  };
}

function layOut(rows: readonly Row[]): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const { title, panels: inRow } of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { h: 1, w: COLUMNS, x: 0, y },
      panels: [],
    });
    y++;
    let x = 0;
    let height = 0;
    for (const panel of inRow) {
      const w = panel.width ?? 8;
      const h = panel.kind === 'stat' ? STAT_HEIGHT : HEIGHT;
      if (x + w > COLUMNS) {
        y += height;
        [x, height] = [0, 0];
      }
      panels.push(toPanel(panel, panels.length + 1, { h, w, x, y }));
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return panels;
}

/** The file's text. */
export function renderDashboard({ uid, title, description, variables, rows }: Dashboard): string {
  const list = variables.map(({ name, query }) => ({
    name,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: name },
    definition: query,
    refresh: 2,
    sort: 1,
  }));
  const datasource = { name: 'datasource', type: 'datasource', query: 'prometheus', refresh: 1 };
  const dashboard = {
    ...{ uid, title, description, tags: [TAG], schemaVersion: 39, version: 1, editable: true },
    time: { from: 'now-3h', to: 'now' },
    refresh: '30s',
    links: [{ title: 'ppo-operator', type: 'dashboards', tags: [TAG], asDropdown: true, keepTime: true }],
    templating: { list: [datasource, ...list] },
    panels: layOut(rows),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
