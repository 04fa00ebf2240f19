/**
 * `kubectl ppo top`: what each pod of a job uses and does. Asks the metrics server and the pods' own pages; what neither
 * says is left out, with a word why. Knows no series.
 */
import { LABELS, ROLE_NAMES, type RoleName } from '../../api/names.ts';
import { ClusterError } from '../../cluster/errors.ts';
import { sleep } from '../../cluster/list-watch.ts';
import type { Container, Pod, Stored } from '../../cluster/objects.ts';
import { formatCount } from '../../local/format.ts';
import { carriesRole, groupOf } from '../../reconcile/pod-state.ts';
import type { Invocation } from '../arguments.ts';
import { findJob, listJobPods } from '../find-job.ts';
import { EXIT, noPods, type Session, UserError } from '../session.ts';
import { parseExposition } from '../top/exposition.ts';
import { type Figures, figuresOf, type Look } from '../top/figures.ts';
import { parseQuantity } from '../top/quantity.ts';
import { renderTop, type TopRow } from '../top/top-table.ts';

/** Between two looks at a counter: long enough for a speed, short enough to wait for. */
const INTERVAL_MS = 2000;
/** Of a job of many pods none may have a page for this user, each for the same reason. */
const MAX_NOTES = 5;
const METRICS_PORT = 'metrics';
const METRICS_PAGE = '/metrics';

interface Worker {
  readonly pod: Stored<Pod>;
  readonly role: RoleName;
  readonly container: Container;
}

export async function top(session: Session, { name }: Invocation): Promise<number> {
  const { output } = session;
  const job = await findJob(session, name ?? '');
  const pods = await listJobPods(session, job.metadata.name);
  if (pods.length === 0) throw new UserError(noPods(job.metadata));
  const workers = findWorkers(pods);
  const notes = new Set<string>();
  const [usage, figures] = await Promise.all([
    readUsage(session, job.metadata.name, notes),
    readFigures(session, workers, notes),
  ]);
  const rows = workers.map(({ pod, role }, i): TopRow => {
    const used = usage.get(pod.metadata.name);
    return { pod: pod.metadata.name, role, usage: used ?? null, figures: figures[i] ?? null };
  });
  output.print(renderTop(rows).trimEnd());
  const { progress } = job.status ?? {};
  if (progress !== undefined) {
    const speed = formatCount(Number(progress.tokensPerSecond));
    output.print(`\nthe job: ${speed} tokens/s generated in iteration ${progress.iteration}; now ${progress.phase}`);
  }
  const numLeft = Math.max(0, notes.size - MAX_NOTES);
  for (const note of [...notes].slice(0, MAX_NOTES)) output.note(note);
  if (numLeft > 0) output.note(`and so with ${numLeft} more`);
  return EXIT.done;
}

/** In the order of roles, then of ranks. A pod that roles share has a row for each. */
function findWorkers(pods: readonly Stored<Pod>[]): Worker[] {
  const indexOf = (pod: Pod): number => Number(pod.metadata.labels?.[LABELS.index] ?? 0);
  const sorted = pods.toSorted((a, b) => indexOf(a) - indexOf(b));
  return ROLE_NAMES.flatMap((role) =>
    sorted
      .filter((pod) => carriesRole(pod, role))
      .flatMap((pod) => {
        const { containers } = pod.spec;
        const container = groupOf(pod) === role ? containers[0] : containers.find(({ name }) => name === role);
        return container === undefined ? [] : [{ pod, role, container }];
      }),
  );
}

/** CPU and memory by pod. */
async function readUsage(session: Session, job: string, notes: Set<string>) {
  const byPod = new Map<string, { cpus: number; memoryBytes: number }>();
  try {
    for (const { pod, cpu, memory } of await session.pods.usage(session.namespace, `${LABELS.job}=${job}`)) {
      const before = byPod.get(pod) ?? { cpus: 0, memoryBytes: 0 };
      const memoryBytes = before.memoryBytes + parseQuantity(memory);
      byPod.set(pod, { cpus: before.cpus + parseQuantity(cpu), memoryBytes });
    }
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    const cause = error.code === 'NotFound' ? 'the cluster has no metrics server' : error.message;
    notes.add(`CPU and MEMORY are the workers' own figures, without sidecars: ${cause}`);
  }
  return byPod;
}

/** Of each worker; null where its page can't be had. */
async function readFigures(
  session: Session,
  workers: readonly Worker[],
  notes: Set<string>,
): Promise<(Figures | null)[]> {
  const first = await Promise.all(workers.map((worker) => look(session, worker, notes)));
  if (first.every((page) => page === null)) return first.map(() => null);
  await sleep(INTERVAL_MS, session);
  const second = await Promise.all(
    workers.map((worker, i) => (first[i] == null ? null : look(session, worker, notes))),
  );
  return workers.map((_, i) => {
    const [before, after] = [first[i], second[i]];
    return before == null || after == null ? null : figuresOf(before, after);
  });
}

async function look(session: Session, { pod, container }: Worker, notes: Set<string>): Promise<Look | null> {
  const port = container.ports?.find(({ name }) => name?.startsWith(METRICS_PORT))?.containerPort;
  if (pod.status?.phase !== 'Running' || port === undefined) return null;
  try {
    const samples = parseExposition(await session.pods.fetch(pod.metadata, port, METRICS_PAGE));
    return { samples, atMs: session.clock.monotonicMs() };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    notes.add(`${pod.metadata.name}: its metrics can't be had through the API server: ${error.message}`);
    return null;
  }
}
