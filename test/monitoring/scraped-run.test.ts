/**
 * A real run on this machine and an operator's metrics, scraped by a real Prometheus: every query of both dashboards finds
 * something, every rule evaluates, and docs/metrics.md lists what there is, no less and no more.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createOperatorMetrics } from '../../operator/metrics.ts';
import { type MetricsServer, startMetricsServer } from '../../worker/service/metrics.ts';
import { JobRun } from '../e2e/job-run.ts';
import { findProgram, skipWithout } from './prometheus.ts';
import { PrometheusServer, type Window } from './server.ts';

const ROOT = join(import.meta.dirname, '../..');
const DEADLINE_MS = 120_000;
const NUM_ITERATIONS = 150; // long enough for the list of targets to be read, and some scrapes, on a fast machine

/** Series that need what this run doesn't have: a tracker, or a request that Node has under way as somebody looks. */
const CONDITIONAL = new Set(['ppo_tracking_failures_total', 'nodejs_active_requests']);

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

function queriesOf(file: string, variables: Readonly<Record<string, string>>): { title: string; query: string }[] {
  const { panels } = JSON.parse(
    readFileSync(join(ROOT, `charts/ppo-operator/dashboards/${file}.json`), 'utf8'),
  ) as Dashboard;
  const values = { __rate_interval: '15s', __range: '10m', ...variables };
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => {
      const query = Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`$${name}`, value), expr);
      return { title, query };
    }),
  );
}

/** By the first column of the tables, with their type. */
function documentedSeries(): Map<string, string> {
  const text = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8');
  return new Map(
    [...text.matchAll(/^\| `([a-z][\w:]*)` \| (gauge|counter|histogram) \|/gm)].map(([, n, t]) => [n!, t!]),
  );
}

/** An operator's metrics with something to show; the operator itself is tested elsewhere. */
async function serveOperatorMetrics(): Promise<{ server: MetricsServer; stop: () => void }> {
  const metrics = createOperatorMetrics();
  const { controller, jobs } = metrics;
  controller.onStart({
    concurrency: 16,
    statistics: () => ({ depth: 1, unfinishedMs: 10, longestMs: 10, stuckMs: 0 }),
    unsyncedKinds: () => [],
    mostSilentWatch: () => ({ kind: 'pods', silentMs: 0 }),
  });
  jobs.onStart(() => []);
  metrics.onLeading(true);
  const timer = setInterval(() => {
    metrics.onAttempt({ method: 'GET', host: 'api:6443', status: 200, durationMs: 4 });
    controller.queue.onAdd();
    controller.queue.onTake(1);
    controller.queue.onDone(2);
    controller.onReconcile({ type: 'done' }, 5);
    controller.onReconcile({ type: 'retry', error: new Error('a fault') }, 5);
    controller.queue.onRetry();
    jobs.onMilestone('scheduled', 2000);
    jobs.onMilestone('running', 9000);
    jobs.onPodReplaced('generation', 'program');
  }, 100);
  const server = await startMetricsServer({
    ...{ host: '127.0.0.1', port: 0, registry: metrics.registry, isReady: () => true },
  });
  return { server, stop: () => clearInterval(timer) };
}

describe('a run that a real Prometheus scrapes', { skip: skipWithout('prometheus') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ppo-monitoring-'));
  const output = join(folder, 'arithmetic');
  let run: JobRun | undefined;
  let prometheus: PrometheusServer | undefined;
  let operator: Awaited<ReturnType<typeof serveOperatorMetrics>> | undefined;
  let window: Window = { start: 0, end: 0 };

  before(async () => {
    operator = await serveOperatorMetrics();
    const config = readFileSync(join(ROOT, 'examples/prometheus.yml'), 'utf8')
      .replaceAll('../output/arithmetic/', `${output}/`)
      .replaceAll('../charts/', `${ROOT}/charts/`)
      .replace(/scrape_interval: \w+/, 'scrape_interval: 500ms')
      .replace(/evaluation_interval: \w+/, 'evaluation_interval: 1s');
    const target = `  - job_name: ppo-operator
    static_configs:
      - {targets: ['127.0.0.1:${operator.server.port}'], labels: {namespace: ppo-operator, pod: ppo-operator-0}}\n`;
    prometheus = await PrometheusServer.start(findProgram('prometheus')!, config + target);
    const start = Date.now() / 1000;
    run = new JobRun(
      output,
      ...['--set', `spec.algorithm.numIterations=${NUM_ITERATIONS}`, '--set', 'spec.algorithm.kl.target="1"'],
    );
    assert.equal(await run.exit, 0, run.text());
    window = { start, end: Date.now() / 1000 };
  });

  after(async () => {
    run?.kill('SIGKILL');
    await run?.exit;
    operator?.stop();
    await operator?.server.close();
    await prometheus?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [file, variables] of [
    ['job', { namespace: 'default', job: 'arithmetic' }],
    ['operator', { namespace: 'ppo-operator' }],
  ] as const) {
    it(`has something to show in every panel of the dashboard ${file}`, async () => {
      const empty: string[] = [];
      for (const { title, query } of queriesOf(file, variables)) {
        const results = await prometheus!.range(query, window);
        if (results.every(({ values }) => values.every(([, value]) => value === 'NaN')))
          empty.push(`${title}: ${query}`);
      }
      assert.deepEqual(empty, []);
    });
  }

  it('evaluates every rule', async () => {
    for (const startMs = performance.now(); ; await delay(200)) {
      const rules = await prometheus!.rules();
      const wrong = rules.filter(({ health }) => health !== 'ok');
      assert.ok(rules.length > 10, `${rules.length} rules`);
      if (wrong.length === 0) return;
      assert.ok(performance.now() - startMs < DEADLINE_MS, JSON.stringify(wrong));
    }
  });

  it('exposes what docs/metrics.md lists, and nothing else', async () => {
    const documented = documentedSeries();
    const exposed = new Set(
      (await prometheus!.seriesNames())
        .filter((name) => /^(ppo_|vllm:|process_|nodejs_|leader_|controller_|workqueue_|rest_)/.test(name))
        .map((name) => {
          const base = name.replace(/_(bucket|sum|count)$/, '');
          return documented.get(base) === 'histogram' ? base : name;
        }),
    );
    const unknown = [...exposed].filter((name) => !documented.has(name));
    const absent = [...documented.keys()].filter((name) => !exposed.has(name) && !CONDITIONAL.has(name));
    assert.deepEqual({ unknown, absent }, { unknown: [], absent: [] });
  });
});
