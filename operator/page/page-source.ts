// What the page is told of a cluster's jobs: reads only, each answer remembered for a moment so that many viewers cost no
// more than one. It refuses to know HTTP.

import { LABELS } from '../api/names.ts';
import type { Clock } from '../cluster/clock.ts';
import { type Cluster, EVENTS, type ListOptions, type ObjectName, PODS } from '../cluster/cluster.ts';
import { ForbiddenError, NotFoundError } from '../cluster/errors.ts';
import type { Event, Pod, Stored } from '../cluster/objects.ts';
import type { FigureSource } from '../reconcile/figures.ts';
import { isControlledBy } from '../reconcile/observe.ts';
import { isReady } from '../reconcile/pod-state.ts';
import { keyOf, PPO_JOBS, type PPOJobObject } from '../reconcile/ppojob-kind.ts';
import { describeJob, revisionOf } from './job-detail.ts';
import { summarizeJob } from './job-summary.ts';
import { Memo } from './memo.ts';
import type { FiguresView, JobDetail, Overview, PageHost } from './page-api.ts';

/** Where everything is read, and as whom the page speaks. */
export interface PageReading {
  readonly cluster: Cluster;
  readonly host: PageHost;
  readonly figures: FigureSource;
}

export interface PageSourceOptions {
  readonly clock: Clock;
  /** Asked anew for every answer: an operator may begin to lead. */
  readonly read: () => Promise<PageReading>;
}

const FRESH_MS = 1000;
/** An API server reads all events of a namespace to find those of one object, and keeps none of them in memory. */
const EVENTS_FRESH_MS = 5000;
const MAX_JOBS = 500;
/** Whose events are shown beside the job's own: a pod that is ready has nothing to tell. */
const MAX_PODS_WITH_EVENTS = 8;

export class PageSource {
  readonly #read: PageSourceOptions['read'];
  readonly #overviews: Memo<Overview>;
  readonly #details: Memo<JobDetail | null>;
  /** By the uid of the object that they are about. */
  readonly #events: Memo<readonly Event[]>;

  constructor({ clock, read }: PageSourceOptions) {
    this.#read = read;
    this.#overviews = new Memo({ clock, freshMs: FRESH_MS });
    this.#details = new Memo({ clock, freshMs: FRESH_MS });
    this.#events = new Memo({ clock, freshMs: EVENTS_FRESH_MS });
  }

  jobs(): Promise<Overview> {
    return this.#overviews.get('', () => this.#listJobs());
  }

  /** Null where there is none. */
  job(name: ObjectName): Promise<JobDetail | null> {
    return this.#details.get(keyOf(name), () => this.#describeJob(name));
  }

  async figures(name: ObjectName): Promise<FiguresView | null> {
    const reading = await this.#read();
    const job = await findJob(reading, name);
    if (job === null) return null;
    const { figures } = reading;
    const known = figures.read(keyOf(name), job.metadata.uid);
    return known === null ? { revision: null, series: [] } : { revision: revisionOf(job, known), series: known.series };
  }

  async #listJobs(): Promise<Overview> {
    const { cluster, host, figures } = await this.#read();
    const items = (await Promise.all(scopesOf(host).map((scope) => listIn(cluster, scope)))).flat();
    const newest = items.toSorted((a, b) => compareTimes(b, a)).slice(0, MAX_JOBS);
    return {
      host,
      jobs: newest.map((job) => summarizeJob(job, figures.read(keyOf(job.metadata), job.metadata.uid))),
      numJobsLeftOut: items.length - newest.length,
    };
  }

  async #describeJob(name: ObjectName): Promise<JobDetail | null> {
    const reading = await this.#read();
    const job = await findJob(reading, name);
    if (job === null) return null;
    const { cluster, host, figures } = reading;
    const { namespace, uid } = job.metadata;
    const listed = await cluster.list(PODS, { namespace, labels: { [LABELS.job]: name.name } });
    const pods = listed.items.filter((pod) => isControlledBy(pod, uid));
    const events = await this.#findEvents(cluster, job, pods);
    return { host, ...describeJob({ job, pods, ...events, figures: figures.read(keyOf(name), uid) }) };
  }

  /** Of the job, and of its pods that aren't ready. A cluster that doesn't let events be listed hides only these. */
  async #findEvents(
    cluster: Cluster,
    job: Stored<PPOJobObject>,
    pods: readonly Stored<Pod>[],
  ): Promise<{ events: Event[]; eventsProblem: string | null }> {
    const { namespace } = job.metadata;
    const waiting = pods.filter((pod) => !isReady(pod)).slice(0, MAX_PODS_WITH_EVENTS);
    const listOf = async (uid: string): Promise<readonly Event[]> =>
      (await cluster.list(EVENTS, { namespace, fields: { 'involvedObject.uid': uid } })).items;
    try {
      const lists = [job, ...waiting].map(({ metadata: { uid } }) => this.#events.get(uid, () => listOf(uid)));
      return { events: (await Promise.all(lists)).flat(), eventsProblem: null };
    } catch (error) {
      return { events: [], eventsProblem: error instanceof Error ? error.message : String(error) };
    }
  }
}

function scopesOf({ jobsOf }: PageHost): readonly ListOptions[] {
  return jobsOf === null ? [{}] : jobsOf.map((namespace) => ({ namespace }));
}

/** One of several namespaces may be gone, and the rights in it with it; then it has no jobs either. */
async function listIn(cluster: Cluster, scope: ListOptions): Promise<readonly Stored<PPOJobObject>[]> {
  try {
    return (await cluster.list(PPO_JOBS, scope)).items;
  } catch (error) {
    if (error instanceof ForbiddenError && scope.namespace !== undefined) return [];
    throw error;
  }
}

function compareTimes(a: Stored<PPOJobObject>, b: Stored<PPOJobObject>): number {
  const [first, second] = [a, b].map(({ metadata }) => metadata.creationTimestamp) as [string, string];
  return first.localeCompare(second) || keyOf(b.metadata).localeCompare(keyOf(a.metadata));
}

/** Another operator's job is none. */
async function findJob({ cluster, host }: PageReading, name: ObjectName): Promise<Stored<PPOJobObject> | null> {
  if (host.jobsOf !== null && !host.jobsOf.includes(name.namespace)) return null;
  try {
    return await cluster.get(PPO_JOBS, name);
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}
