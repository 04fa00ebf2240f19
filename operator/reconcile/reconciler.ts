// Brings one PPOJob's children and status to what its spec asks for. A checklist: observe, judge, plan, act, one status
// write, then events. It keeps no state between calls: all it knows stands in the cluster.

import { isDeepStrictEqual } from 'node:util';
import type { CleanPodPolicy } from '../api/lifecycle-schema.ts';
import { FIELD_MANAGER, PORTS, REASONS } from '../api/names.ts';
import { type ParsedPPOJob, parsePPOJob } from '../api/parse.ts';
import type { PPOJob, PPOJobStatus, ProgressStatus } from '../api/ppojob.ts';
import type { Clock } from '../cluster/clock.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Discovery } from '../cluster/discovery.ts';
import { ConflictError, NotFoundError } from '../cluster/errors.ts';
import type { EventMessage, EventRecorder } from '../cluster/event-recorder.ts';
import type { Pod, Stored } from '../cluster/objects.ts';
import { planJob } from '../plan/plan.ts';
import type { Platform } from '../plan/platform.ts';
import { checkWorkspace } from '../plan/workspace.ts';
import { act } from './act.ts';
import { abandonEvents, conditionEvents, restartEvents } from './job-events.ts';
import { type JobObserver, tell } from './job-observer.ts';
import { type JudgeInput, type Judgement, judge, pastOutcome } from './judge.ts';
import { type Observed, observe } from './observe.ts';
import { observePlacement, type PlacementSource } from './placement.ts';
import { roleOf } from './pod-state.ts';
import { PPO_JOBS, type PPOJobObject } from './ppojob-kind.ts';
import type { ProgressSource } from './progress-source.ts';
import { findAbandoned, findHeldGroups } from './replacement.ts';
import type { Restart } from './restarts.ts';
import { CONFLICT, DONE, type ReconcileResult } from './result.ts';
import {
  CertificateKeeper,
  type KeptCertificates,
  observeNetworkPolicies,
  renewalLeftMs,
  type TlsInForce,
} from './security.ts';
import { computeInvalidStatus, computeStatus } from './status.ts';
import { isExpired, nextLookMs } from './timers.ts';

export interface ReconcilerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly progress: ProgressSource;
  /** Null where there is no scheduler. */
  readonly discovery: Discovery | null;
  /** Has the children of a kind followed that not every job has. */
  readonly follow: PlacementSource['follow'];
  readonly platform: Platform;
  readonly observer: JobObserver;
}

export class PPOJobReconciler {
  readonly #options: ReconcilerOptions;
  readonly #certificates: CertificateKeeper;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#certificates = new CertificateKeeper(options, options.platform);
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const observed = await observe(this.#options.cluster, key);
    if (observed === null || observed.job.metadata.deletionTimestamp !== undefined) {
      // The cluster collects the children by their owner references.
      this.#options.progress.forget(key);
      this.#certificates.forget(key);
      return DONE;
    }
    const parsed = parseStored(observed.job);
    if (parsed.ok) return this.#reconcileValid(key, observed, parsed.job);
    const { job } = observed;
    const { generation } = job.metadata;
    const previous = job.status ?? {};
    const nowMs = this.#options.clock.nowMs();
    const status = computeInvalidStatus({ previous, generation, problems: parsed.problems, nowMs });
    return this.#finish(job, { status, events: conditionEvents(previous, status), result: DONE });
  }

  async #reconcileValid(key: string, observed: Observed, job: PPOJob): Promise<ReconcileResult> {
    const { pods } = observed;
    const { uid, generation } = observed.job.metadata;
    const previous = observed.job.status ?? {};
    const judged: JudgeInput = { job, status: previous, pods, nowMs: this.#options.clock.nowMs() };

    const judgement = judge(judged);
    const abandoned = findAbandoned(pods, judged.nowMs);
    const placement = await observePlacement(this.#options, job, pods);
    const { platform } = this.#options;
    const networkPolicies = await observeNetworkPolicies(this.#options, job, platform);
    const isOver = judgement.outcome !== null;
    const certificates = await this.#keepCertificates(key, { job, nowMs: judged.nowMs, isOver });
    if (certificates === null) return CONFLICT;
    const outcome = judgement.outcome?.type ?? null;
    const desired = planJob(job, { outcome, gang: placement.gang, pods, platform });
    const failures = await act(this.#options.cluster, {
      ...{ observed, desired, networkPolicies, placement: placement.objects },
      mayCreatePods: certificates.error === null,
      replacing: new Set(previous.replacing),
      abandoned: abandoned.uids,
      heldGroups: findHeldGroups(judged),
      cleanPodPolicy: cleanPodPolicyOf(job, previous, judgement),
      isSpecNew: previous.observedGeneration !== generation,
    });
    const errors = certificates.error === null ? failures : [certificates.error, ...failures];
    const progress = this.#followProgress(key, uid, { pods, isOver, tls: certificates.inForce });
    // What acting has just changed shows in the next reconcile, which the change itself brings about.
    const status = computeStatus({ ...judged, generation, previous, judgement, progress });
    const events = [
      ...conditionEvents(previous, status),
      ...restartEvents(job, status, judgement),
      ...abandonEvents(pods, abandoned.uids),
    ];
    for (const { message } of errors) events.push({ type: 'Warning', reason: REASONS.applyFailed, message });
    const time = { job, status, judgement, abandoned, nowMs: judged.nowMs };
    const lookMs = earlier(nextLookMs(time), renewalLeftMs(certificates, judged.nowMs));
    const { restarts } = judgement;
    const end = await this.#finish(observed.job, { status, events, restarts, pods, result: resultOf(errors, lookMs) });
    return isExpired(job, previous, judged.nowMs) ? this.#deleteJob(observed.job) : end;
  }

  /** Null where somebody else has just written them. */
  async #keepCertificates(
    key: string,
    { job, nowMs, isOver }: { readonly job: PPOJob; readonly nowMs: number; readonly isOver: boolean },
  ): Promise<KeptCertificates | null> {
    try {
      return await this.#certificates.keep(key, { job, nowMs, isAlive: !isOver && !job.spec.suspend });
    } catch (error) {
      if (error instanceof ConflictError) return null;
      throw error;
    }
  }

  /** Its children go first, so that nobody finds them without it. */
  async #deleteJob({ metadata }: Stored<PPOJobObject>): Promise<ReconcileResult> {
    const { uid, resourceVersion } = metadata;
    try {
      // A change that this operator hasn't seen, such as a longer time to live, keeps it.
      const preconditions = { uid, resourceVersion };
      await this.#options.cluster.delete(PPO_JOBS, metadata, { preconditions, propagation: 'Foreground' });
    } catch (error) {
      if (error instanceof ConflictError) return CONFLICT;
      if (!(error instanceof NotFoundError)) throw error;
    }
    return DONE;
  }

  /** The newest progress; listens to the coordinator until the job is over. Never waits. */
  #followProgress(
    key: string,
    jobUid: string,
    state: { pods: readonly Pod[]; isOver: boolean; tls: TlsInForce | null },
  ): ProgressStatus | null {
    const { progress } = this.#options;
    const latest = progress.latest(key, jobUid);
    const address = state.isOver ? null : coordinatorAddress(state.pods);
    if (address !== null) progress.follow(key, { jobUid, address, tls: state.tls?.operator ?? null });
    if (state.isOver) progress.forget(key);
    return latest;
  }

  /** The one place that writes a job's status. */
  async #finish(job: Stored<PPOJobObject>, end: End): Promise<ReconcileResult> {
    const { cluster, events, clock, observer } = this.#options;
    try {
      if (!isDeepStrictEqual(end.status, job.status)) {
        await cluster.updateStatus(PPO_JOBS, { ...job, status: end.status }, { fieldManager: FIELD_MANAGER });
      }
    } catch (error) {
      if (error instanceof ConflictError) return CONFLICT;
      if (error instanceof NotFoundError) return DONE;
      throw error;
    }
    const { creationTimestamp } = job.metadata;
    const change = { previous: job.status ?? {}, next: end.status, creationTimestamp, nowMs: clock.nowMs() };
    tell(observer, { ...change, restarts: end.restarts ?? [], pods: end.pods ?? [] });
    for (const event of end.events) await events.record(job, event);
    return end.result;
  }
}

/** A job as it stands in the cluster: valid, and with no folder that hides what the job reads. */
function parseStored(job: Stored<PPOJobObject>): ParsedPPOJob {
  const parsed = parsePPOJob(job);
  if (!parsed.ok) return parsed;
  const problems = checkWorkspace(parsed.job);
  return problems.length > 0 ? { ok: false, problems } : parsed;
}

/** The pods that show how a job ended stay until its status says it: nobody would know any more. */
function cleanPodPolicyOf({ spec }: PPOJob, stored: PPOJobStatus, { outcome }: Judgement): CleanPodPolicy {
  if (outcome === null) return 'All';
  return pastOutcome(stored) === null ? 'None' : spec.cleanPodPolicy;
}

interface End {
  readonly status: PPOJobStatus;
  /** Recorded only after the status is written: an event must not tell of what is then not so. */
  readonly events: readonly EventMessage[];
  readonly result: ReconcileResult;
  /** That the status counts, and the pods from which they were decided. */
  readonly restarts?: readonly Restart[];
  readonly pods?: readonly Stored<Pod>[];
}

function resultOf(errors: readonly Error[], deadlineMs: number | null): ReconcileResult {
  if (errors.length === 1) return { type: 'retry', error: errors[0] };
  if (errors.length > 0) {
    const causes = errors.map(({ message }) => message).join('; ');
    return { type: 'retry', error: new AggregateError(errors, causes) };
  }
  return deadlineMs === null ? DONE : { type: 'requeueAfter', delayMs: Math.max(deadlineMs, 0) };
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** Where a running coordinator answers; null while none does. */
function coordinatorAddress(pods: readonly Pod[]): string | null {
  const pod = pods.find((candidate) => roleOf(candidate) === 'coordinator' && candidate.status?.phase === 'Running');
  const ip = pod?.status?.podIP;
  if (ip === undefined) return null;
  return `${ip.includes(':') ? `[${ip}]` : ip}:${PORTS.grpc}`;
}
