/**
 * The operator under many jobs at once, against a real API server on this machine: pods created a second, beside what the
 * same API server takes from a client that makes the same objects and decides nothing (its own limit for such jobs), and
 * from one that makes nothing but pods; the time from an event to the write that answers it; what the operator costs.
 * PPO_BENCH_JOBS sets the number of jobs (1000); each has 8 pods. API server, etcd, scheduler, controllers, kubelets and
 * operator share the machine: with few cores they are the limit, and the ratios are what counts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { PODS, SERVICES } from '../../operator/cluster/cluster.ts';
import type { Pod } from '../../operator/cluster/objects.ts';
import { MACHINE, type Platform } from '../../operator/plan/platform.ts';
import { PPO_JOBS } from '../../operator/reconcile/ppojob-kind.ts';
import { buildPod } from '../operator/cluster/fixtures.ts';
import { buildJob } from '../operator/reconcile/fixtures.ts';
import type { Figure } from './figure.ts';
import { coresBetween, readUsage, type Usage } from './operator/process-usage.ts';
import { createAll, planObjects } from './operator/same-objects.ts';
import { scrapeSum } from './operator/scraped.ts';
import { type RunningOperator, Stage } from './operator/stage.ts';
import { Watched } from './operator/watched.ts';

const NUM_JOBS = Number(process.env.PPO_BENCH_JOBS ?? 1000);
const PODS_PER_JOB = 8;
const NUM_PODS = NUM_JOBS * PODS_PER_JOB;
const NUM_REFERENCE_PODS = Math.min(NUM_PODS, 2000);
const SPEC = { roles: { generation: { replicas: PODS_PER_JOB - 5 } } };
/** Parallel requests of the benchmark; the operator works on as many jobs. */
const CONCURRENCY = 16;
const NUM_REACTIONS = Math.min(NUM_JOBS, 500);
const REACTIONS_PER_SECOND = 25;
const REST_MS = 20_000;
const WRITER = { fieldManager: 'bench' };
const DEADLINE_MS = 1_800_000;

export async function run(): Promise<readonly Figure[]> {
  const stage = await Stage.build(NUM_PODS + 2 * NUM_REFERENCE_PODS);
  try {
    const podsOnly = await measureApiServer(stage);
    const sameObjects = await measureSameObjects(stage);
    const operator = await stage.startOperator();
    await delay(5000);
    const atRest = await measureRest(operator.pid);
    const load = await measureLoad(stage, operator);
    const reactionsMs = await measureReactions(stage);
    const idle = await measureRest(operator.pid);
    return figures({ podsOnly, sameObjects, atRest, load, reactionsMs, idle });
  } finally {
    await stage.close();
  }
}

/** Pods a second that a client can make which does nothing else, in the same number of parallel requests. */
async function measureApiServer(stage: Stage): Promise<number> {
  const { cluster } = stage;
  await stage.createNamespace('reference');
  await delay(1000);
  const job = buildJob();
  const startMs = performance.now();
  await inParallel(NUM_REFERENCE_PODS, async (index) => {
    const pod: Pod = buildPod(`pod-${index}`);
    const metadata = { name: `pod-${index}`, namespace: 'reference', labels: { of: job.kind } };
    await cluster.create(PODS, { ...pod, metadata }, WRITER);
  });
  const podsPerSecond = NUM_REFERENCE_PODS / ((performance.now() - startMs) / 1000);
  await untilCalm(stage, 'reference');
  return podsPerSecond;
}

/** Pods a second of a client that makes each job's objects, pods included, and decides nothing. */
async function measureSameObjects(stage: Stage): Promise<number> {
  const { cluster } = stage;
  const namespace = 'same-objects';
  await stage.createNamespace(namespace);
  const pods = new Watched(cluster, PODS, namespace);
  await delay(1000);
  const platform: Platform = { ...MACHINE, kind: 'Cluster', operatorNamespace: 'default' };
  const numJobs = NUM_REFERENCE_PODS / PODS_PER_JOB;
  const startMs = performance.now();
  await inParallel(numJobs, (index) =>
    createAll(cluster, planObjects(SPEC, { name: jobName(index), namespace, platform })),
  );
  await untilSettled('all pods of the reference', () => pods.uids.size >= NUM_REFERENCE_PODS);
  const podsPerSecond = NUM_REFERENCE_PODS / ((pods.lastAddedAtMs - startMs) / 1000);
  await pods.stop();
  await untilCalm(stage, namespace);
  return podsPerSecond;
}

/** Until every pod runs: what is left to do for them must not burden what is measured next. */
async function untilCalm({ cluster }: Stage, namespace: string): Promise<void> {
  await untilSettled(namespace, async () => {
    const { items } = await cluster.list(PODS, { namespace });
    return items.every(({ status }) => status?.phase === 'Running');
  });
}

interface Rest {
  readonly cores: number;
  readonly residentBytes: number;
}

async function measureRest(pid: number): Promise<Rest> {
  const before = readUsage(pid);
  await delay(REST_MS);
  const after = readUsage(pid);
  return { cores: coresBetween(before, after), residentBytes: after.residentBytes };
}

interface Load {
  readonly podsPerSecond: number;
  readonly cores: number;
  readonly cpuSeconds: number;
  readonly numWrites: number;
  readonly peakBytes: number;
}

/** From the first job's creation to the last pod's, while kubelets report pods as running. */
async function measureLoad(stage: Stage, { pid, metricsPort }: RunningOperator): Promise<Load> {
  const { cluster } = stage;
  await stage.createNamespace('jobs');
  const pods = new Watched(cluster, PODS, 'jobs');
  await delay(1000);
  let peakBytes = 0;
  const sampling = setInterval(() => {
    peakBytes = Math.max(peakBytes, readUsage(pid).residentBytes);
  }, 500);
  const before: Usage = readUsage(pid);
  const countWrites = (): Promise<number> =>
    scrapeSum(metricsPort, 'rest_client_requests_total', (labels) => !labels.includes('method="GET"'));
  const numBefore = await countWrites();
  const job = buildJob(SPEC);
  await inParallel(NUM_JOBS, async (index) => {
    await cluster.create(PPO_JOBS, { ...job, metadata: { name: jobName(index), namespace: 'jobs' } }, WRITER);
  });
  await untilSettled('all pods', () => pods.uids.size >= NUM_PODS);
  const after = readUsage(pid);
  await untilRunning(stage);
  clearInterval(sampling);
  await pods.stop();
  const seconds = (pods.lastAddedAtMs - before.atMs) / 1000;
  return {
    podsPerSecond: NUM_PODS / seconds,
    cores: coresBetween(before, after),
    cpuSeconds: readUsage(pid).cpuSeconds - before.cpuSeconds,
    numWrites: (await countWrites()) - numBefore,
    peakBytes,
  };
}

async function untilRunning({ cluster }: Stage): Promise<void> {
  const isRunning = async (index: number): Promise<boolean> => {
    const { status } = await cluster.get(PPO_JOBS, { namespace: 'jobs', name: jobName(index) });
    return status?.conditions?.some(({ type, status: value }) => type === 'Running' && value === 'True') ?? false;
  };
  for (let index = 0; index < NUM_JOBS; index += 1) await untilSettled(jobName(index), () => isRunning(index));
}

/** From the deletion of a job's service, as its answer comes, to the new service, as a watch shows it. */
async function measureReactions({ cluster }: Stage): Promise<number[]> {
  const services = new Watched(cluster, SERVICES, 'jobs');
  await delay(1000);
  const deletedAtMs = new Map<string, number>();
  for (let index = 0; index < NUM_REACTIONS; index += 1) {
    const name = `${jobName(index)}-generation`;
    void cluster.delete(SERVICES, { namespace: 'jobs', name }).then(() => deletedAtMs.set(name, performance.now()));
    await delay(1000 / REACTIONS_PER_SECOND);
  }
  await untilSettled('all services', () => services.addedAtMs.size >= NUM_REACTIONS);
  await services.stop();
  const reactionMs = ([name, atMs]: [string, number]): number => (services.addedAtMs.get(name) ?? 0) - atMs;
  // The watch may tell of the new service before the answer to the deletion has arrived.
  return [...deletedAtMs].map(reactionMs).map((ms) => Math.max(ms, 0));
}

interface Measured {
  readonly podsOnly: number;
  readonly sameObjects: number;
  readonly atRest: Rest;
  readonly load: Load;
  readonly reactionsMs: readonly number[];
  readonly idle: Rest;
}

function figures({ podsOnly, sameObjects, atRest, load, reactionsMs, idle }: Measured): Figure[] {
  const bench = 'operator';
  const alone = (metric: string, value: number, unit: string): Figure => ({
    ...{ bench, metric, value, unit },
    reference: '',
    ratio: null,
  });
  const megabytes = (bytes: number): number => bytes / 2 ** 20;
  return [
    {
      bench,
      metric: `pods created, ${NUM_JOBS} jobs of ${PODS_PER_JOB}`,
      value: load.podsPerSecond,
      unit: 'pods/s',
      reference: `a client that makes the same objects, ${sameObjects.toFixed(0)} pods/s`,
      ratio: load.podsPerSecond / sameObjects,
    },
    {
      bench,
      metric: 'the same objects by a client that decides nothing',
      value: sameObjects,
      unit: 'pods/s',
      reference: `a client that makes only pods, ${podsOnly.toFixed(0)} pods/s`,
      ratio: sameObjects / podsOnly,
    },
    alone('writes per job', load.numWrites / NUM_JOBS, 'requests'),
    alone('CPU per 1000 pods, until they run', (load.cpuSeconds / NUM_PODS) * 1000, 's'),
    alone('event to write, median', percentile(reactionsMs, 0.5), 'ms'),
    alone('event to write, 99th percentile', percentile(reactionsMs, 0.99), 'ms'),
    alone('CPU at rest, no jobs', atRest.cores, 'cores'),
    alone('CPU under load', load.cores, 'cores'),
    alone(`CPU idle, ${NUM_JOBS} jobs`, idle.cores, 'cores'),
    alone('memory at rest, no jobs', megabytes(atRest.residentBytes), 'MiB'),
    alone('memory under load, peak', megabytes(load.peakBytes), 'MiB'),
    alone(`memory idle, ${NUM_JOBS} jobs`, megabytes(idle.residentBytes), 'MiB'),
    alone('memory per idle job', (idle.residentBytes - atRest.residentBytes) / 1024 / NUM_JOBS, 'KiB'),
  ];
}

function jobName(index: number): string {
  return `job-${String(index).padStart(4, '0')}`;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

async function untilSettled(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + DEADLINE_MS;
  while (!(await isSo())) {
    if (Date.now() > endMs) throw new Error(`${what}: not within ${DEADLINE_MS / 1000} s`);
    await delay(200);
  }
}
