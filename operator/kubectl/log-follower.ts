/**
 * The logs of a job's containers as they are written, also of pods that come later. Knows no lines.
 *
 * Consumes: snapshots of the job. Waits for: a new container, or lines. Unblocked by: the job's end, or the signal.
 */
import { ClusterError, UnavailableError } from '../cluster/errors.ts';
import { sleep } from '../cluster/list-watch.ts';
import type { ContainerStatus, Pod, Stored } from '../cluster/objects.ts';
import type { LogLine, LogOptions } from '../cluster/pod-access.ts';
import { buildJobView, isFinal } from '../local/job-view.ts';
import type { Snapshot } from './job-feed.ts';
import { type LogSelection, type PodContainer, selectContainers } from './log-sources.ts';
import { type Session, UserError } from './session.ts';

type Beginning = Omit<LogOptions, 'container' | 'isFollowed' | 'isPrevious'>;

export interface FollowLogsOptions {
  readonly session: Session;
  readonly selection: LogSelection;
  /** Of a container that was there at the start; of others everything is new. */
  readonly first: Beginning;
  readonly maxLogs: number;
  readonly onLine: (line: LogLine, from: PodContainer) => void;
}

const RETRY_MS = 500;
/** After the job's end, of a log whose node or server doesn't answer. */
const MAX_LAST_RETRIES = 5;

/** Resolves when the job is over and its logs are at their ends, or the signal aborts. */
export async function followLogs(options: FollowLogsOptions, snapshots: AsyncIterable<Snapshot>): Promise<void> {
  const follower = new Follower(options);
  let told: string | null = null;
  for await (const { job, pods, problem } of snapshots) {
    if (problem !== null && problem !== told) options.session.output.note(`trying again: ${problem}`);
    told = problem;
    follower.follow(pods);
    if (job === null || isFinal(buildJobView(job, []).condition)) break;
  }
  await follower.end();
}

export function tooMany(most: number): string {
  return `these are more than ${most} logs; choose some by --role and --index`;
}

class Follower {
  readonly #options: FollowLogsOptions;
  /** By pod, container and the container's restarts: each restart writes a log of its own. */
  readonly #known = new Set<string>();
  /** Logs that are not at their ends. */
  readonly #open = new Map<string, Promise<void>>();
  /** Logs whose containers ran when the pods were looked at last. */
  #running: ReadonlySet<string> = new Set();
  #failure: { readonly error: unknown } | null = null;
  #isFirst = true;
  #isOver = false;

  constructor(options: FollowLogsOptions) {
    this.#options = options;
  }

  follow(pods: readonly Stored<Pod>[]): void {
    if (this.#failure !== null) throw this.#failure.error;
    const { selection, maxLogs, first } = this.#options;
    const found = selectContainers(pods, selection).map((from) => {
      const status = statusOf(from);
      return { from, status, key: `${from.pod.metadata.uid} ${from.container} ${status?.restartCount}` };
    });
    this.#running = new Set(found.filter(({ status }) => status?.state.running !== undefined).map(({ key }) => key));
    for (const { from, status, key } of found) {
      if (!hasStarted(status) || this.#known.has(key)) continue;
      if (this.#open.size >= maxLogs) throw new UserError(tooMany(maxLogs));
      this.#known.add(key);
      const log = this.#read(from, key, this.#isFirst ? first : {});
      const ended = log.catch((error: unknown) => {
        this.#failure ??= { error };
      });
      this.#open.set(
        key,
        ended.finally(() => this.#open.delete(key)),
      );
    }
    this.#isFirst = false;
  }

  /** No pods come any more. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#open.values());
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Until its container has ended; again from where it was when the connection is lost, or was ended by somebody between. */
  async #read(from: PodContainer, key: string, first: Beginning): Promise<void> {
    const { signal, clock } = this.#options.session;
    const reading = { first, lastTime: '' };
    let numLastRetries = 0;
    while (!signal.aborted) {
      const end = await this.#readOn(from, reading);
      if (end === 'Gone' || (end === 'Whole' && (this.#isOver || !this.#running.has(key)))) return;
      if (this.#isOver && ++numLastRetries > MAX_LAST_RETRIES) return;
      await sleep(RETRY_MS, { signal, clock });
    }
  }

  /** From where the reading is. Gone: with its pod, or not for this user to read. */
  async #readOn(
    from: PodContainer,
    reading: { first: Beginning; lastTime: string },
  ): Promise<'Whole' | 'Lost' | 'Gone'> {
    const { session, onLine } = this.#options;
    const { first, lastTime: readBefore } = reading;
    const since = readBefore === '' ? first : { sinceTime: readBefore };
    const options = { container: from.container, isFollowed: true, isPrevious: false, ...since };
    try {
      for await (const line of session.pods.logs(from.pod.metadata, options, session.signal)) {
        // What has been read of the last second comes again.
        if (line.time !== '' && line.time <= readBefore) continue;
        reading.lastTime = line.time;
        onLine(line, from);
      }
      return 'Whole';
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      return error instanceof UnavailableError ? 'Lost' : 'Gone';
    }
  }
}

function statusOf({ pod, container }: PodContainer): ContainerStatus | undefined {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return statuses.find(({ name }) => name === container);
}

function hasStarted(status: ContainerStatus | undefined): boolean {
  return status?.state.running !== undefined || status?.state.terminated !== undefined;
}
