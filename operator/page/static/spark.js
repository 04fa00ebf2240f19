// A small curve without axes, for a row of a table.

import { s } from './dom.js';

const [WIDTH, HEIGHT, MARGIN] = [96, 24, 3];

/** @param {readonly number[]} values @param {string} label */
export function spark(values, label) {
  if (values.length < 2) return null;
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  const range = greatest - least || 1;
  const points = values.map((value, i) => {
    const x = MARGIN + (i / (values.length - 1)) * (WIDTH - 2 * MARGIN);
    const y = HEIGHT - MARGIN - ((value - least) / range) * (HEIGHT - 2 * MARGIN);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const [x, y] = /** @type {string} */ (points.at(-1)).split(',');
  return s(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label },
    s('polyline', { points: points.join(' ') }),
    s('circle', { cx: x, cy: y, r: 2.2 }),
  );
}
