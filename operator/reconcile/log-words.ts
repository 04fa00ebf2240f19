/**
 * What a log says at its end, in few words: of JSON lines (pino's fields) or plain ones. Pure; knows not who wrote them, nor
 * where they lie.
 */

/** Kubernetes' limits for a message taken from a log: 2048 bytes or 80 lines, whichever is less. */
const MAX_MESSAGE_BYTES = 2048;
const MAX_LINES = 12;
const MAX_ERRORS = 3;
/** pino's numbers. */
const ERROR_LEVEL = 50;
const FATAL_LEVEL = 60;
const ERROR_LEVELS: readonly unknown[] = ['error', 'fatal'];
const REST_OF_JSON = /^[^{].*"msg":"((?:[^"\\]|\\.)*)"\}$/;
const STACK_FRAME = /^\s+at /;
const PLAIN_ERROR = /^\s*(Uncaught )?\w*(Error|Exception)\b.*:/;

/**
 * The lines of a log's end that say most: what ended the process, or its last errors (a plain one with the lines that
 * continue it), else its last lines. Stack frames are left to the log.
 */
export function summarizeLog(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !STACK_FRAME.test(line));
  const parsed = lines.map(parseLine);
  const end = parsed.findLast((line) => line.isFatal);
  if (end !== undefined) return clip(end.text);
  const lastError = parsed.findLastIndex((line) => line.isError);
  if (lastError < 0) return clip(joinLines(parsed.slice(-MAX_LINES)));
  if (parsed[lastError]?.isJson) return clip(joinLines(parsed.filter((line) => line.isError).slice(-MAX_ERRORS)));
  const next = parsed.findIndex((line, i) => i > lastError && line.isJson);
  return clip(joinLines(parsed.slice(lastError, next < 0 ? undefined : next).slice(0, MAX_LINES)));
}

function joinLines(lines: readonly LogLine[]): string {
  return lines.map((line) => line.text).join('\n');
}

interface LogLine {
  readonly text: string;
  readonly isError: boolean;
  /** Written by a process that could not go on. */
  readonly isFatal: boolean;
  readonly isJson: boolean;
}

function parseLine(line: string): LogLine {
  const entry = parseJsonObject(line);
  if (entry === null) {
    const text = messageOfRest(line) ?? line;
    return { text, isError: PLAIN_ERROR.test(text), isFatal: false, isJson: false };
  }
  const { msg, err, level, exitCode } = entry;
  const message = typeof msg === 'string' ? msg : line;
  const cause = causeOf(err);
  return {
    text: cause === '' || message.includes(cause) ? message : `${message}: ${cause}`,
    isError: typeof level === 'number' ? level >= ERROR_LEVEL : ERROR_LEVELS.includes(level),
    isFatal: typeof exitCode === 'number' || level === FATAL_LEVEL || level === 'fatal',
    isJson: true,
  };
}

function causeOf(err: unknown): string {
  const cause = typeof err === 'object' && err !== null && 'message' in err ? err.message : err;
  return typeof cause === 'string' ? cause : '';
}

/** Of a line whose beginning was cut off: its message, which stands last. */
function messageOfRest(line: string): string | null {
  const message = REST_OF_JSON.exec(line)?.[1];
  return message === undefined ? null : (parseJson(`"${message}"`) as string | null);
}

function parseJsonObject(line: string): Record<string, unknown> | null {
  return line.startsWith('{') ? (parseJson(line) as Record<string, unknown> | null) : null;
}

/** Null for what only looks like JSON: anybody may have written it, and the first line of a tail is cut in the middle. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
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
