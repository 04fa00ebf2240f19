/**
 * One run of a job on this machine: start the cluster, submit, show, wait for the end or an interrupt, clean up, and say
 * what came of it. Results are prepared and written here; how anything looks is the displays' business.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SECRET_VARIABLES } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import { PODS } from '../cluster/cluster.ts';
import { PPO_JOBS } from '../reconcile/ppojob-kind.ts';
import type { Display, Moment } from './displays.ts';
import { INTERRUPTED, Interrupts } from './interrupts.ts';
import { buildJobView, isFinal } from './job-view.ts';
import { LocalCluster } from './local-cluster.ts';
import type { LocalPage } from './local-page.ts';
import { TargetsFile } from './metric-targets.ts';
import { MetricsFile } from './metrics-file.ts';
import type { OutputPaths } from './output.ts';
import { renderCurves } from './plot.ts';
import { type Summary, summarize } from './summary.ts';

const REFRESH_MS = 250;
/** For workers to close by themselves at the end; nothing of value is left in them then. */
const END_GRACE_MS = 5000;
const INTERRUPT_GRACE_MS = 8000;

export interface RunJobOptions {
  readonly job: PPOJob;
  readonly paths: OutputPaths;
  readonly display: Display;
  readonly repositoryDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly watchesParent: boolean;
  /** Shows the cluster to others, also after this run; null where nobody does. */
  readonly page: LocalPage | null;
}

export type RunResult =
  | {
      readonly kind: 'ended';
      readonly summary: Summary;
      /** Why summary.json or the curves could not be written; null where they were. */
      readonly problem: string | null;
    }
  | { readonly kind: 'interrupted'; readonly reason: string };

/** Throws when the machinery itself fails; every process and folder is gone then as well. */
export async function runJob(options: RunJobOptions): Promise<RunResult> {
  const { job, paths, display } = options;
  const startMs = Date.now();
  const fault = Promise.withResolvers<never>();
  const showing = new AbortController();
  const interrupts = new Interrupts({
    watchesParent: options.watchesParent,
    onInsist: () => process.exit(INTERRUPTED), // the exit listener ends what runs
  });
  const targets = new TargetsFile(paths.metricTargets);
  let local: LocalCluster | null = null;
  const kill = (): void => local?.kill();
  process.once('exit', kill);
  try {
    local = await LocalCluster.start({
      repositoryDirectory: options.repositoryDirectory,
      logDirectory: paths.logs,
      environment: options.environment,
      onFault: (error) => fault.reject(error),
    });
    options.page?.show(local.cluster);
    if (options.page !== null) display.say(`page: ${options.page.url}   Ctrl-C stops the job`);
    await local.submit({ ...job });
    const end = showUntilEnd({ ...options, local, startMs, targets, signal: showing.signal });
    const ended = await Promise.race([end, interrupts.asked, fault.promise]);
    if (typeof ended === 'string') {
      showing.abort(); // from here on pods end because they are told to, which is no news
      display.say('stopping every process; once more to stop at once');
      await local.stop(INTERRUPT_GRACE_MS);
      return { kind: 'interrupted', reason: ended };
    }
    const summary = summarize(ended.view, ended.records, (Date.now() - startMs) / 1000);
    const problem = writeResults(options, ended, summary);
    await local.stop(END_GRACE_MS);
    return { kind: 'ended', summary, problem };
  } finally {
    showing.abort();
    display.close();
    targets.remove();
    kill();
    process.off('exit', kill);
    interrupts.close();
  }
}

interface Showing extends RunJobOptions {
  readonly local: LocalCluster;
  readonly startMs: number;
  readonly targets: TargetsFile;
  readonly signal: AbortSignal;
}

/** The moment of a final condition, or the last one before the signal. */
async function showUntilEnd(showing: Showing): Promise<Moment> {
  const metrics = new MetricsFile(showing.paths.metrics);
  for (;;) {
    const moment = await look(showing, metrics);
    if (showing.signal.aborted) return moment;
    showing.display.show(moment);
    if (isFinal(moment.view.condition)) return moment;
    await delay(REFRESH_MS);
  }
}

async function look({ local: { cluster }, job, startMs, targets }: Showing, metrics: MetricsFile): Promise<Moment> {
  const { name, namespace = 'default' } = job.metadata;
  const [stored, pods] = await Promise.all([
    cluster.get(PPO_JOBS, { namespace, name }),
    cluster.list(PODS, { namespace }),
  ]);
  targets.update(pods.items);
  return {
    view: buildJobView(stored, pods.items),
    records: metrics.read(),
    elapsedSeconds: (Date.now() - startMs) / 1000,
  };
}

/** Returns why they can't be written; what came of the job must be said all the same. */
function writeResults({ paths, job }: RunJobOptions, { records }: Moment, summary: Summary): string | null {
  const { name } = job.metadata;
  const curves = renderCurves({ title: `PPOJob ${name}`, records, accuracyBefore: summary.accuracyBefore });
  try {
    writeFileSync(paths.curves, curves);
    writeFileSync(paths.summary, `${JSON.stringify(summary, null, 2)}\n`);
    return null;
  } catch (error) {
    return `the results in ${paths.directory} are not complete: ${error instanceof Error ? error.message : error}`;
  }
}

/** What OpenTelemetry's own exporter reads: its headers are secret, so the manifest doesn't have them. */
const TRACING = [SECRET_VARIABLES.tracingHeaders, 'OTEL_EXPORTER_OTLP_CERTIFICATE', 'NODE_EXTRA_CA_CERTS'];
/** What every container inherits of this process's environment; all else comes from the pod. */
const INHERITED = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'PPO_LOG_LEVEL',
  ...TRACING,
];

export function containerEnvironment(
  environment: NodeJS.ProcessEnv,
  repositoryDirectory: string,
): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    // A dozen processes load the same modules: the second and later ones find them compiled.
    NODE_COMPILE_CACHE: join(repositoryDirectory, 'node_modules', '.cache', 'ppo-operator'),
  };
}
