/**
 * Lines of many logs in one order: by their times where all is written already, as they come where logs are followed.
 * Knows nothing of where they come from. Holds one line of each log, however long the logs are.
 */
import type { LogLine } from '../cluster/pod-access.ts';

export interface SourcedLine<S> {
  readonly line: LogLine;
  readonly source: S;
}

interface Head<S> {
  readonly source: S;
  readonly lines: AsyncIterator<LogLine>;
  line: LogLine;
  timeNs: bigint;
}

/** Every log is in order by itself; lines of the same time come in the order of the sources. */
export async function* mergeByTime<S>(
  logs: readonly { readonly source: S; readonly lines: AsyncIterable<LogLine> }[],
): AsyncGenerator<SourcedLine<S>> {
  const starting = logs.map(async ({ source, lines }): Promise<Head<S> | null> => {
    const iterator = lines[Symbol.asyncIterator]();
    const first = await iterator.next();
    return first.done ? null : { source, lines: iterator, line: first.value, timeNs: timeOf(first.value, 0n) };
  });
  const heads = (await Promise.all(starting)).filter((head) => head !== null);
  try {
    while (heads.length > 0) {
      const head = heads.reduce((first, other) => (other.timeNs < first.timeNs ? other : first));
      yield { line: head.line, source: head.source };
      const next = await head.lines.next();
      if (next.done) heads.splice(heads.indexOf(head), 1);
      else {
        head.line = next.value;
        head.timeNs = timeOf(next.value, head.timeNs);
      }
    }
  } finally {
    await Promise.all(heads.map(({ lines }) => lines.return?.()));
  }
}

const FRACTION = /\.(\d{1,9})/;

/** Nanoseconds since 1970; a line without a time belongs to the one before it. */
function timeOf({ time }: LogLine, before: bigint): bigint {
  const wholeMs = Date.parse(time.replace(FRACTION, ''));
  if (!Number.isFinite(wholeMs)) return before;
  const fraction = (FRACTION.exec(time)?.[1] ?? '').padEnd(9, '0');
  return BigInt(wholeMs) * 1_000_000n + BigInt(fraction);
}
