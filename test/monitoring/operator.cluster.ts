// Two real operators beside a real API server, scraped by a real Prometheus: every query of the operator's dashboard finds
// something, every rule evaluates, and docs/metrics.md lists what an operator exposes, no less and no more.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type OwnEnvironment, startOwnEnvironment } from '../cluster/environment.ts';
import { until } from '../cluster/job-world.ts';
import { askPanels } from './asked-panels.ts';
import { readDashboard, SHORT_RUN } from './dashboards.ts';
import { OPERATOR_VARIABLES, OperatorScene } from './operator-scene.ts';
import { skipWithout } from './prometheus.ts';
import { documentedSeries, scrapedSeries } from './series.ts';
import type { Window } from './server.ts';

const skip = skipWithout('prometheus');
const environment: OwnEnvironment | null = skip === false ? await startOwnEnvironment() : null;
/** Node has a request of this sort under way, or not, as somebody looks. */
const CONDITIONAL = new Set(['nodejs_active_requests']);

describe('operators that a real Prometheus scrapes', { skip }, () => {
  let scene: OperatorScene | undefined;
  let window: Window = { start: 0, end: 0 };

  before(async () => {
    scene = await OperatorScene.start(environment!);
    window = await scene.run(['another']);
  });

  after(() => scene?.stop());

  it('have something to show in every panel of their dashboard', async () => {
    const variables = { ...SHORT_RUN, ...OPERATOR_VARIABLES };
    const panels = await askPanels(readDashboard('operator'), scene!.prometheus, { window, variables });
    assert.deepEqual(
      panels.flatMap(({ panel, empty }) => empty.map((query) => `${panel.title}: ${query}`)),
      [],
    );
    assert.deepEqual(
      panels.flatMap(({ unnamed }) => unnamed),
      [],
      'a line goes on though a pod is replaced',
    );
    const titled = new Map(panels.map(({ panel, lines }) => [panel.title, lines]));
    assert.deepEqual(titled.get('Leaders')?.[0]?.points.at(-1)?.value, 1);
    assert.deepEqual(titled.get('Operators')?.[0]?.points.at(-1)?.value, 2);
    const replaced = titled.get('Pods replaced in the last hour')?.find(({ name }) => name === 'program');
    assert.ok((replaced?.points.at(-1)?.value ?? 0) > 0, 'the pod that failed once');
  });

  it('evaluate every rule', async () => {
    await until('all rules are well', async () => {
      const rules = await scene!.prometheus.rules();
      const wrong = rules.filter(({ health }) => health !== 'ok');
      return rules.length >= 5 && wrong.length === 0 ? null : rules;
    });
  });

  it('expose what docs/metrics.md lists, and nothing else', async () => {
    const documented = documentedSeries();
    const scraped = await scrapedSeries(scene!.prometheus, window, documented);
    const expected = [...documented].filter(([name, text]) => {
      return /; (operator|all)$/.test(text) && (!CONDITIONAL.has(name) || scraped.has(name));
    });
    assert.deepEqual(Object.fromEntries([...scraped].sort()), Object.fromEntries(expected.sort()));
  });
});
