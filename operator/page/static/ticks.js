// Where an axis has its marks, and which point is nearest to a place on it. Pure.

const NUM_TICKS = 4;
const STEPS = [1, 2, 2.5, 5, 10];

/**
 * Round numbers that enclose [least, greatest], about NUM_TICKS steps apart.
 * @param {number} least
 * @param {number} greatest
 * @returns {number[]}
 */
export function niceTicks(least, greatest) {
  const span = greatest - least || Math.abs(greatest) || 1;
  const raw = span / NUM_TICKS;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = magnitude * (STEPS.find((factor) => factor * magnitude >= raw * 0.999) ?? 10);
  const first = Math.floor(least / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(greatest / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/**
 * Whole numbers from 0 to `greatest`, for iterations.
 * @param {number} greatest
 * @returns {number[]}
 */
export function iterationTicks(greatest) {
  return niceTicks(0, Math.max(1, greatest)).filter((tick) => tick <= Math.max(1, greatest) && Number.isInteger(tick));
}

/**
 * The index of the value nearest to `place` in ascending `values`; -1 where there is none.
 * @param {readonly number[]} values
 * @param {number} place
 */
export function nearestIndex(values, place) {
  let [low, high] = [0, values.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (/** @type {number} */ (values[middle]) < place) low = middle;
    else high = middle;
  }
  if (high < 0) return -1;
  const [before, after] = [/** @type {number} */ (values[low]), /** @type {number} */ (values[high])];
  return place - before <= after - place ? low : high;
}
