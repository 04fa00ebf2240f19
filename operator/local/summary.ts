/** The end of a run: what summary.json holds, and the words on the screen. Starts and writes nothing. */
import type { RoleName } from '../api/names.ts';
import { formatCount, formatDuration, formatNumber, formatPercent } from './format.ts';
import type { JobView } from './job-view.ts';
import { type IterationRecord, METRICS } from './metrics-file.ts';
import { findCheckpoint, type OutputPaths, type RunFolders } from './output.ts';

export interface Summary {
  /** The job's last condition; "not Accepted" where the operator refused it. */
  readonly condition: string;
  readonly iterations: number;
  /** Held-out exact match, 0..1; null where it was not measured. */
  readonly accuracyBefore: number | null;
  readonly accuracyAfter: number | null;
  /** From the start of this command to the job's end. */
  readonly seconds: number;
  /** Largest |rollout logprob - trainer logprob| of any token; null before the first iteration. */
  readonly maxLogprobDifference: number | null;
  /** Generated in training rollouts. */
  readonly tokens: number;
  readonly restarts: Readonly<Partial<Record<RoleName, number>>>;
  /** Why the job ended as it did. */
  readonly reason: string;
  readonly message: string;
}

/** `records` are on disk before the coordinator ends, so they may be ahead of the progress that the status holds. */
export function summarize(view: JobView, records: readonly IterationRecord[], seconds: number): Summary {
  const { condition, progress, roles } = view;
  const measured = records.map((record) => record.metrics[METRICS.accuracy]).filter((value) => value !== undefined);
  const iterations = Math.max(progress?.iteration ?? 0, records.at(-1)?.iteration ?? 0);
  const number = (text: string | undefined): number | null => (text === undefined ? null : Number(text));
  return {
    condition: condition === null ? 'Unknown' : condition.status === 'True' ? condition.type : `not ${condition.type}`,
    iterations,
    accuracyBefore: number(progress?.accuracyBefore),
    accuracyAfter: measured.at(-1) ?? number(progress?.accuracy),
    seconds: Math.round(seconds * 10) / 10,
    maxLogprobDifference: iterations === 0 ? null : number(progress?.maxLogprobDifference),
    tokens: progress?.tokens ?? 0,
    restarts: Object.fromEntries(roles.map(({ role, restarts }) => [role, restarts])),
    reason: condition?.reason ?? '',
    message: condition?.message ?? '',
  };
}

/** Paths are given as the user should read them. */
export function renderSummary(summary: Summary, paths: OutputPaths): string[] {
  const { accuracyBefore, accuracyAfter, maxLogprobDifference } = summary;
  const numRestarts = Object.values(summary.restarts).reduce((sum, count) => sum + count, 0);
  const hasEnded = summary.condition === 'Succeeded';
  const lines: [string, string][] = [
    ['job', `${summary.condition} after ${formatDuration(summary.seconds)}, ${summary.iterations} iterations`],
    ...(hasEnded ? [] : ([['reason', `${summary.reason}: ${summary.message}`]] as [string, string][])),
    ['accuracy', accuracyText(accuracyBefore, accuracyAfter)],
    ['tokens', formatCount(summary.tokens)],
    [
      'parity',
      maxLogprobDifference === null
        ? 'not measured'
        : `${formatNumber(maxLogprobDifference)}, the largest logprob difference between generation and training`,
    ],
    ['restarts', String(numRestarts)],
    ...(hasEnded ? ([['model', paths.actor]] as [string, string][]) : []),
    ['curves', paths.curves],
    ['summary', paths.summary],
    ['logs', paths.logs],
  ];
  return lines.map(([label, text]) => `${label.padEnd(10)}${text}`);
}

function accuracyText(before: number | null, after: number | null): string {
  if (before === null || after === null) return 'not measured';
  const points = 100 * (after - before);
  return `${formatPercent(before)} before, ${formatPercent(after)} after (${points >= 0 ? '+' : ''}${points.toFixed(1)} points, held-out)`;
}

/** What an interrupted user can do next. `args` are those of this run. */
export function renderInterrupted(reason: string, args: readonly string[], folders: RunFolders): string[] {
  const iteration = findCheckpoint(folders.checkpointDirectory);
  const command = ['npm start --', ...args.map(quote)].join(' ');
  const resume = args.includes('--resume') ? command : `${command} --resume`;
  return [
    `interrupted (${reason}); every process has ended and shared memory is free`,
    ...(iteration === null
      ? [`rerun: ${command}   (there is no checkpoint yet; what lies in ${folders.outputDirectory} is moved aside)`]
      : [`resume from iteration ${iteration}: ${resume}`]),
  ];
}

function quote(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
