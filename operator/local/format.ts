/** Numbers and times as people read them in the views. Pure. */

/** "7 s", "1 min 05 s", "2 h 03 min". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

/** A share of 1: "62.5 %". */
export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** "1,234". */
export function formatCount(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Three or four significant digits, without an exponent where it can be avoided: "1.234", "0.0123", "3.1e-6", "0". */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (!Number.isFinite(value)) return String(value);
  if (size < 1e-3) return value.toExponential(1);
  if (size >= 1000) return formatCount(value);
  return value.toFixed(Math.max(0, Math.min(4, 3 - Math.floor(Math.log10(size)))));
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
