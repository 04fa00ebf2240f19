// What the page's server tells its browser side, as JSON. Types alone; every text in it may have been written by anybody.

import type { FigureSeries } from '../../worker/coordinator/figure-history.ts';
import type { EventReading } from '../cluster/event-reading.ts';
import type { PodState } from '../local/job-view.ts';

/** Who serves the page. */
export interface PageHost {
  /**
   * leading: this operator works on the jobs. following: it waits for another one's end, and knows no curves.
   * machine: the single-machine mode.
   */
  readonly mode: 'leading' | 'following' | 'machine';
  /** The pod of the operator that leads, where that is another one and known. */
  readonly leader: string | null;
  /** The operator's own; null where it is in no pod. */
  readonly namespace: string | null;
  /** Those whose jobs it works on; null: all. */
  readonly jobsOf: readonly string[] | null;
  readonly version: string;
}

export interface Overview {
  readonly host: PageHost;
  /** The newest first. */
  readonly jobs: readonly JobSummary[];
  readonly numJobsLeftOut: number;
}

export interface ConditionView {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly since: string;
}

export interface JobSummary {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** The one that matters most now; null before the first. */
  readonly condition: ConditionView | null;
  readonly isEnded: boolean;
  /** What the coordinator does; null before it has said so. */
  readonly phase: string | null;
  readonly iteration: number;
  /** 0 while unknown. */
  readonly numIterations: number;
  readonly remainingSeconds: number | null;
  readonly score: number | null;
  readonly kl: number | null;
  readonly accuracy: number | null;
  readonly tokensPerSecond: number | null;
  readonly restarts: number;
  readonly infrastructureRestarts: number;
  /** A few, over the whole job. */
  readonly scores: readonly number[];
  /** When the coordinator was last heard; null where nobody listens to it. */
  readonly heardAt: string | null;
}

export interface PodDetail {
  readonly name: string;
  readonly state: PodState;
  readonly node: string | null;
  readonly startedAt: string | null;
  readonly sidecars: readonly { readonly name: string; readonly isReady: boolean; readonly restarts: number }[];
  /** Why it failed, or waits; empty otherwise. */
  readonly message: string;
}

export interface RoleDetail {
  readonly role: string;
  readonly desired: number;
  readonly ready: number;
  readonly restarts: number;
  readonly infrastructureRestarts: number;
  /** No pod of the role is made before; null, or past, where nothing is waited for. */
  readonly backoffUntil: string | null;
  readonly pods: readonly PodDetail[];
  readonly numPodsLeftOut: number;
}

export interface EventView extends EventReading {
  /** The job, or a pod of it. */
  readonly about: string;
}

export interface JobDetail {
  readonly host: PageHost;
  readonly summary: JobSummary;
  readonly conditions: readonly ConditionView[];
  readonly message: string;
  readonly policyVersion: number | null;
  readonly tokens: number | null;
  readonly elapsedSeconds: number | null;
  readonly accuracyBefore: number | null;
  readonly maxLogprobDifference: number | null;
  readonly checkpoint: { readonly iteration: number; readonly path: string | null } | null;
  readonly roles: readonly RoleDetail[];
  readonly lastFailure: {
    readonly pod: string;
    readonly exitCode: number;
    readonly message: string;
    readonly cause: string | null;
  } | null;
  /** The newest first. */
  readonly events: readonly EventView[];
  /** Why there may be more events; null where these are all. */
  readonly eventsProblem: string | null;
  /** YAML, without what may be secret. */
  readonly manifest: string;
  /** Another one when the curves are others; null where none are known. */
  readonly figuresRevision: string | null;
}

export interface FiguresView {
  readonly revision: string | null;
  readonly series: readonly FigureSeries[];
}
