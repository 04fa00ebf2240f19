// A job with all that the page shows of it: conditions, roles and their pods, its last failure, events, manifest. Pure; of
// bounded size whatever the cluster holds.

import type { RoleName } from '../api/names.ts';
import type { PPOJobStatus } from '../api/ppojob.ts';
import { readEvent } from '../cluster/event-reading.ts';
import type { Event, Pod, Stored } from '../cluster/objects.ts';
import { buildJobView, type PodView, type RoleView } from '../local/job-view.ts';
import type { JobFigures } from '../reconcile/figures.ts';
import { unschedulableMessage } from '../reconcile/pod-state.ts';
import type { PPOJobObject } from '../reconcile/ppojob-kind.ts';
import { clip, summarizeJob, toNumber, viewCondition } from './job-summary.ts';
import { showManifest } from './manifest.ts';
import type { EventView, JobDetail, PodDetail, RoleDetail } from './page-api.ts';

const MAX_PODS_OF_ROLE = 64;
const MAX_EVENTS = 100;
const MAX_EVENT_CHARACTERS = 1024;

export interface DescribedJob {
  readonly job: Stored<PPOJobObject>;
  readonly pods: readonly Stored<Pod>[];
  readonly events: readonly Event[];
  readonly eventsProblem: string | null;
  readonly figures: JobFigures | null;
}

export function describeJob(described: DescribedJob): Omit<JobDetail, 'host'> {
  const { job, pods, figures, eventsProblem } = described;
  const status = job.status ?? {};
  const { roles } = buildJobView(job, pods);
  return {
    summary: summarizeJob(job, figures),
    conditions: (status.conditions ?? []).map(viewCondition),
    ...describeProgress(job, status),
    roles: roles.map((role) => describeRole(role, pods, status)),
    lastFailure: describeFailure(status),
    events: describeEvents(described.events),
    eventsProblem,
    manifest: showManifest(job),
    figuresRevision: figures === null ? null : revisionOf(job, figures),
  };
}

export function revisionOf({ metadata }: Stored<PPOJobObject>, { revision }: JobFigures): string {
  return `${metadata.uid} ${revision}`;
}

function describeProgress({ spec }: PPOJobObject, { progress }: PPOJobStatus) {
  const iteration = progress?.lastCheckpointIteration ?? 0;
  return {
    message: clip(progress?.message ?? ''),
    policyVersion: progress?.policyVersion ?? null,
    tokens: progress?.tokens ?? null,
    elapsedSeconds: progress?.elapsedSeconds ?? null,
    accuracyBefore: toNumber(progress?.accuracyBefore),
    maxLogprobDifference: toNumber(progress?.maxLogprobDifference),
    checkpoint: iteration > 0 ? { iteration, path: checkpointPath(spec) } : null,
  };
}

/** Anybody may have written any spec. */
function checkpointPath(spec: unknown): string | null {
  const path = (spec as { checkpoint?: { path?: unknown } | null } | null | undefined)?.checkpoint?.path;
  return typeof path === 'string' ? clip(path) : null;
}

function describeFailure({ lastFailure }: PPOJobStatus): JobDetail['lastFailure'] {
  if (lastFailure === undefined) return null;
  const { pod, exitCode, message, cause = null } = lastFailure;
  return { pod, exitCode, message: clip(message), cause };
}

function describeRole(
  { role, pods: views, desired, restarts }: RoleView,
  pods: readonly Stored<Pod>[],
  status: PPOJobStatus,
): RoleDetail {
  const podByName = new Map(pods.map((pod) => [pod.metadata.name, pod]));
  const { ready = 0, infrastructureRestarts = 0, backoff } = status.roles?.[role as RoleName] ?? {};
  return {
    ...{ role, desired, ready, restarts, infrastructureRestarts, backoffUntil: backoff?.until ?? null },
    pods: views.slice(0, MAX_PODS_OF_ROLE).map((view) => describePod(view, podByName.get(view.name))),
    numPodsLeftOut: Math.max(0, views.length - MAX_PODS_OF_ROLE),
  };
}

function describePod({ name, state, sidecars, message }: PodView, pod: Pod | undefined): PodDetail {
  const why = message || (pod === undefined ? '' : (unschedulableMessage(pod) ?? waitingMessage(pod)));
  return {
    ...{ name, state, sidecars, message: clip(why) },
    node: pod?.spec.nodeName ?? null,
    startedAt: pod?.status?.startTime ?? null,
  };
}

/** Such as an image that can't be pulled. Containers that merely start give no message. */
function waitingMessage(pod: Pod): string {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const { reason, message } = statuses.find(({ state }) => state.waiting?.message)?.state.waiting ?? {};
  return message === undefined ? '' : `${reason ?? 'Waiting'}: ${message}`;
}

function describeEvents(events: readonly Event[]): EventView[] {
  return events
    .map((event) => {
      const { kind, name } = event.involvedObject;
      const read = readEvent(event);
      return { ...read, message: clip(read.message, MAX_EVENT_CHARACTERS), about: `${kind} ${name}` };
    })
    .toReversed()
    .sort((a, b) => Date.parse(b.lastAt) - Date.parse(a.lastAt))
    .slice(0, MAX_EVENTS);
}
