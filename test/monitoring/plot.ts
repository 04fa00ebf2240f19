// Lines over time as an SVG, with the axes, limits and stacks that Grafana would draw. Knows no dashboard.

import { niceTicks } from '../../operator/local/plot.ts';
import type { FieldDefaults, Override } from './dashboards.ts';
import type { Window } from './server.ts';
import type { Line } from './sheet.ts';
import { formatValue } from './units.ts';

export interface PlotOptions {
  readonly defaults: FieldDefaults;
  /** One for each line. */
  readonly colors: readonly string[];
  readonly window: Window;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

const COLORS = [
  ...['#73bf69', '#f2cc0c', '#5794f2', '#ff780a', '#e02f44'],
  ...['#b877d9', '#37872d', '#fade2a', '#8ab8ff', '#ffb357'],
];
const LEFT = 64;
const BELOW = 18;
const ABOVE = 6;
const TIMES = [0, 0.25, 0.5, 0.75, 1];

/** What each line is drawn in: what its name says, or the next of the palette. */
export function colorsOf(lines: readonly Line[], overrides: readonly Override[]): string[] {
  const known = new Map(overrides.map(({ matcher, properties }) => [matcher.options, properties[0]!.value.fixedColor]));
  return lines.map(({ name }, index) => known.get(name) ?? COLORS[index % COLORS.length]!);
}

export function drawPlot(given: readonly Line[], { defaults, colors, window, width, height }: PlotOptions): string {
  const { custom, thresholds, unit } = defaults;
  const isStacked = custom.stacking.mode === 'normal';
  const lines = isStacked ? stack(given) : given;
  const values = lines.flatMap(({ points }) => points.map(({ value }) => value)).filter(Number.isFinite);
  if (custom.axisSoftMin !== undefined) values.push(custom.axisSoftMin);
  const ticks = niceTicks(Math.min(...values), Math.max(...values));
  const [low, high, bottom] = [ticks[0]!, ticks.at(-1)!, height - BELOW];
  const toX = (time: number): number => LEFT + ((time - window.start) / (window.end - window.start)) * (width - LEFT);
  const toY = (value: number): number => bottom - ((value - low) / (high - low)) * (bottom - ABOVE);
  const across = (value: number, style: string): string =>
    `<line x1="${LEFT}" x2="${width}" y1="${toY(value)}" y2="${toY(value)}" ${style}/>`;
  const grid = ticks.map(
    (tick) =>
      `${across(tick, 'stroke="#e8e8e8"')}<text x="${LEFT - 6}" y="${toY(tick) + 4}" text-anchor="end">${formatValue(tick, unit)}</text>`,
  );
  const times = TIMES.map((part) => {
    const seconds = part * (window.end - window.start);
    const anchor = part === 1 ? 'end' : 'middle';
    return `<text x="${toX(window.start + seconds)}" y="${height - 3}" text-anchor="${anchor}">+${Math.round(seconds)} s</text>`;
  });
  const limits = thresholds.steps
    .flatMap(({ value }) => value ?? [])
    .filter((limit) => limit >= low && limit <= high)
    .map((limit) => across(limit, 'stroke="#e02f44" stroke-dasharray="6 4"'));
  const shapes = lines.map(({ points }, i) => {
    const finite = points.filter(({ value }) => Number.isFinite(value));
    const path = finite.map(({ time, value }) => `${toX(time).toFixed(1)},${toY(value).toFixed(1)}`);
    if (!isStacked)
      return `<polyline points="${path.join(' ')}" fill="none" stroke="${colors[i]}" stroke-width="1.5"/>`;
    const ground = [finite.at(-1), finite[0]].map(
      (point) => `${toX(point?.time ?? 0).toFixed(1)},${toY(0).toFixed(1)}`,
    );
    return `<polygon points="${[...path, ...ground].join(' ')}" fill="${colors[i]}"/>`;
  });
  // Of a stack the lower ones lie before the higher ones.
  const parts = [...grid, ...times, ...(isStacked ? shapes.toReversed() : shapes), ...limits];
  return `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">${parts.join('')}</svg>`;
}

/** Each line on top of those before it. */
function stack(lines: readonly Line[]): readonly Line[] {
  const sums = new Map<number, number>();
  return lines.map(({ name, points }) => ({
    name,
    points: points.map(({ time, value }) => {
      sums.set(time, (sums.get(time) ?? 0) + value);
      return { time, value: sums.get(time)! };
    }),
  }));
}
