/**
 * What is wrong with a job, by what the cluster says of it and its pods: the first of the causes below that fits. Pure;
 * the words for reasons and exit codes are elsewhere.
 */
import { CONDITIONS, REASONS } from '../../api/names.ts';
import type { Event, Pod, Stored } from '../../cluster/objects.ts';
import { buildJobView, type JobView } from '../../local/job-view.ts';
import type { PPOJobObject } from '../../reconcile/ppojob-kind.ts';
import { jobEvents } from '../events.ts';
import { secondsSince } from '../table.ts';
import { failureFacts, type Suspect, suspectOf } from './failure.ts';
import { findStuckPod } from './stuck-pod.ts';

export interface DiagnosisInput {
  readonly job: Stored<PPOJobObject>;
  readonly pods: readonly Stored<Pod>[];
  /** Of the namespace. */
  readonly events: readonly Stored<Event>[];
  readonly nowMs: number;
}

export interface Diagnosis {
  /** Of the whole, after the job's name. */
  readonly headline: string;
  /** By which meaning and remedies are found; null where nothing of it is known. */
  readonly reason: string | null;
  /** In the operator's or the cluster's words. */
  readonly why: string;
  readonly facts: readonly (readonly [label: string, text: string])[];
  /** The pod that it comes from; null where it is not about one. */
  readonly suspect: Suspect | null;
  /** Beside the remedies of the reason, and before them. */
  readonly remedies: readonly string[];
}

/** The operator needs no longer to look at a new job. */
const UNSEEN_SECONDS = 10;

type Cause = (input: DiagnosisInput, view: JobView) => Diagnosis | null;

const CAUSES: readonly Cause[] = [
  isBeingDeleted,
  hasFailed,
  isRefused,
  hasSucceeded,
  isUnseen,
  isSuspended,
  hasStuckPod,
  waitsForBackoff,
  lacksPods,
  isNotReady,
  hasRestarted,
];

export function diagnose(input: DiagnosisInput): Diagnosis {
  const view = buildJobView(input.job, input.pods);
  for (const cause of CAUSES) {
    const diagnosis = cause(input, view);
    if (diagnosis !== null) return diagnosis;
  }
  const why = view.condition?.message || 'it is running';
  return { ...NOTHING, headline: 'is well', reason: view.condition?.reason ?? null, why };
}

const NOTHING = { facts: [], suspect: null, remedies: [] } as const;

function isBeingDeleted({ job, pods }: DiagnosisInput): Diagnosis | null {
  if (job.metadata.deletionTimestamp === undefined) return null;
  const { finalizers = [] } = job.metadata;
  const left = pods.map(({ metadata }) => metadata.name);
  const waits = [
    ...(left.length > 0 ? [`pods that are stopping: ${left.join(', ')}`] : []),
    ...(finalizers.length > 0 ? [`finalizers: ${finalizers.join(', ')}`] : []),
  ];
  const why = waits.length === 0 ? 'nothing holds it any more' : `it waits for ${waits.join('; ')}`;
  const remedies = left.length > 0 ? ['a pod on a lost node goes when the node does: kubectl get nodes'] : [];
  return { ...NOTHING, headline: 'is being deleted', reason: null, why, remedies };
}

function hasFailed(input: DiagnosisInput, { condition }: JobView): Diagnosis | null {
  if (condition?.type !== CONDITIONS.failed) return null;
  const { reason, message } = condition;
  return { headline: `failed: ${reason}`, reason, why: message, ...failureFacts(input) };
}

function isRefused(_: DiagnosisInput, { condition }: JobView): Diagnosis | null {
  if (condition?.type !== CONDITIONS.accepted || condition.status !== 'False') return null;
  return { ...NOTHING, headline: 'is not accepted', reason: condition.reason, why: condition.message };
}

function hasSucceeded({ job }: DiagnosisInput, { condition }: JobView): Diagnosis | null {
  if (condition?.type !== CONDITIONS.succeeded) return null;
  const { restarts = 0 } = job.status ?? {};
  const on = restarts > 0 ? `, with ${restarts} restarts on the way` : '';
  return { ...NOTHING, headline: 'succeeded', reason: condition.reason, why: `${condition.message}${on}` };
}

/** Without an operator nothing at all happens to a job. */
function isUnseen({ job, nowMs }: DiagnosisInput): Diagnosis | null {
  const { observedGeneration } = job.status ?? {};
  if (observedGeneration === job.metadata.generation) return null;
  const isNew = observedGeneration === undefined;
  const ageSeconds = secondsSince(job.metadata.creationTimestamp, nowMs) ?? 0;
  if (isNew && ageSeconds < UNSEEN_SECONDS) {
    return { ...NOTHING, headline: 'is new', reason: null, why: 'the operator has not looked at it yet' };
  }
  const why = isNew ? 'no operator has looked at it' : 'no operator has looked at its last change';
  const remedies = [
    'see whether ppo-operator runs, and is for this namespace: kubectl ppo version',
    'read its log: kubectl logs -A -l app.kubernetes.io/name=ppo-operator --tail 50',
  ];
  return { ...NOTHING, headline: 'is not looked after', reason: null, why, remedies };
}

function isSuspended({ job, pods }: DiagnosisInput, { condition }: JobView): Diagnosis | null {
  const { suspend } = (job.spec ?? {}) as { readonly suspend?: unknown };
  if (suspend !== true) return null;
  const why = condition?.type === CONDITIONS.suspended ? condition.message : `${pods.length} pods are stopping`;
  return { ...NOTHING, headline: 'is suspended', reason: REASONS.suspended, why };
}

function hasStuckPod({ pods }: DiagnosisInput): Diagnosis | null {
  const stuck = findStuckPod(pods);
  if (stuck === null) return null;
  const { pod, reason, why, remedies } = stuck;
  const headline = `waits for pod ${pod.metadata.name}`;
  return { ...NOTHING, headline, reason, why, suspect: suspectOf(pod), remedies };
}

function waitsForBackoff(input: DiagnosisInput): Diagnosis | null {
  for (const [role, status] of Object.entries(input.job.status?.roles ?? {})) {
    const { backoff, restarts } = status;
    const leftSeconds = backoff === undefined ? 0 : (Date.parse(backoff.until) - input.nowMs) / 1000;
    if (backoff === undefined || leftSeconds <= 0) continue;
    const wait = `waits ${backoff.seconds} s before it replaces pods of role ${role}, ${Math.ceil(leftSeconds)} s of them are left`;
    const why = `pods of role ${role} have failed ${restarts} times; the operator ${wait}`;
    return { headline: 'restarts', reason: REASONS.podRestarted, why, ...failureFacts(input) };
  }
  return null;
}

function lacksPods({ job, events }: DiagnosisInput, { pending }: JobView): Diagnosis | null {
  if (pending?.type !== CONDITIONS.scheduled) return null;
  const refusal = jobEvents(events, job).findLast(({ reason }) => reason === REASONS.applyFailed);
  const headline = 'waits for its pods';
  if (refusal === undefined) return { ...NOTHING, headline, reason: pending.reason, why: pending.message };
  return { ...NOTHING, headline, reason: refusal.reason, why: `${pending.message}: ${refusal.message}` };
}

function isNotReady(input: DiagnosisInput, { pending, lastFailure, roles }: JobView): Diagnosis | null {
  if (pending?.type !== CONDITIONS.running) return null;
  const late = roles.flatMap(({ pods }) => pods).filter(({ state }) => state !== 'Ready' && state !== 'Ended');
  const names = late.map(({ name, state }) => `${name} (${state})`).join(', ');
  const why = `${pending.message}${names === '' ? '' : `; not ready: ${names}`}`;
  const headline = 'waits until its pods are ready';
  const failure = lastFailure === null ? NOTHING : failureFacts(input);
  return { headline, reason: pending.reason, why, ...failure };
}

function hasRestarted(input: DiagnosisInput, { lastFailure }: JobView): Diagnosis | null {
  if (lastFailure === null) return null;
  const { restarts = 0, infrastructureRestarts = 0 } = input.job.status ?? {};
  const why = `it runs again after ${restarts + infrastructureRestarts} restarts; the last one: ${lastFailure.message}`;
  return { headline: 'runs, and has been restarted', reason: REASONS.podRestarted, why, ...failureFacts(input) };
}
