/** `kubectl ppo logs`: what the pods of a job write, in one order. Knows where text goes, not what is in it. */
import type { ObjectName } from '../../cluster/cluster.ts';
import { ClusterError } from '../../cluster/errors.ts';
import type { Pod, Stored } from '../../cluster/objects.ts';
import type { LogLine, LogOptions } from '../../cluster/pod-access.ts';
import type { Invocation } from '../arguments.ts';
import { findJob, listJobPods } from '../find-job.ts';
import type { Flags } from '../flags.ts';
import { feedJob } from '../job-feed.ts';
import { followLogs, tooMany } from '../log-follower.ts';
import { hueOf, type LogSource, renderJson, renderText } from '../log-line.ts';
import { mergeByTime } from '../log-merge.ts';
import { containerNames, type LogSelection, type PodContainer, selectContainers, titleOf } from '../log-sources.ts';
import { EXIT, noPods, type Session, UserError } from '../session.ts';

/** Each is a connection to the API server. */
const MAX_LOGS = 128;

export async function logs(session: Session, { name, flags }: Invocation): Promise<number> {
  const job = await findJob(session, name ?? '');
  const pods = await listJobPods(session, job.metadata.name);
  checkContainer(pods, flags);
  const printer = new LinePrinter(session, flags);
  const first = {
    ...{ sinceSeconds: flags.sinceSeconds ?? undefined, sinceTime: flags.sinceTime ?? undefined },
    tailLines: flags.tail ?? undefined,
  };
  if (flags.isFollowed) {
    const onLine = (line: LogLine, from: PodContainer): void => printer.print(line, from);
    await followLogs({ session, selection: flags, first, maxLogs: MAX_LOGS, onLine }, feedJob(session, job.metadata));
    return EXIT.done;
  }
  const sources = selectContainers(pods, flags);
  if (sources.length === 0) throw new UserError(nothingSelected(job.metadata, pods, flags));
  if (sources.length > MAX_LOGS) throw new UserError(tooMany(MAX_LOGS));
  return printAll(session, {
    sources,
    options: { ...first, isPrevious: flags.isPrevious, isFollowed: false },
    printer,
  });
}

interface Reading {
  readonly sources: readonly PodContainer[];
  readonly options: Omit<LogOptions, 'container'>;
  readonly printer: LinePrinter;
}

async function printAll({ pods, signal, output }: Session, { sources, options, printer }: Reading): Promise<number> {
  const problems: string[] = [];
  const logs = sources.map((source) => ({
    source,
    lines: untilError(pods.logs(source.pod.metadata, { ...options, container: source.container }, signal), problems),
  }));
  for await (const { line, source } of mergeByTime(logs)) printer.print(line, source);
  for (const problem of problems) output.note(problem);
  return problems.length === sources.length ? EXIT.refused : EXIT.done;
}

/** A container that hasn't started must not hide what the others say. */
async function* untilError(lines: AsyncIterable<LogLine>, problems: string[]): AsyncGenerator<LogLine> {
  try {
    yield* lines;
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    problems.push(error.message);
  }
}

class LinePrinter {
  readonly #session: Session;
  readonly #flags: Flags;
  readonly #sources = new Map<string, LogSource>();

  constructor(session: Session, flags: Flags) {
    this.#session = session;
    this.#flags = flags;
  }

  print(line: LogLine, from: PodContainer): void {
    const { output } = this.#session;
    const source = this.#sourceOf(from);
    output.print(this.#flags.output === 'json' ? renderJson(line, source) : renderText(line, source, output.hasColor));
  }

  #sourceOf(from: PodContainer): LogSource {
    const pod = from.pod.metadata.name;
    const key = `${pod}/${from.container}`;
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    const source = {
      pod,
      container: from.container,
      title: titleOf(from, this.#flags),
      hue: hueOf(this.#sources.size),
    };
    this.#sources.set(key, source);
    return source;
  }
}

function checkContainer(pods: readonly Stored<Pod>[], { container }: LogSelection): void {
  const names = containerNames(pods);
  if (container === null || names.length === 0 || names.includes(container)) return;
  throw new UserError(`no pod of the job has a container "${container}"; there are: ${names.join(', ')}`);
}

function nothingSelected(job: ObjectName, pods: readonly Pod[], { role, index }: LogSelection): string {
  if (pods.length === 0) return noPods(job);
  const which = [role ?? '', index ?? ''].join(' ').trim();
  return `PPOJob ${job.name} has no pod ${which}; there are: ${pods.map(({ metadata }) => metadata.name).join(', ')}`;
}
