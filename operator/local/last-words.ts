/**
 * A container's last words: what its log says at the end, short enough for a pod's status (the meaning of
 * `terminationMessagePolicy: FallbackToLogsOnError`). Knows the file; what its lines say is log-words.ts.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { summarizeLog } from '../reconcile/log-words.ts';

const TAIL_BYTES = 16384;

/** Reads the end of the log that began at `fromByte` (a restarted container appends to the same file). Never throws. */
export function readLastWords(logPath: string, fromByte: number): string {
  try {
    return summarizeLog(readTail(logPath, fromByte));
  } catch {
    // No log, no words: the exit code must do.
    return '';
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
