/** What has happened between two views of a job, as sentences: conditions, lost pods, restarts. Pure. */
import { constants } from 'node:os';
import { CONDITIONS } from '../api/names.ts';
import type { JobView, PodView, RoleView } from './job-view.ts';

/** The sentences in the order in which they matter. `before` is null at the start. */
export function describeChanges(before: JobView | null, after: JobView): string[] {
  return [
    ...describeFailure(before, after),
    ...describePods(before, after),
    ...after.roles.flatMap((role) => describeRestarts(before, role)),
    ...describeCondition(before, after),
  ];
}

function describeCondition(before: JobView | null, after: JobView): string[] {
  const { condition } = after;
  const old = before?.condition;
  if (condition === null || (old?.type === condition.type && old.reason === condition.reason)) return [];
  // A job falls back to it while a pod is replaced, which is told otherwise.
  if (condition.type === CONDITIONS.accepted && condition.status === 'True') return [];
  // Running is clear by itself, and the end has its own summary.
  const isClear = condition.message === '' || condition.type === CONDITIONS.running;
  return [isClear ? `job ${condition.type}` : `job ${condition.type}: ${firstLine(condition.message)}`];
}

/** From the status, not from the pods: a pod may be replaced between two looks. The job's own end names its pod itself. */
function describeFailure(before: JobView | null, after: JobView): string[] {
  const failure = after.lastFailure;
  if (failure === null || failure.uid === before?.lastFailure?.uid) return [];
  if (after.condition?.type === CONDITIONS.failed) return [];
  const signal = signalName(failure.exitCode);
  if (signal !== null) return [`${failure.pod} was killed (${signal})`];
  return [`${failure.pod} failed: ${firstLine(failure.message)}`];
}

/** The signal behind an exit code above 128, as shells count; null where there is none. */
function signalName(exitCode: number): string | null {
  const signals = Object.entries(constants.signals);
  return signals.find(([, number]) => number === exitCode - 128)?.[0] ?? null;
}

function describePods(before: JobView | null, after: JobView): string[] {
  const known = new Map(podsOf(before).map((pod) => [pod.name, pod]));
  return podsOf(after).flatMap((pod) => {
    const old = known.get(pod.name);
    const lines = describeSidecars(old, pod);
    if (pod.state === 'Ready' && old?.state === 'Starting' && isReplaced(before, pod))
      lines.push(`${pod.name} is back`);
    return lines;
  });
}

function describeSidecars(old: PodView | undefined, pod: PodView): string[] {
  return pod.sidecars.flatMap((sidecar) => {
    const before = old?.sidecars.find((s) => s.name === sidecar.name)?.restarts ?? 0;
    return sidecar.restarts > before ? [`${sidecar.name} of ${pod.name} restarted (${sidecar.restarts})`] : [];
  });
}

function describeRestarts(before: JobView | null, role: RoleView): string[] {
  const old = before?.roles.find((r) => r.role === role.role)?.restarts ?? 0;
  return role.restarts > old ? [`${role.role} restarts: ${role.restarts}`] : [];
}

function isReplaced(view: JobView | null, pod: PodView): boolean {
  return view?.roles.some((role) => role.restarts > 0 && role.pods.some((p) => p.name === pod.name)) ?? false;
}

function podsOf(view: JobView | null): PodView[] {
  return view?.roles.flatMap((role) => role.pods) ?? [];
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
