/** A line of a worker's log as fields: pino's JSON. Pure. */

export type LogEntry = Readonly<Record<string, unknown>>;

/** Null for a line that is something else. */
export function parseLogEntry(text: string): LogEntry | null {
  if (!text.startsWith('{')) return null;
  try {
    const entry: unknown = JSON.parse(text);
    return typeof entry === 'object' && entry !== null && 'msg' in entry ? (entry as LogEntry) : null;
  } catch {
    return null; // it only looks like one
  }
}
