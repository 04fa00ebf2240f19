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

export interface FollowLogsOptions {
  readonly session: Session;
  readonly selection: LogSelection;
  /** Of a container that was there at the start; of others everything is new. */
  readonly first: Omit<LogOptions, 'container' | 'isFollowed' | 'isPrevious'>;
  readonly maxLogs: number;
  readonly onLine: (line: LogLine, from: PodContainer) => void;
}

const RETRY_MS = 500;

/** Resolves when the job is over and its logs are at their ends, or the signal aborts. */
export async function followLogs(options: FollowLogsOptions, snapshots: AsyncIterable<Snapshot>): Promise<void> {
  const follower = new Follower(options);
  for await (const { job, pods } of snapshots) {
    follower.follow(pods);
    if (job === null || isFinal(buildJobView(job, []).condition)) break;
  }
  await follower.ended();
}

export function tooMany(most: number): string {
  return `these are more than ${most} logs; choose some by --role and --index`;
}

class Follower {
  readonly #options: FollowLogsOptions;
  /** By pod, container and the container's restarts: each restart writes a log of its own. */
  readonly #logs = new Map<string, Promise<void>>();
  #failure: { readonly error: unknown } | null = null;
  #isFirst = true;

  constructor(options: FollowLogsOptions) {
    this.#options = options;
  }

  follow(pods: readonly Stored<Pod>[]): void {
    if (this.#failure !== null) throw this.#failure.error;
    const { selection, maxLogs, first } = this.#options;
    for (const from of selectContainers(pods, selection)) {
      const status = statusOf(from);
      const key = `${from.pod.metadata.uid} ${from.container} ${status?.restartCount}`;
      if (!hasStarted(status) || this.#logs.has(key)) continue;
      if (this.#logs.size >= maxLogs) throw new UserError(tooMany(maxLogs));
      const log = this.#read(from, this.#isFirst ? first : {});
      const ended = log.catch((error: unknown) => {
        this.#failure ??= { error };
      });
      this.#logs.set(key, ended);
    }
    this.#isFirst = false;
  }

  async ended(): Promise<void> {
    await Promise.all(this.#logs.values());
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Until its container has ended; again from where it was when the connection is lost. */
  async #read(from: PodContainer, first: FollowLogsOptions['first']): Promise<void> {
    const { session, onLine } = this.#options;
    const { signal, clock } = session;
    const always = { container: from.container, isFollowed: true, isPrevious: false };
    let options = first;
    let lastTime = '';
    let resumedAt = '';
    while (!signal.aborted) {
      try {
        for await (const line of session.pods.logs(from.pod.metadata, { ...always, ...options }, signal)) {
          // What has been read of the last second comes again.
          if (line.time !== '' && line.time <= resumedAt) continue;
          lastTime = line.time;
          onLine(line, from);
        }
        return;
      } catch (error) {
        // Otherwise it is gone with its pod, or not for this user to read.
        if (!(error instanceof UnavailableError)) return ignoreClusterError(error);
        resumedAt = lastTime;
        options = lastTime === '' ? first : { sinceTime: lastTime };
        await sleep(RETRY_MS, { signal, clock });
      }
    }
  }
}

function ignoreClusterError(error: unknown): void {
  if (!(error instanceof ClusterError)) throw error;
}

function statusOf({ pod, container }: PodContainer): ContainerStatus | undefined {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return statuses.find(({ name }) => name === container);
}

function hasStarted(status: ContainerStatus | undefined): boolean {
  return status?.state.running !== undefined || status?.state.terminated !== undefined;
}
