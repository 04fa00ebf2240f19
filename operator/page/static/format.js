// Numbers and times as people read them, in every place alike. Pure.

/** @param {number | null | undefined} value @returns {string} "1.234", "28,412", "3.1e-6"; a dash for what is unknown */
export function formatNumber(value) {
  if (value === null || value === undefined) return '–';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 1e-3) return value.toExponential(1);
  if (size >= 1000) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.max(0, Math.min(4, 3 - Math.floor(Math.log10(size)))));
}

/** @param {number} value @returns {string} of an axis: no digits that say nothing */
export function formatTick(value) {
  if (value === 0) return '0';
  if (Math.abs(value) < 1e-3) return value.toExponential().replace(/e\+?/, 'e');
  return value.toLocaleString('en', { maximumSignificantDigits: 5 });
}

/** @param {number | null | undefined} share @returns {string} "62.5 %" */
export function formatPercent(share) {
  return share === null || share === undefined ? '–' : `${(100 * share).toFixed(1)} %`;
}

/** @param {number} seconds @returns {string} "42 ms", "7.3 s", "1 min 05 s", "2 h 03 min" */
export function formatSeconds(seconds) {
  if (seconds < 1) return `${Number((1000 * seconds).toPrecision(3))} ms`;
  return seconds < 60 ? `${Number(seconds.toPrecision(3))} s` : formatDuration(seconds);
}

/** @param {number | null} seconds @returns {string} "7 s", "1 min 05 s", "2 h 03 min", "3 d 4 h" */
export function formatDuration(seconds) {
  if (seconds === null) return '–';
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** @param {number} seconds @returns {string} one unit, as `kubectl get` shows ages: "7s", "5m", "3h", "2d" */
export function formatAge(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole}s`;
  if (whole < 7200) return `${Math.floor(whole / 60)}m`;
  if (whole < 172_800) return `${Math.floor(whole / 3600)}h`;
  return `${Math.floor(whole / 86_400)}d`;
}

/** @param {number} value */
function pad(value) {
  return String(value).padStart(2, '0');
}
