/** The structured log of a worker: JSON lines on standard output, each with job, role and rank. */
import { basename } from 'node:path';
import { type Logger, pino } from 'pino';
import type { WorkerSettings } from '../config.ts';

export type { Logger };

/** Lines kept for a full disk to take later; beyond it they are dropped. */
const MAX_PENDING_BYTES = 2 ** 20;

/** A logger whose lines carry who writes them. `name` is a part of the worker, such as `rendezvous`. */
export function createLogger(settings: WorkerSettings, name: string = basename(settings.role)): Logger {
  // Synchronous: the last words of a dying process are the ones that matter.
  const destination = pino.destination({ dest: 1, sync: true, maxLength: MAX_PENDING_BYTES });
  // A log that can't be written must not break what it tells of: without a listener, a full disk throws at every line.
  destination.on('error', () => {});
  return pino(
    {
      level: settings.logLevel,
      base: { role: settings.role, rank: settings.index, pod: settings.podName, name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}
