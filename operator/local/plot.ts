/** curves.svg: score, KL and held-out accuracy over the iterations, one panel each. A pure function of the records. */
import { formatNumber, formatPercent } from './format.ts';
import { type IterationRecord, METRICS } from './metrics-file.ts';

export interface CurvesOptions {
  readonly title: string;
  readonly records: readonly IterationRecord[];
  /** Held-out accuracy of the initial policy, drawn at iteration 0; null where it was not measured. */
  readonly accuracyBefore: number | null;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Panel {
  readonly title: string;
  readonly color: string;
  readonly points: readonly Point[];
  readonly format: (value: number) => string;
  /** Marks every point: for values that are measured now and then. */
  readonly hasMarks: boolean;
  readonly formatTick: (value: number) => string;
  /** Values that the axis shows in any case. */
  readonly shown: readonly number[];
}

const WIDTH = 880;
const PANEL_HEIGHT = 190;
const LEFT = 76;
const RIGHT = 92;
const HEADER = 56;
const PANEL_TITLE = 26;
const PANEL_GAP = 22;
const FOOTER = 14;
const NUM_TICKS = 4;

export function renderCurves({ title, records, accuracyBefore }: CurvesOptions): string {
  const accuracy = seriesOf(records, METRICS.accuracy);
  const before = accuracyBefore === null ? [] : [{ x: 0, y: accuracyBefore }];
  const panels: Panel[] = [
    panel('Mean score', '#2563eb', seriesOf(records, METRICS.score)),
    { ...panel('KL from the reference policy', '#d97706', seriesOf(records, METRICS.kl)), shown: [0] },
    {
      ...panel('Held-out accuracy (exact match)', '#059669', [...before, ...accuracy]),
      format: formatPercent,
      hasMarks: true,
      formatTick: (value) => `${Math.round(100 * value)} %`,
      shown: [0, 1],
    },
  ];
  const greatestX = Math.max(1, ...records.map((record) => record.iteration));
  const height = HEADER + panels.length * (PANEL_HEIGHT + PANEL_GAP) + FOOTER;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#374151">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="34" font-size="18" font-weight="600" fill="#111827">${escapeXml(title)}</text>`,
    ...panels.map((item, i) => renderPanel(item, HEADER + i * (PANEL_HEIGHT + PANEL_GAP), greatestX)),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${height - 10}" text-anchor="middle">iteration</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function panel(title: string, color: string, points: readonly Point[]): Panel {
  return { title, color, points, format: formatNumber, formatTick: String, hasMarks: false, shown: [] };
}

function seriesOf(records: readonly IterationRecord[], metric: string): Point[] {
  return records.flatMap((record) => {
    const y = record.metrics[metric];
    return y === undefined || !Number.isFinite(y) ? [] : [{ x: record.iteration, y }];
  });
}

function renderPanel(item: Panel, top: number, greatestX: number): string {
  const values = [...item.points.map((point) => point.y), ...item.shown];
  const yTicks = values.length > 0 ? niceTicks(Math.min(...values), Math.max(...values)) : niceTicks(0, 1);
  const [lowest, highest] = [yTicks[0] ?? 0, yTicks.at(-1) ?? 1];
  const [yTop, yBottom] = [top + PANEL_TITLE, top + PANEL_HEIGHT - 18];
  const toX = (x: number): number => round(LEFT + (x / greatestX) * (WIDTH - LEFT - RIGHT));
  const toY = (y: number): number => round(yBottom - ((y - lowest) / (highest - lowest)) * (yBottom - yTop));
  return [
    `<text x="${LEFT}" y="${top + 14}" font-size="13" font-weight="600" fill="#111827">${escapeXml(item.title)}</text>`,
    ...yTicks.map((y) => gridLine(toY(y), item.formatTick(y))),
    ...niceTicks(0, greatestX)
      .filter((x) => x <= greatestX && Number.isInteger(x))
      .map((x) => `<text x="${toX(x)}" y="${yBottom + 16}" text-anchor="middle">${x}</text>`),
    ...renderSeries(item, toX, toY),
  ].join('\n');
}

function gridLine(y: number, label: string): string {
  return `<line x1="${LEFT}" y1="${y}" x2="${WIDTH - RIGHT}" y2="${y}" stroke="#e5e7eb"/><text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${escapeXml(label)}</text>`;
}

function renderSeries(item: Panel, toX: (x: number) => number, toY: (y: number) => number): string[] {
  const last = item.points.at(-1);
  if (last === undefined) return [`<text x="${LEFT + 12}" y="${toY(0) - 10}" fill="#9ca3af">not measured</text>`];
  const path = item.points.map(({ x, y }) => `${toX(x)},${toY(y)}`).join(' ');
  const marked = item.hasMarks ? item.points : [last];
  return [
    `<polyline points="${path}" fill="none" stroke="${item.color}" stroke-width="2" stroke-linejoin="round"/>`,
    ...marked.map(({ x, y }) => `<circle cx="${toX(x)}" cy="${toY(y)}" r="3" fill="${item.color}"/>`),
    `<text x="${toX(last.x) + 10}" y="${toY(last.y) + 4}" font-weight="600" fill="${item.color}">${escapeXml(item.format(last.y))}</text>`,
  ];
}

/** Round numbers that enclose [least, greatest], about NUM_TICKS steps apart. */
export function niceTicks(least: number, greatest: number): number[] {
  const span = greatest - least || Math.abs(greatest) || 1;
  const raw = span / NUM_TICKS;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = magnitude * ([1, 2, 2.5, 5, 10].find((factor) => factor * magnitude >= raw * 0.999) ?? 10);
  const first = Math.floor(least / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(greatest / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
