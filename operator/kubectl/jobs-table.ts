/** All jobs in a table: what `kubectl get ppojobs` shows, and how much of each job is done. Pure. */
import type { PPOJobStatus } from '../api/ppojob.ts';
import type { Stored } from '../cluster/objects.ts';
import { formatDuration, formatNumber } from '../local/format.ts';
import { buildJobView } from '../local/job-view.ts';
import { METRICS } from '../local/metrics-file.ts';
import type { PPOJobObject } from '../reconcile/ppojob-kind.ts';
import { formatAge, renderTable, secondsSince } from './table.ts';

const HEADER = ['NAME', 'STATUS', 'ITERATION', 'SCORE', 'KL', 'TOKENS/S', 'READY', 'RESTARTS', 'LEFT', 'AGE'];
const NONE = '-';

export function renderJobs(
  jobs: readonly Stored<PPOJobObject>[],
  { nowMs, hasNamespaces }: { readonly nowMs: number; readonly hasNamespaces: boolean },
): string {
  const keyOf = ({ metadata }: Stored<PPOJobObject>): string => `${metadata.namespace}/${metadata.name}`;
  const rows = jobs
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .map((job) => [...(hasNamespaces ? [job.metadata.namespace] : []), ...rowOf(job, nowMs)]);
  return renderTable([...(hasNamespaces ? ['NAMESPACE'] : []), ...HEADER], rows);
}

function rowOf(job: Stored<PPOJobObject>, nowMs: number): string[] {
  const { progress, restarts } = job.status ?? {};
  const figure = (name: string): string => numberOr(progress?.metrics?.[name]);
  const left = progress?.remainingSeconds;
  return [
    job.metadata.name,
    stageOf(job),
    progress === undefined ? NONE : `${progress.iteration}/${progress.numIterations}`,
    figure(METRICS.score),
    figure(METRICS.kl),
    numberOr(progress?.tokensPerSecond),
    readyPods(job.status),
    String(restarts ?? 0),
    left === undefined || job.status?.completionTime !== undefined ? NONE : formatDuration(left),
    formatAge(secondsSince(job.metadata.creationTimestamp, nowMs) ?? 0),
  ];
}

function stageOf(job: Stored<PPOJobObject>): string {
  if (job.metadata.deletionTimestamp !== undefined) return 'Deleting';
  const { condition } = buildJobView(job, []);
  if (condition === null) return 'Pending';
  return condition.status === 'False' ? `Not${condition.type}` : condition.type;
}

function readyPods({ roles, completionTime }: PPOJobStatus = {}): string {
  if (roles === undefined || completionTime !== undefined) return NONE;
  const all = Object.values(roles);
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  return `${sum(all.map(({ ready }) => ready))}/${sum(all.map(({ desired }) => desired))}`;
}

function numberOr(decimal: string | undefined): string {
  return decimal === undefined ? NONE : formatNumber(Number(decimal));
}
