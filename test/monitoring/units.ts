// Numbers as Grafana writes them, for the units that the dashboards use. An unknown unit is an error: the panel has a wrong
// one, or this file lacks it.

const SI = ['', ' K', ' Mil', ' Bil', ' Tri'];
const IEC = [' B', ' KiB', ' MiB', ' GiB', ' TiB'];
const SI_BYTES = [' B/s', ' kB/s', ' MB/s', ' GB/s', ' TB/s'];
const LONG = [
  ['day', 86_400],
  ['hour', 3600],
  ['min', 60],
] as const;

const FORMATS: Readonly<Record<string, (value: number) => string>> = {
  none: significant,
  short: (value) => scaled(value, 1000, SI),
  sci: (value) => value.toExponential(2),
  percentunit: (value) => `${significant(100 * value)}%`,
  bytes: (value) => scaled(value, 1024, IEC),
  Bps: (value) => scaled(value, 1000, SI_BYTES),
  ops: (value) => `${scaled(value, 1000, SI)} ops/s`,
  reqps: (value) => `${scaled(value, 1000, SI)} req/s`,
  s: seconds,
};

export function formatValue(value: number, unit: string): string {
  const format = FORMATS[unit];
  if (format === undefined) throw new Error(`no format for Grafana's unit ${unit}`);
  return Number.isFinite(value) ? format(value) : String(value);
}

function significant(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function scaled(value: number, base: number, names: readonly string[]): string {
  const power = value === 0 ? 0 : Math.floor(Math.log(Math.abs(value)) / Math.log(base) + 1e-9);
  const index = Math.min(Math.max(power, 0), names.length - 1);
  return `${significant(value / base ** index)}${names[index]}`;
}

function seconds(value: number): string {
  const size = Math.abs(value);
  const long = LONG.find(([, length]) => size >= length);
  if (long !== undefined) return `${significant(value / long[1])} ${long[0]}`;
  if (size >= 1 || size === 0) return `${significant(value)} s`;
  return size >= 1e-3 ? `${significant(value * 1e3)} ms` : `${significant(value * 1e6)} µs`;
}
