/** The structured log of a worker: JSON lines on standard output, each with job, role and rank. */
import { basename } from 'node:path';
import { type Logger, pino } from 'pino';
import type { WorkerSettings } from '../config.ts';

export type { Logger };

/** A logger whose lines carry who writes them. `name` is a part of the worker, such as `rendezvous`. */
export function createLogger(settings: WorkerSettings, name: string = basename(settings.role)): Logger {
  return pino(
    {
      level: settings.logLevel,
      base: { role: settings.role, rank: settings.index, pod: settings.podName, name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    // Synchronous: the last words of a dying process are the ones that matter.
    pino.destination({ dest: 1, sync: true }),
  );
}
