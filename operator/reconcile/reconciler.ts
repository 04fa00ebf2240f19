// Brings one PPOJob's children and status to what its spec asks for. A checklist: observe, judge, plan, act, one status
// write (and one before a job's first pod), then events. All that it must know stands in the cluster: what it remembers between
// calls only spares reading, or is waited for anew.

import { isDeepStrictEqual } from 'node:util';
import { formatAddress } from '../../worker/service/host-port.ts';
import type { CleanPodPolicy } from '../api/lifecycle-schema.ts';
import { FIELD_MANAGER, PORTS } from '../api/names.ts';
import { type ParsedPPOJob, parsePPOJob } from '../api/parse.ts';
import type { PPOJob, PPOJobStatus, ProgressStatus } from '../api/ppojob.ts';
import type { Problem } from '../api/problems.ts';
import type { Clock } from '../cluster/clock.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Discovery } from '../cluster/discovery.ts';
import { ConflictError, ForbiddenError, NotFoundError } from '../cluster/errors.ts';
import type { EventMessage, EventRecorder } from '../cluster/event-recorder.ts';
import type { Pod, Stored } from '../cluster/objects.ts';
import { planJob } from '../plan/plan.ts';
import type { Platform } from '../plan/platform.ts';
import { checkWorkspace } from '../plan/workspace.ts';
import { AbandonedPods, NONE_ABANDONED } from './abandoned-pods.ts';
import { act, removePods } from './act.ts';
import { computeInvalidStatus } from './invalid-status.ts';
import { abandonEvents, conditionEvents, refusalEvent, restartEvents } from './job-events.ts';
import { type JobObserver, tell } from './job-observer.ts';
import { findSuccess, type JudgeInput, judge, NOTHING, type Outcome, pastOutcome } from './judge.ts';
import { lenientLifecycle } from './lenient-lifecycle.ts';
import { type Observed, observe, observeAllPods, observePods } from './observe.ts';
import { observePlacement, type PlacementSource } from './placement.ts';
import { roleOf } from './pod-state.ts';
import { PPO_JOBS, type PPOJobObject } from './ppojob-kind.ts';
import type { ProgressSource } from './progress-source.ts';
import { readQueueWords } from './queue-words.ts';
import { isNews } from './refusals.ts';
import { findHeldGroups } from './replacement.ts';
import type { Restart } from './restarts.ts';
import { CONFLICT, DONE, type ReconcileResult } from './result.ts';
import { CertificateKeeper, type KeptCertificates, observeNetworkPolicies, renewalLeftMs } from './security.ts';
import { computeStatus } from './status.ts';
import { isExpired, nextLookMs, timeToLiveLeftMs } from './timers.ts';

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
  readonly #abandoned: AbandonedPods;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#abandoned = new AbandonedPods(options.clock);
    this.#certificates = new CertificateKeeper(options, options.platform);
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const observed = await observe(this.#options.cluster, key);
    if (observed === null) return this.#clearAway(key, await observeAllPods(this.#options.cluster, key), null);
    const { job, pods, formerPods } = observed;
    if (job.metadata.deletionTimestamp !== undefined) return this.#clearAway(key, [...pods, ...formerPods], job);
    const parsed = parseStored(observed.job);
    try {
      if (parsed.ok) return await this.#reconcileValid(key, observed, parsed.job);
      return await this.#reconcileInvalid(key, observed, parsed.problems);
    } catch (error) {
      if (error instanceof Error && !isNews(error)) return CONFLICT;
      // Only rights that somebody grants mend that, and whoever waits for the job does not read the operator's log.
      if (error instanceof ForbiddenError) await this.#options.events.record(observed.job, refusalEvent(error));
      throw error;
    }
  }

  async #reconcileValid(key: string, found: Observed, job: PPOJob): Promise<ReconcileResult> {
    const begun = await this.#begin(found, job);
    if ('type' in begun) return begun;
    const observed = { ...found, job: begun.job };
    const { pods, formerPods } = observed;
    const { uid, generation } = observed.job.metadata;
    const previous = observed.job.status ?? {};
    const judged: JudgeInput = { job, status: previous, pods, nowMs: this.#options.clock.nowMs() };

    const judgement = judge(judged);
    const abandoned = this.#abandoned.find(key, [...pods, ...formerPods]);
    const placement = await observePlacement(this.#options, job, pods);
    const { platform, cluster } = this.#options;
    const networkPolicies = await observeNetworkPolicies(this.#options, job, platform);
    const isOver = judgement.outcome !== null;
    const certificates = await this.#keepCertificates(key, { job, nowMs: judged.nowMs, isOver });
    if (certificates === null) return CONFLICT;
    const outcome = judgement.outcome?.type ?? null;
    const desired = planJob(job, { outcome, gang: placement.gang, pods, platform });
    const failures = await act(cluster, {
      ...{ observed, desired, networkPolicies, placement: placement.objects },
      mayCreatePods: certificates.error === null,
      replacing: new Set(previous.replacing),
      abandoned: abandoned.uids,
      isOver,
      heldGroups: findHeldGroups({ ...judged, restarts: judgement.restarts }),
      cleanPodPolicy: cleanPodPolicyOf(job.spec, previous, judgement.outcome),
      isSpecNew: previous.observedGeneration !== generation,
    });
    const errors = certificates.error === null ? failures : [certificates.error, ...failures];
    const progress = this.#followProgress(key, uid, { pods: isOver ? [] : pods, certificates });
    // Restarts are told of the pods that they were decided from; else what acting has just made counts at once.
    const isSettled = judgement.restarts.length === 0 && !isOver;
    const shown = { ...judged, pods: isSettled ? await observePods(cluster, observed.job) : pods };
    const queue = await readQueueWords(cluster, shown.pods);
    const status = computeStatus({ ...shown, generation, previous, judgement, progress, queueWords: queue.words });
    const events = [
      ...conditionEvents(found.job.status ?? {}, status),
      ...restartEvents(job, status, judgement),
      ...abandonEvents([...pods, ...formerPods], abandoned.uids),
      ...errors.filter(isNews).map(refusalEvent),
    ];
    const time = { job, status, judgement, abandoned, nowMs: judged.nowMs };
    const lookMs = earlier(earlier(nextLookMs(time), queue.leftMs), renewalLeftMs(certificates, judged.nowMs));
    const { restarts } = judgement;
    const end = await this.#finish(observed.job, { status, events, restarts, pods, result: resultOf(errors, lookMs) });
    return isExpired(job.spec, previous, judged.nowMs) ? this.#deleteJob(observed.job) : end;
  }

  /**
   * A spec that isn't understood, as when an operator of another version comes: what runs may train well, and is left alone
   * until the spec is mended. Only the job's suspension, its end and its clean-up are heeded.
   */
  async #reconcileInvalid(key: string, observed: Observed, problems: readonly Problem[]): Promise<ReconcileResult> {
    const { job, pods } = observed;
    const previous = job.status ?? {};
    const { uid, generation } = job.metadata;
    const nowMs = this.#options.clock.nowMs();
    const lifecycle = lenientLifecycle(job.spec);
    const isSuspended = lifecycle.suspend;
    const outcome = pastOutcome(previous) ?? findSuccess(pods);
    const isLeftAlone = outcome === null && !isSuspended;
    const cleanPodPolicy = isLeftAlone ? 'None' : cleanPodPolicyOf(lifecycle, previous, outcome);
    const abandoned = isLeftAlone ? NONE_ABANDONED : this.#abandoned.find(key, pods);
    const removal = { cleanPodPolicy, abandoned: abandoned.uids, isOver: outcome !== null };
    const errors = await removePods(this.#options.cluster, pods, removal);
    const progress = this.#followProgress(key, uid, { pods: outcome === null ? pods : [], certificates: null });
    const stand = { previous, pods, outcome, isSuspended };
    const status = computeInvalidStatus({ ...stand, generation, problems, progress, nowMs });
    const result = resultOf(errors, earlier(timeToLiveLeftMs(lifecycle, status, nowMs), abandoned.leftMs));
    const events = [...conditionEvents(previous, status), ...abandonEvents(pods, abandoned.uids)];
    const end = await this.#finish(job, { status, events, result });
    return isExpired(lifecycle, previous, nowMs) ? this.#deleteJob(job) : end;
  }

  /**
   * Of a job that goes, or has gone. The cluster collects the children by their owner references; but pods stay, with their
   * names, whose node is gone or that a queue holds, and a job that is deleted in the foreground waits for them.
   */
  async #clearAway(
    key: string,
    pods: readonly Stored<Pod>[],
    job: Stored<PPOJobObject> | null,
  ): Promise<ReconcileResult> {
    const { cluster, events, progress } = this.#options;
    progress.forget(key);
    this.#certificates.forget(key);
    const { uids, leftMs } = this.#abandoned.find(key, pods);
    const errors = await removePods(cluster, pods, { cleanPodPolicy: 'None', abandoned: uids, isOver: true });
    if (job !== null) for (const event of abandonEvents(pods, uids)) await events.record(job, event);
    return resultOf(errors, leftMs);
  }

  /**
   * Before its first pod a job's status says that it has started: from then on the API server holds its spec to what the
   * pods are made from. A spec that has changed since it was read is a conflict.
   */
  async #begin({ job: stored, pods }: Observed, job: PPOJob): Promise<Written> {
    const { status: previous = {}, metadata } = stored;
    const hasBegun = previous.startTime !== undefined || job.spec.suspend || pastOutcome(previous) !== null;
    if (hasBegun) return { job: stored };
    const nowMs = this.#options.clock.nowMs();
    const { generation } = metadata;
    const status = computeStatus({ job, generation, previous, pods, judgement: NOTHING, progress: null, nowMs });
    // Nothing has been done yet about what is new in the spec.
    const { observedGeneration: _, ...begun } = status;
    const { observedGeneration } = previous;
    return this.#write(stored, { ...begun, ...(observedGeneration !== undefined && { observedGeneration }) });
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

  /** The newest progress; listens to the coordinator as long as one runs. Never waits. */
  #followProgress(
    key: string,
    jobUid: string,
    { pods, certificates }: { readonly pods: readonly Pod[]; readonly certificates: KeptCertificates | null },
  ): ProgressStatus | null {
    const { progress } = this.#options;
    const latest = progress.latest(key, jobUid);
    const address = coordinatorAddress(pods);
    // The address may soon be another pod's.
    if (address === null) progress.forget(key);
    // Where certificates are not known, or could not be written, it is listened to as before.
    else if (certificates?.error === null) {
      progress.follow(key, { jobUid, address, tls: certificates.inForce?.operator ?? null });
    }
    return latest;
  }

  async #finish(job: Stored<PPOJobObject>, end: End): Promise<ReconcileResult> {
    const { events, clock, observer } = this.#options;
    const written = isDeepStrictEqual(end.status, job.status) ? { job } : await this.#write(job, end.status);
    if ('type' in written) return written;
    const { creationTimestamp } = job.metadata;
    const change = { previous: job.status ?? {}, next: end.status, creationTimestamp, nowMs: clock.nowMs() };
    tell(observer, { ...change, restarts: end.restarts ?? [], pods: end.pods ?? [] });
    for (const event of end.events) await events.record(job, event);
    return end.result;
  }

  /** The one place that writes a job's status. */
  async #write(job: Stored<PPOJobObject>, status: PPOJobStatus): Promise<Written> {
    try {
      const writer = { fieldManager: FIELD_MANAGER };
      return { job: await this.#options.cluster.updateStatus(PPO_JOBS, { ...job, status }, writer) };
    } catch (error) {
      if (error instanceof ConflictError) return CONFLICT;
      if (error instanceof NotFoundError) return DONE;
      throw error;
    }
  }
}

/** The job as it stands then, or how the reconcile ends where it could not be written. */
type Written = { readonly job: Stored<PPOJobObject> } | ReconcileResult;

/** A job as it stands in the cluster: valid, and with no folder that hides what the job reads. */
function parseStored(job: Stored<PPOJobObject>): ParsedPPOJob {
  const parsed = parsePPOJob(job);
  if (!parsed.ok) return parsed;
  const problems = checkWorkspace(parsed.job);
  return problems.length > 0 ? { ok: false, problems } : parsed;
}

/** The pods that show how a job ended stay until its status says it: nobody would know any more. */
function cleanPodPolicyOf(
  { cleanPodPolicy }: { readonly cleanPodPolicy: CleanPodPolicy },
  stored: PPOJobStatus,
  outcome: Outcome | null,
): CleanPodPolicy {
  if (outcome === null) return 'All';
  return pastOutcome(stored) === null ? 'None' : cleanPodPolicy;
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
  const news = errors.filter(isNews);
  if (errors.length > 0 && news.length === 0) return CONFLICT;
  if (news.length === 1) return { type: 'retry', error: news[0] };
  if (news.length > 0) {
    const causes = news.map(({ message }) => message).join('; ');
    return { type: 'retry', error: new AggregateError(news, causes) };
  }
  return deadlineMs === null ? DONE : { type: 'requeueAfter', delayMs: Math.max(deadlineMs, 0) };
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** Where a running coordinator answers; null while none does. */
function coordinatorAddress(pods: readonly Pod[]): string | null {
  const pod = pods.find((candidate) => roleOf(candidate) === 'coordinator' && candidate.status?.phase === 'Running');
  const host = pod?.status?.podIP;
  return host === undefined ? null : formatAddress({ host, port: PORTS.grpc });
}
