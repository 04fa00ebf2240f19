/**
 * A container's last words: what its log says at the end, short enough for a pod's status (the meaning of
 * `terminationMessagePolicy: FallbackToLogsOnError`). Knows log lines, JSON (pino's fields) or plain; not who wrote them.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Kubernetes' limits for a message taken from a log: 2048 bytes or 80 lines, whichever is less. */
const MAX_MESSAGE_BYTES = 2048;
const TAIL_BYTES = 16384;
const MAX_LINES = 12;
const MAX_ERRORS = 3;
/** pino's number for `error`. */
const ERROR_LEVEL = 50;
const ERROR_LEVELS: readonly unknown[] = ['error', 'fatal'];
const STACK_FRAME = /^\s+at /;
const PLAIN_ERROR = /^\s*(Uncaught )?\w*(Error|Exception)\b.*:/;

/** Reads the end of the log that began at `fromByte` (a restarted container appends to the same file). Never throws. */
export function readLastWords(logPath: string, fromByte: number): string {
  try {
    return summarizeLog(readTail(logPath, fromByte));
  } catch {
    // No log, no words: the exit code must do.
    return '';
  }
}

/**
 * The lines of a log's end that say most: its last errors where it has some (a plain one with the lines that continue
 * it), else its last lines. Stack frames are left to the log.
 */
export function summarizeLog(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !STACK_FRAME.test(line));
  const parsed = lines.map(parseLine);
  const lastError = parsed.findLastIndex((line) => line.isError);
  if (lastError < 0) return clip(joinLines(parsed.slice(-MAX_LINES)));
  if (parsed[lastError]?.isJson) return clip(joinLines(parsed.filter((line) => line.isError).slice(-MAX_ERRORS)));
  const end = parsed.findIndex((line, i) => i > lastError && line.isJson);
  return clip(joinLines(parsed.slice(lastError, end < 0 ? undefined : end).slice(0, MAX_LINES)));
}

function joinLines(lines: readonly LogLine[]): string {
  return lines.map((line) => line.text).join('\n');
}

interface LogLine {
  readonly text: string;
  readonly isError: boolean;
  readonly isJson: boolean;
}

function parseLine(line: string): LogLine {
  const entry = parseJsonObject(line);
  if (entry === null) return { text: line, isError: PLAIN_ERROR.test(line), isJson: false };
  const message = typeof entry['msg'] === 'string' ? entry['msg'] : line;
  const error = entry['err'];
  const cause =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error ?? '');
  const isError =
    typeof entry['level'] === 'number' ? entry['level'] >= ERROR_LEVEL : ERROR_LEVELS.includes(entry['level']);
  return { text: cause === '' || message.includes(cause) ? message : `${message}: ${cause}`, isError, isJson: true };
}

function parseJsonObject(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    // A line that only looks like JSON, or the first one of the tail, cut in the middle.
    return null;
  }
}

function readTail(path: string, fromByte: number): string {
  const file = openSync(path, 'r');
  try {
    const end = fstatSync(file).size;
    const start = Math.max(fromByte, end - TAIL_BYTES);
    const bytes = Buffer.alloc(Math.max(0, end - start));
    readSync(file, bytes, 0, bytes.length, start);
    return bytes.toString('utf8');
  } finally {
    closeSync(file);
  }
}

function clip(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= MAX_MESSAGE_BYTES) return text;
  return `…${bytes
    .subarray(bytes.length - MAX_MESSAGE_BYTES + 4)
    .toString('utf8')
    .replace(/^�+/, '')}`;
}
