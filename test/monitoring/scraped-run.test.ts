/**
 * A real run on this machine, scraped by a real Prometheus as examples/prometheus.yml says: every query of the job's
 * dashboard finds something, every rule evaluates, and docs/metrics.md lists what workers expose, no less and no more. The
 * operator's is operator.cluster.ts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { askPanels } from './asked-panels.ts';
import { readDashboard, SHORT_RUN } from './dashboards.ts';
import { JOB_VARIABLES, JobScene } from './job-scene.ts';
import { skipWithout } from './prometheus.ts';
import { documentedSeries, scrapedSeries } from './series.ts';
import type { Window } from './server.ts';
import { drawSheet } from './sheet.ts';

const DEADLINE_MS = 120_000;

/** Series that need what this run doesn't have: a tracker, or a request that Node has under way as somebody looks. */
const CONDITIONAL = new Set(['ppo_tracking_failures_total', 'nodejs_active_requests']);

const isFiring = ({ state }: { readonly state: string }): boolean => state === 'firing';

describe('a run that a real Prometheus scrapes', { skip: skipWithout('prometheus') }, () => {
  let scene: JobScene | undefined;
  let window: Window = { start: 0, end: 0 };

  before(async () => {
    scene = await JobScene.start();
    window = await scene.run();
  });

  after(() => scene?.stop());

  it('has something to show in every panel of its dashboard', async () => {
    const dashboard = readDashboard('job');
    const variables = { ...SHORT_RUN, ...JOB_VARIABLES };
    const panels = await askPanels(dashboard, scene!.prometheus, { window, variables });
    assert.deepEqual(
      panels.flatMap(({ panel, empty }) => empty.map((query) => `${panel.title}: ${query}`)),
      [],
    );
    assert.deepEqual(
      panels.flatMap(({ unnamed }) => unnamed),
      [],
      'a line goes on though a pod is replaced',
    );
    const { html } = drawSheet(dashboard, panels, window);
    assert.equal(html.split('<section').length - 1, panels.length, 'a box for each panel');
    assert.doesNotMatch(html, /No data|NaN|Infinity/);
  });

  it('evaluates every rule, and a run that goes well raises no alert', async () => {
    for (const startMs = performance.now(); ; await delay(200)) {
      const rules = await scene!.prometheus.rules();
      const wrong = rules.filter(({ health }) => health !== 'ok');
      assert.ok(rules.length >= 9, `${rules.length} rules`);
      if (wrong.length === 0) return assert.deepEqual(rules.filter(isFiring), []);
      assert.ok(performance.now() - startMs < DEADLINE_MS, JSON.stringify(wrong));
    }
  });

  it('exposes what docs/metrics.md lists, and nothing else', async () => {
    const documented = documentedSeries();
    const scraped = await scrapedSeries(scene!.prometheus, window, documented);
    const expected = [...documented].filter(([name, text]) => {
      return !text.endsWith('; operator') && (!CONDITIONAL.has(name) || scraped.has(name));
    });
    assert.deepEqual(Object.fromEntries([...scraped].sort()), Object.fromEntries(expected.sort()));
  });
});
