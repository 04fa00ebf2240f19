/** Tables as kubectl prints them, and times of objects. Pure. */

const GAP = '   ';

/** Columns as wide as their widest cell; the last one has no padding. */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(GAP))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** "42s", "7m", "3h12m", "5d": two units at most. */
export function formatAge(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 120) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  return `${Math.floor(hours / 24)}d`;
}

export function secondsSince(time: string | undefined, nowMs: number): number | null {
  const ms = Date.parse(time ?? '');
  return Number.isFinite(ms) ? Math.max(0, (nowMs - ms) / 1000) : null;
}
