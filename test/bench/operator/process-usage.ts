// CPU time and memory of another process, as Linux counts them. It knows nothing of what the process does.

import { readFileSync } from 'node:fs';

/** Ticks a second in /proc on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface Usage {
  readonly atMs: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

export function readUsage(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name in parentheses, which may hold spaces: state is field 3, utime 14, stime 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    atMs: performance.now(),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    residentBytes: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024,
  };
}

/** Cores used on average between two looks. */
export function coresBetween(before: Usage, after: Usage): number {
  return (after.cpuSeconds - before.cpuSeconds) / ((after.atMs - before.atMs) / 1000);
}
