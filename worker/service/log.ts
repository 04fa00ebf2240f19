/**
 * The structured log of a worker: JSON lines on standard output, each with job, role, rank and pod, and with the iteration
 * as soon as the worker knows it.
 */
import { basename } from 'node:path';
import { type Logger, pino } from 'pino';
import type { WorkerSettings } from '../config.ts';
import { currentIteration } from './iteration.ts';

export type { Logger };

type LogSettings = Pick<WorkerSettings, 'role' | 'servesRole' | 'index' | 'podName' | 'jobName' | 'logLevel'>;

/** Lines kept for a full disk to take later; beyond it they are dropped. */
const MAX_PENDING_BYTES = 2 ** 20;
/** The message must fit into what a kubelet keeps of a log's end, too. */
const MAX_STACK_FRAMES = 5;

/** A logger whose lines carry who writes them. `name` is a part of the worker, such as `rendezvous`. */
export function createLogger(settings: LogSettings, name: string = basename(settings.role)): Logger {
  // Synchronous: the last words of a dying process are the ones that matter.
  const destination = pino.destination({ dest: 1, sync: true, maxLength: MAX_PENDING_BYTES });
  // A log that can't be written must not break what it tells of: without a listener, a full disk throws at every line.
  destination.on('error', () => {});
  const { jobName, role, servesRole, index, podName } = settings;
  return pino(
    {
      level: settings.logLevel,
      // A sidecar is part of what it serves; its name tells the two apart.
      base: { ...(jobName && { job: jobName }), role: servesRole ?? role, rank: index, pod: podName, name },
      mixin: () => {
        const iteration = currentIteration();
        return iteration === null ? {} : { iteration };
      },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

/** The last line of a process that can't go on: what happened, where, and with which exit code it ends. */
export function logEnd(log: Logger, error: unknown, exitCode: number): void {
  const { name, message, stack = '', cause } = error instanceof Error ? error : new Error(String(error));
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const err = {
    type: name,
    stack: frames.slice(0, MAX_STACK_FRAMES).map((frame) => frame.trim()),
    ...(cause instanceof Error && cause.message !== message && { cause: cause.message }),
  };
  // Not `fatal`: pino then waits until the line is written, on a full disk for ever.
  log.error({ exitCode, err }, message);
}
