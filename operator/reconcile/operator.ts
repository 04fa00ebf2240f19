// The operator as one thing to start: cache, controller, reconciler, events and progress over a cluster. A table of contents.

import { EVENT_SOURCE, FIELD_MANAGER, LABELS } from '../api/names.ts';
import { cachedCluster } from '../cluster/cached-cluster.ts';
import { type Clock, systemClock } from '../cluster/clock.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Discovery } from '../cluster/discovery.ts';
import { EventRecorder } from '../cluster/event-recorder.ts';
import { ObjectCache } from '../cluster/object-cache.ts';
import { MACHINE, type Platform } from '../plan/platform.ts';
import { Controller, type ControllerObserver } from './controller.ts';
import type { FigureStore } from './figures.ts';
import { type JobObserver, NO_JOB_OBSERVER } from './job-observer.ts';
import { mayWait } from './patience.ts';
import { nameOfKey, PPO_JOBS } from './ppojob-kind.ts';
import { GrpcProgressSource, type ProgressSource } from './progress-source.ts';
import { PPOJobReconciler } from './reconciler.ts';
import { trim } from './trim.ts';

export interface OperatorOptions {
  readonly cluster: Cluster;
  /** Faults that the operator survives, for its log. `key` is the job's namespace/name where there is one. */
  readonly onError: (error: unknown, key: string | null) => void;
  /** Only these namespaces; all when absent. */
  readonly namespaces?: readonly string[];
  /** Jobs worked on at the same time. */
  readonly concurrency?: number;
  readonly clock?: Clock;
  readonly progress?: ProgressSource;
  readonly observer?: ControllerObserver;
  readonly jobs?: JobObserver;
  readonly onEventDropped?: () => void;
  /** Remembers the curves of jobs while there are such jobs. */
  readonly figures?: FigureStore;
  /** Handed the cluster as the operator reads it: from its cache, what it follows. */
  readonly onCluster?: (cluster: Cluster) => void;
  /** What the cluster serves; absent where it has no scheduler, and so nobody who keeps pods together. */
  readonly discovery?: Discovery;
  /** Where pods run; absent: on this machine. */
  readonly platform?: Platform;
  /** How long pods that come up wait for each other, before the job is looked at; not at all when absent. */
  readonly podPatienceMs?: number;
}

/** Runs until the signal aborts and what is under way has ended. */
export async function runOperator(options: OperatorOptions, signal: AbortSignal): Promise<void> {
  const { onError, namespaces, concurrency, observer, clock = systemClock, discovery = null } = options;
  const { platform = MACHINE, jobs = NO_JOB_OBSERVER, onEventDropped, figures, podPatienceMs = 0 } = options;
  const scope = namespaces !== undefined && { namespaces };
  const cache = new ObjectCache({ indexLabel: LABELS.job, trim, ...scope });
  const cluster = cachedCluster(options.cluster, cache);
  const events = new EventRecorder({
    ...{ cluster, clock, source: EVENT_SOURCE, onError: (error: unknown) => onError(error, null) },
    ...(onEventDropped !== undefined && { onDrop: onEventDropped }),
  });
  const hasListed = (namespace?: string): boolean => cache.isSynced(PPO_JOBS, namespace);
  jobs.onStart(() => ((namespaces?.some(hasListed) ?? hasListed()) ? cache.list(PPO_JOBS) : null));
  options.onCluster?.(cluster);
  const progress = options.progress ?? grpcProgress(clock, figures);
  const reconciler = new PPOJobReconciler({
    ...{ cluster, clock, events, progress, discovery, platform, observer: jobs },
    follow: (kind) => controller.follow(kind),
  });
  const controller: Controller = new Controller({
    ...{ cluster: options.cluster, cache, clock, onError },
    reconcile: async (key) => {
      const result = await reconciler.reconcile(key);
      if (cache.get(PPO_JOBS, nameOfKey(key)) === null) figures?.forget(key);
      return result;
    },
    childLabels: { [LABELS.managedBy]: FIELD_MANAGER },
    patienceMs: (child) => (mayWait(child) ? podPatienceMs : 0),
    ...scope,
    ...(concurrency !== undefined && { concurrency }),
    ...(observer !== undefined && { observer }),
  });
  const stopListening = progress.onChange((key) => controller.enqueue(key));
  try {
    await controller.run(signal);
  } finally {
    stopListening();
    progress.close();
  }
}

function grpcProgress(clock: Clock, figures: FigureStore | undefined): ProgressSource {
  // A coordinator that doesn't answer yet, or any more, is no news: its pod's status says what is wrong.
  return new GrpcProgressSource({ clock, onError: () => {}, ...(figures !== undefined && { figures }) });
}
