/** A line of a pod's log as people read it: time, level, pod, message, fields. Pure. */
import { stripVTControlCharacters } from 'node:util';
import type { LogLine } from '../cluster/pod-access.ts';
import { type LogEntry, parseLogEntry } from './log-entry.ts';

export interface LogSource {
  readonly pod: string;
  readonly container: string;
  /** In front of the line: the pod, and the container where it is not the only one. */
  readonly title: string;
  /** Its colour, the same for all its lines. */
  readonly hue: number;
}

const HUES = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
const DIM = 2;
const LEVEL_CODES: Readonly<Record<string, number>> = { debug: DIM, info: 32, warn: 33, error: 31, fatal: 31 };
/** pino's numbers, where somebody's logger writes those. */
const LEVEL_NAMES: Readonly<Record<number, string>> = {
  ...{ 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' },
};
/** Said by the line's beginning already. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...['level', 'time', 'msg', 'job', 'role', 'rank', 'pod', 'name', 'pid', 'hostname', 'err'],
]);
const LEVEL_COLUMNS = 5;
const MAX_STACK_LINES = 12;
const SIGNIFICANT_DIGITS = 6;

export function hueOf(index: number): number {
  return HUES[index % HUES.length] ?? 0;
}

/** One line, or more where an error has a stack. */
export function renderText(line: LogLine, source: LogSource, hasColor: boolean): string {
  const paint = (code: number, text: string): string =>
    hasColor && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text;
  const entry = parseLogEntry(line.text);
  const title = paint(source.hue, source.title);
  if (entry === null) return `${clock(line.time)} ${' '.repeat(LEVEL_COLUMNS)} ${title} ${clean(line.text)}`;
  const level = levelOf(entry);
  const time = typeof entry['time'] === 'string' ? entry['time'] : line.time;
  const start = `${paint(DIM, clock(time))} ${paint(LEVEL_CODES[level] ?? 0, level.toUpperCase().padEnd(LEVEL_COLUMNS))}`;
  const fields = fieldsOf(entry).map(([name, value]) => `${paint(DIM, `${name}=`)}${show(value)}`);
  const said = [clean(String(entry['msg'])), ...fields].join('  ');
  return [`${start} ${title} ${said}`, ...errorLines(entry).map((text) => paint(DIM, `    ${text}`))].join('\n');
}

/** As it was written where that is JSON; else the line in an object, so that every line is one. */
export function renderJson({ time, text }: LogLine, { pod, container }: LogSource): string {
  return parseLogEntry(text) === null ? JSON.stringify({ time, pod, container, msg: text }) : text;
}

function levelOf({ level }: LogEntry): string {
  return typeof level === 'number' ? (LEVEL_NAMES[level] ?? String(level)) : String(level ?? '');
}

function fieldsOf(entry: LogEntry): [string, unknown][] {
  return Object.entries(entry).filter(([name]) => !KNOWN_FIELDS.has(name));
}

/** Figures to as many digits as anybody reads. */
function show(value: unknown): string {
  if (typeof value === 'number') {
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return clean(/[\s"=]/.test(text) && typeof value === 'string' ? JSON.stringify(text) : text);
}

/** The error's words where the message hasn't them, and where it came from. */
function errorLines({ err, msg }: LogEntry): string[] {
  if (typeof err !== 'object' || err === null) return err === undefined ? [] : [clean(String(err))];
  const { message, stack } = err as Readonly<Record<string, unknown>>;
  if (Array.isArray(stack)) return stack.slice(0, MAX_STACK_LINES).map((frame) => clean(String(frame)));
  if (typeof stack === 'string') return clean(stack).split('\n').slice(0, MAX_STACK_LINES);
  return message === undefined || message === msg ? [] : [clean(String(message))];
}

/** Pods may write what they like: nothing of it moves the cursor of who reads it. */
function clean(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\n\t]/gu, '');
}

/** "12:00:01.250", in UTC as the log has it. */
function clock(time: string): string {
  return (
    /T(\d\d:\d\d:\d\d(\.\d{1,3})?)/
      .exec(time)?.[1]
      ?.padEnd(12, '0')
      .replace(/^(.{8})0000$/, '$1.000') ?? '-'.padEnd(12)
  );
}
