/**
 * `kubectl ppo status`: one job in the live view of the single-machine mode, or all jobs in a table. Where text goes is
 * decided here; what it says is composed elsewhere.
 */
import { CONDITIONS, LABELS } from '../../api/names.ts';
import { ClusterError } from '../../cluster/errors.ts';
import type { Stored } from '../../cluster/objects.ts';
import type { LogLine } from '../../cluster/pod-access.ts';
import { PlainDisplay } from '../../local/displays.ts';
import { buildJobView, isFinal } from '../../local/job-view.ts';
import { renderFrame } from '../../local/live-view.ts';
import { TerminalBlock } from '../../local/terminal.ts';
import type { PPOJobObject } from '../../reconcile/ppojob-kind.ts';
import type { Invocation } from '../arguments.ts';
import { fieldsOfEvents } from '../events.ts';
import { findJob, listEvents, listJobPods, listJobs } from '../find-job.ts';
import { History } from '../history.ts';
import { feedJob, type Snapshot } from '../job-feed.ts';
import { buildFrame, elapsedSeconds } from '../job-frame.ts';
import { renderJobs } from '../jobs-table.ts';
import { EXIT, type Session } from '../session.ts';

/** Lines of the coordinator's log that curves are drawn from. */
const HISTORY_LINES = 2000;
/** Nothing is cut where text may be as wide as it likes. */
const ENDLESS = { columns: 10_000, rows: 10_000 };
const HINT = 'Ctrl-C leaves this view; the job goes on';

export async function status(session: Session, { name, flags }: Invocation): Promise<number> {
  if (name === null) return showAll(session, flags.isAllNamespaces);
  const job = await findJob(session, name);
  const { terminal } = session.output;
  if (terminal !== null && !flags.isOnce) return watch(session, job, new LiveScreen(new TerminalBlock(terminal)));
  if (flags.isWatched) return watch(session, job, new LineScreen(session.output.print, job));
  return showOnce(session, job);
}

async function showAll(session: Session, isAllNamespaces: boolean): Promise<number> {
  const { output, clock, cluster, namespace } = session;
  const jobs = await listJobs({ cluster, namespace: isAllNamespaces ? null : namespace });
  if (jobs.length === 0) output.note(isAllNamespaces ? 'no PPOJobs' : `no PPOJobs in namespace ${namespace}`);
  else output.print(renderJobs(jobs, { nowMs: clock.nowMs(), hasNamespaces: isAllNamespaces }).trimEnd());
  return EXIT.done;
}

async function showOnce(session: Session, job: Stored<PPOJobObject>): Promise<number> {
  const { output, clock } = session;
  const [pods, events, history] = await Promise.all([
    listJobPods(session, job.metadata.name),
    listEvents(session, fieldsOfEvents(job.metadata.name)),
    readHistory(session, job),
  ]);
  const nowMs = clock.nowMs();
  const frame = buildFrame({ job, pods, events, records: history.records, nowMs, hint: null });
  const lines = renderFrame(frame, { ...ENDLESS, hasColor: output.hasColor });
  output.print(lines.join('\n').trimEnd());
  return EXIT.done;
}

interface Screen {
  show(snapshot: Snapshot & { readonly job: Stored<PPOJobObject> }, context: ScreenContext): void;
  close(): void;
}

interface ScreenContext {
  readonly history: History;
  readonly nowMs: number;
  readonly hint: string;
}

async function watch(session: Session, job: Stored<PPOJobObject>, screen: Screen): Promise<number> {
  const history = await readHistory(session, job);
  try {
    for await (const snapshot of feedJob(session, job.metadata)) {
      const { job: latest, problem } = snapshot;
      if (latest === null || latest.metadata.uid !== job.metadata.uid) return tellDeletion(session, job, screen);
      history.readProgress(latest.status?.progress ?? null);
      const { condition } = buildJobView(latest, []);
      const hint = problem === null ? HINT : `trying again: ${problem}`;
      const context = { history, hint: isFinal(condition) ? '' : hint, nowMs: session.clock.nowMs() };
      screen.show({ ...snapshot, job: latest }, context);
      if (isFinal(condition)) return condition?.type === CONDITIONS.succeeded ? EXIT.done : EXIT.refused;
    }
    return EXIT.interrupted;
  } finally {
    screen.close();
  }
}

function tellDeletion({ output }: Session, { metadata }: Stored<PPOJobObject>, screen: Screen): number {
  screen.close();
  output.note(`PPOJob ${metadata.name} has been deleted`);
  return EXIT.refused;
}

/** Best effort: a job without a coordinator that one may read has only its latest figures. */
async function readHistory(session: Session, { metadata, status }: Stored<PPOJobObject>): Promise<History> {
  const history = new History();
  history.readProgress(status?.progress ?? null);
  try {
    const pods = await listJobPods(session, metadata.name);
    const coordinator = pods.find((pod) => pod.metadata.labels?.[LABELS.role] === 'coordinator');
    const container = coordinator?.spec.containers[0]?.name;
    if (coordinator === undefined || container === undefined) return history;
    const options = { container, isFollowed: false, isPrevious: false, tailLines: HISTORY_LINES };
    const lines: LogLine[] = [];
    for await (const line of session.pods.logs(coordinator.metadata, options, session.signal)) lines.push(line);
    history.readLog(lines);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
  }
  return history;
}

class LiveScreen implements Screen {
  readonly #block: TerminalBlock;

  constructor(block: TerminalBlock) {
    this.#block = block;
  }

  show({ job, pods, events }: Parameters<Screen['show']>[0], { history, nowMs, hint }: ScreenContext): void {
    const frame = buildFrame({ job, pods, events, records: history.records, nowMs, hint });
    this.#block.draw(renderFrame(frame, this.#block.size));
  }

  close(): void {
    this.#block.release();
  }
}

/** Iterations that were done before are not told again. */
class LineScreen implements Screen {
  readonly #display: PlainDisplay;
  #after: number;

  constructor(print: (line: string) => void, { status }: Stored<PPOJobObject>) {
    this.#display = new PlainDisplay(print, 0);
    this.#after = status?.progress?.iteration ?? 0;
  }

  show({ job, pods }: Parameters<Screen['show']>[0], { history, nowMs }: ScreenContext): void {
    const newest = job.status?.progress?.iteration ?? 0;
    this.#after = Math.min(this.#after, newest);
    const records = history.records.filter(({ iteration }) => iteration > this.#after);
    this.#display.show({ view: buildJobView(job, pods), records, elapsedSeconds: elapsedSeconds(job, nowMs) });
  }

  close(): void {}
}
