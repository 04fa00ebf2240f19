// One chart: a curve or two over the iterations, with axes, drawn as SVG. A cursor, shared by all charts of a job, reads
// their values at one iteration: with the pointer, or with the arrow keys. It refuses to know what the curves mean.

import { h, redraw, s } from './dom.js';
import { iterationTicks, nearestIndex, niceTicks } from './ticks.js';

/**
 * @typedef {object} ChartOptions
 * @property {string} title
 * @property {string} hint what the curve says, and what is good
 * @property {(value: number) => string} format
 * @property {(value: number) => string} formatTick of the values' axis
 * @property {readonly string[]} labels of the curves; an empty one where there is one alone
 * @property {readonly number[]} [shown] values that the axis shows in any case
 * @property {boolean} [hasMarks] marks every point: for what is measured now and then
 */
/** @typedef {{ label: string, iterations: readonly number[], values: readonly number[] }} Curve */
/** @typedef {{ element: HTMLElement, update: (curves: readonly Curve[], greatestIteration: number) => void }} Chart */

const [WIDTH, HEIGHT] = [380, 176];
const [LEFT, RIGHT, TOP, BOTTOM] = [52, 12, 10, 26];
const PLOT = { width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM };

/** The iteration that all charts of a job read out; null: the newest. */
export class Cursor {
  /** @type {number | null} */
  iteration = null;
  /** @type {Set<() => void>} */
  listeners = new Set();

  /** @param {number | null} iteration */
  set(iteration) {
    if (iteration === this.iteration) return;
    this.iteration = iteration;
    for (const listener of this.listeners) listener();
  }
}

/** @param {ChartOptions} options @param {Cursor} cursor @returns {Chart} */
export function createChart(options, cursor) {
  const readout = h('output', { class: 'readout' });
  const plot = s('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', tabindex: 0, class: 'plot' });
  const lines = s('g');
  const marker = s('g', { class: 'cursor' });
  plot.append(lines, marker);
  const caption = h('figcaption', {}, h('span', { class: 'title', title: options.hint }, options.title), readout);
  const element = h('figure', { class: 'chart' }, caption, plot);
  /** @type {readonly Curve[]} */
  let curves = [];
  let greatestIteration = 1;
  /** @type {Axes} */
  let axes = scale([], options, 1);

  const read = () => {
    const points = curves.map((curve) => pointAt(curve, cursor.iteration));
    redraw(readout, [points, cursor.iteration === null], () => describePoints(points, options, cursor.iteration));
    marker.replaceChildren(...(cursor.iteration === null ? [] : drawCursor(points, axes)));
  };
  cursor.listeners.add(read);
  follow(plot, cursor, {
    iterationAt: (x) => Math.round(((x - LEFT) / PLOT.width) * greatestIteration),
    iterations: () => longest(curves)?.iterations ?? [],
    onFocus: (hasFocus) => readout.setAttribute('aria-live', hasFocus ? 'polite' : 'off'),
  });
  return {
    element,
    update: (next, greatest) => {
      curves = next;
      greatestIteration = Math.max(1, greatest);
      axes = scale(curves, options, greatestIteration);
      plot.setAttribute('aria-label', summarize(curves, options));
      redraw(lines, [curves, greatestIteration], () => [
        drawGrid(axes, options),
        ...curves.map((curve, i) => drawCurve(curve, axes, { index: i, hasMarks: options.hasMarks === true })),
      ]);
      read();
    },
  };
}

/**
 * @typedef {object} Axes
 * @property {readonly number[]} ticks
 * @property {readonly number[]} iterationTicks
 * @property {(iteration: number) => number} toX
 * @property {(value: number) => number} toY
 */

/** @param {readonly Curve[]} curves @param {ChartOptions} options @param {number} greatestIteration @returns {Axes} */
function scale(curves, { shown = [] }, greatestIteration) {
  const values = [...curves.flatMap((curve) => [...curve.values]), ...shown];
  const ticks = values.length === 0 ? niceTicks(0, 1) : niceTicks(Math.min(...values), Math.max(...values));
  const [least, greatest] = [/** @type {number} */ (ticks[0]), /** @type {number} */ (ticks.at(-1))];
  return {
    ticks,
    iterationTicks: iterationTicks(greatestIteration),
    toX: (iteration) => round(LEFT + (iteration / greatestIteration) * PLOT.width),
    toY: (value) => round(TOP + (1 - (value - least) / (greatest - least)) * PLOT.height),
  };
}

/** @param {Axes} axes @param {ChartOptions} options */
function drawGrid({ ticks, iterationTicks: marks, toX, toY }, { formatTick }) {
  return s(
    'g',
    { class: 'axes', 'aria-hidden': 'true' },
    ticks.map((tick) => s('line', { x1: LEFT, x2: WIDTH - RIGHT, y1: toY(tick), y2: toY(tick) })),
    ticks.map((tick) => s('text', { x: LEFT - 8, y: toY(tick) + 4, 'text-anchor': 'end' }, formatTick(tick))),
    marks.map((mark) => s('text', { x: toX(mark), y: HEIGHT - 8, 'text-anchor': 'middle' }, mark.toLocaleString('en'))),
  );
}

/** @param {Curve} curve @param {Axes} axes @param {{ index: number, hasMarks: boolean }} style */
function drawCurve({ iterations, values }, { toX, toY }, { index, hasMarks }) {
  const places = iterations.map((iteration, i) => [toX(iteration), toY(/** @type {number} */ (values[i]))]);
  const marked = hasMarks && places.length <= 60 ? places : places.slice(-1);
  return s(
    'g',
    { class: `curve curve-${index}` },
    s('polyline', { points: places.map(([x, y]) => `${x},${y}`).join(' ') }),
    marked.map(([x, y]) => s('circle', { cx: x, cy: y, r: 3 })),
  );
}

/** @typedef {{ iteration: number, value: number, label: string } | null} Point */

/** @param {readonly Point[]} points @param {Axes} axes */
function drawCursor(points, { toX, toY }) {
  const first = points.find((point) => point !== null);
  if (!first) return [];
  const x = toX(first.iteration);
  return [
    s('line', { x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM }),
    ...points.flatMap((point, i) =>
      point === null
        ? []
        : [s('circle', { class: `curve-${i}`, cx: toX(point.iteration), cy: toY(point.value), r: 4 })],
    ),
  ];
}

/** @param {Curve} curve @param {number | null} iteration @returns {Point} the newest one for null */
function pointAt({ iterations, values, label }, iteration) {
  const index = iteration === null ? iterations.length - 1 : nearestIndex(iterations, iteration);
  const [found, value] = [iterations[index], values[index]];
  return found === undefined || value === undefined ? null : { iteration: found, value, label };
}

/** @param {readonly Point[]} points @param {ChartOptions} options @param {number | null} cursor */
function describePoints(points, { format }, cursor) {
  const first = points.find((point) => point !== null);
  if (!first) return ['no value yet'];
  return [
    cursor === null ? null : h('span', { class: 'at' }, `iteration ${first.iteration.toLocaleString('en')}`),
    ...points.map((point, i) =>
      point === null
        ? null
        : h('span', { class: `value curve-${i}` }, point.label === '' ? '' : `${point.label} `, format(point.value)),
    ),
  ];
}

/** @param {readonly Curve[]} curves @param {ChartOptions} options */
function summarize(curves, { title, format }) {
  const parts = curves.flatMap(({ label, iterations, values }) => {
    if (values.length === 0) return [];
    const words = [
      `iterations ${iterations[0]} to ${iterations.at(-1)}`,
      `first ${format(/** @type {number} */ (values[0]))}`,
      `last ${format(/** @type {number} */ (values.at(-1)))}`,
      `least ${format(Math.min(...values))}`,
      `greatest ${format(Math.max(...values))}`,
    ];
    return [`${label === '' ? '' : `${label}: `}${words.join(', ')}`];
  });
  return `${title}. ${parts.length === 0 ? 'No value yet' : parts.join('; ')}. Arrow keys read single values.`;
}

/**
 * @typedef {object} Following
 * @property {(x: number) => number} iterationAt
 * @property {() => readonly number[]} iterations
 * @property {(hasFocus: boolean) => void} onFocus
 */

/** @param {SVGSVGElement} plot @param {Cursor} cursor @param {Following} following */
function follow(plot, cursor, { iterationAt, iterations, onFocus }) {
  const point = (/** @type {PointerEvent} */ event) => {
    const { left, width } = plot.getBoundingClientRect();
    cursor.set(Math.max(0, iterationAt(((event.clientX - left) / width) * WIDTH)));
  };
  plot.addEventListener('pointermove', point);
  plot.addEventListener('pointerdown', point);
  plot.addEventListener('pointerleave', () => cursor.set(null));
  plot.addEventListener('focus', () => onFocus(true));
  plot.addEventListener('blur', () => {
    onFocus(false);
    cursor.set(null);
  });
  plot.addEventListener('keydown', (event) => {
    const next = move(event.key, iterations(), cursor.iteration);
    if (next === undefined) return;
    event.preventDefault();
    cursor.set(next);
  });
}

/**
 * Where a key moves the cursor; undefined for other keys.
 * @param {string} key
 * @param {readonly number[]} iterations
 * @param {number | null} from
 * @returns {number | null | undefined}
 */
export function move(key, iterations, from) {
  const last = iterations.length - 1;
  const index = from === null ? last : nearestIndex(iterations, from);
  /** @type {Record<string, number>} */
  const targets = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    PageUp: index - 10,
    PageDown: index + 10,
    Home: 0,
    End: last,
  };
  const target = targets[key];
  if (key === 'Escape') return null;
  return target === undefined || last < 0 ? undefined : iterations[Math.max(0, Math.min(last, target))];
}

/** @param {readonly Curve[]} curves */
function longest(curves) {
  return curves.reduce(
    (best, curve) => (curve.values.length > best.values.length ? curve : best),
    curves[0] ?? NO_CURVE,
  );
}

/** @type {Curve} */
const NO_CURVE = { label: '', iterations: [], values: [] };

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
