// Grafana dashboards from short definitions: rows of panels with a query or more, laid out from left to right. Knows the
// JSON that Grafana reads, and nothing of what is measured.

export interface Panel {
  readonly title: string;
  /** Of Grafana: short, s, bytes, percentunit, ... */
  readonly unit: string;
  /** What it says, and what to do about it. */
  readonly description: string;
  /** By what the legend calls them. */
  readonly queries: Readonly<Record<string, string>>;
  readonly kind?: 'timeseries' | 'stat';
  /** Of 24 columns; 8 where nothing is said. */
  readonly width?: number;
  /** One line on top of the other; together they are 1 where the unit is a share. */
  readonly isStacked?: boolean;
  /** Never below 0 though its unit doesn't say so: the axis begins there, so that a small change looks like one. */
  readonly isFromZero?: boolean;
  /** Of lines that mean something good or bad, or are many; by their names. Others take Grafana's as they come. */
  readonly colors?: Readonly<Record<string, string>>;
  /** Red above it. */
  readonly limit?: number;
  /** Red below it. */
  readonly atLeast?: number;
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
  /** What histograms and shares are taken over, until the reader chooses something else. */
  readonly window: (typeof WINDOWS)[number];
  readonly rows: readonly Row[];
}

/** Of Grafana's own palette. */
export const COLORS = {
  ...{ green: '#73bf69', yellow: '#f2cc0c', blue: '#5794f2', orange: '#ff780a', red: '#e02f44', purple: '#b877d9' },
  ...{ teal: '#0a8f7d', brown: '#a06a3c', grey: '#9fa7b3', lightGrey: '#d8dce2' },
} as const;

const WINDOWS = ['5m', '15m', '1h', '6h', '1d'] as const;
const COLUMNS = 24;
const HEIGHT = 8;
const STAT_HEIGHT = 4;
const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
/** Both dashboards have it, and link to what has it. */
const TAG = 'ppo-operator';
/** Units of what is never below 0, and is compared with it. What has another (losses, scores) may lie anywhere. */
const FROM_ZERO = new Set(['percentunit', 's', 'bytes', 'Bps', 'ops', 'reqps', 'none']);

export function panel(title: string, unit: string, description: string, queries: Panel['queries']): Panel {
  return { title, unit, description, queries };
}

export function fromZero(panel: Panel): Panel {
  return { ...panel, isFromZero: true };
}

function steps({ limit, atLeast }: Panel): object[] {
  const [green, red] = ['green', 'red'];
  const base = { color: atLeast === undefined ? green : red, value: null };
  const good = atLeast === undefined ? [] : [{ color: green, value: atLeast }];
  return [base, ...good, ...(limit === undefined ? [] : [{ color: red, value: limit }])];
}

function fieldConfig(panel: Panel): object {
  const { unit, isStacked = false, isFromZero = FROM_ZERO.has(unit) } = panel;
  const thresholds = { mode: 'absolute', steps: steps(panel) };
  const custom = {
    // Lines of a stack would lie on one another where something is 0.
    ...(isStacked ? { lineWidth: 0, fillOpacity: 70 } : { lineWidth: 1, fillOpacity: 8 }),
    // What happens rarely is a point between gaps, which no line shows.
    showPoints: 'auto',
    spanNulls: false,
    ...(isFromZero && { axisSoftMin: 0 }),
    stacking: { mode: isStacked ? 'normal' : 'none', group: 'A' },
    thresholdsStyle: { mode: thresholds.steps.length === 1 ? 'off' : 'dashed' },
  };
  const isWhole = isStacked && unit === 'percentunit';
  const overrides = Object.entries(panel.colors ?? {}).map(([name, fixedColor]) => ({
    matcher: { id: 'byName', options: name },
    properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }],
  }));
  return { defaults: { unit, ...(isWhole && { max: 1 }), thresholds, custom }, overrides };
}

function options(kind: 'timeseries' | 'stat'): object {
  if (kind === 'stat') return { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'area' };
  return {
    legend: { displayMode: 'list', placement: 'bottom', calcs: ['lastNotNull'] },
    tooltip: { mode: 'multi', sort: 'desc' },
  };
}

function toPanel(panel: Panel, id: number, gridPos: object): object {
  const { title, description, kind = 'timeseries', queries } = panel;
  const targets = Object.entries(queries).map(([legendFormat, expr], index) => ({
    refId: String.fromCharCode(65 + index),
    datasource: DATASOURCE,
    expr,
    legendFormat,
  }));
  return {
    ...{ id, type: kind, title, description, datasource: DATASOURCE, gridPos, targets },
    fieldConfig: fieldConfig(panel),
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

function toVariable({ name, query }: Variable): object {
  return {
    ...{ name, type: 'query', datasource: DATASOURCE, refresh: 2, sort: 1 },
    ...{ query: { query, refId: name }, definition: query },
  };
}

function windowVariable(chosen: string): object {
  const options = WINDOWS.map((value) => ({ text: value, value, selected: value === chosen }));
  const current = { text: chosen, value: chosen };
  return { name: 'window', label: 'Over', type: 'interval', query: WINDOWS.join(','), options, current, auto: false };
}

/** The file's text. */
export function renderDashboard({ uid, title, description, variables, window, rows }: Dashboard): string {
  const datasource = { name: 'datasource', type: 'datasource', query: 'prometheus', refresh: 1 };
  const dashboard = {
    ...{ uid, title, description, tags: [TAG], schemaVersion: 39, version: 1, editable: true },
    time: { from: 'now-3h', to: 'now' },
    refresh: '30s',
    links: [{ title: 'ppo-operator', type: 'dashboards', tags: [TAG], asDropdown: true, keepTime: true }],
    templating: { list: [datasource, ...variables.map(toVariable), windowVariable(window)] },
    panels: layOut(rows),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
