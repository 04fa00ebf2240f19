// A dashboard as one page: its panels where Grafana would put them, with the lines that Prometheus gave. For people to look
// at; draws what it is given, and judges nothing.

import type { Dashboard, FieldDefaults, Panel } from './dashboards.ts';
import { colorsOf, drawPlot } from './plot.ts';
import type { Window } from './server.ts';
import { formatValue } from './units.ts';

export interface Line {
  readonly name: string;
  readonly points: readonly { readonly time: number; readonly value: number }[];
}

export interface DrawnPanel {
  readonly panel: Panel;
  readonly lines: readonly Line[];
}

const WIDTH = 1680;
const COLUMN = WIDTH / 24;
const UNIT = 38;
const GAP = 8;
const STYLE = `
body { margin: 0; background: #f4f5f5; font: 12px system-ui, sans-serif; color: #24292e; position: relative }
section, h2 { position: absolute; box-sizing: border-box; margin: 0; overflow: hidden }
section { background: #fff; border: 1px solid #e0e0e0; padding: 6px 8px; display: flex; flex-direction: column }
h2 { font-size: 15px; padding-top: 10px } h3 { font-size: 13px; margin: 0 0 4px; white-space: nowrap }
svg { flex: 1; min-height: 0 } text { font-size: 11px; fill: #555 } ul { margin: 0; padding: 0; list-style: none; overflow: hidden; flex: none; max-height: 40% }
li { display: inline-block; margin-right: 12px; white-space: nowrap } i { display: inline-block; width: 12px; height: 3px; margin: 0 4px 3px 0 }
p { font-size: 26px; font-weight: 600; margin: auto } em { color: #c4162a; font-size: 18px }
`;

/** HTML, and the height that it takes. */
export function drawSheet(
  dashboard: Dashboard,
  panels: readonly DrawnPanel[],
  window: Window,
): { html: string; height: number } {
  const height = UNIT * Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h)) + GAP;
  const byPanel = new Map(panels.map(({ panel, lines }) => [panel, lines]));
  const boxes = dashboard.panels.map((panel) => drawBox(panel, byPanel.get(panel) ?? [], window));
  const html = `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><body style="width:${WIDTH}px;height:${height}px">${boxes.join('\n')}</body>`;
  return { html, height };
}

export const SHEET_WIDTH = WIDTH;

function drawBox(panel: Panel, lines: readonly Line[], window: Window): string {
  const { x, y, w, h } = panel.gridPos;
  const place = `left:${x * COLUMN + GAP / 2}px;top:${y * UNIT + GAP / 2}px;width:${w * COLUMN - GAP}px;height:${h * UNIT - GAP}px`;
  const title = escapeHtml(panel.title);
  if (panel.type === 'row') return `<h2 style="${place}">${title}</h2>`;
  return `<section style="${place}"><h3>${title}</h3>${drawContent(panel, lines, window)}</section>`;
}

function drawContent(panel: Panel, lines: readonly Line[], window: Window): string {
  const { defaults, overrides = [] } = panel.fieldConfig ?? {};
  const shown = lines.filter(({ points }) => points.length > 0);
  if (defaults === undefined || shown.length === 0) return '<p><em>No data</em></p>';
  if (panel.type === 'stat') return shown.map((line) => drawStat(lastOf(line), defaults)).join('');
  const [width, height] = [panel.gridPos.w * COLUMN - 26, panel.gridPos.h * UNIT - 90];
  const colors = colorsOf(shown, overrides);
  const legend = shown.map((line, i) => {
    const last = formatValue(lastOf(line), defaults.unit);
    return `<li><i style="background:${colors[i]}"></i>${escapeHtml(line.name)} <b>${last}</b></li>`;
  });
  return `${drawPlot(shown, { defaults, colors, window, width, height })}<ul>${legend.join('')}</ul>`;
}

function drawStat(value: number, { unit, thresholds }: FieldDefaults): string {
  const step = thresholds.steps.findLast((candidate) => candidate.value === null || value >= candidate.value);
  return `<p style="color:${step?.color}">${formatValue(value, unit)}</p>`;
}

function lastOf({ points }: Line): number {
  return points.at(-1)?.value ?? Number.NaN;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
