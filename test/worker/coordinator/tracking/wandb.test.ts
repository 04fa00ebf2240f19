/** Runs of Weights & Biases: byte for byte what wandb itself has read, one log for the whole job, each iteration once. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readRun } from './read-wandb.ts';
import { ACCURACY_BEFORE, COUNTED, filesBelow, metricsOf, playScenario, wandbIn } from './scenario.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/tracking', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wandb-'));
after(() => rmSync(folder, { recursive: true, force: true }));

type Item = { readonly key?: string; readonly nested_key?: readonly string[]; readonly value_json: string };
type Found = Readonly<Record<string, unknown>> & {
  readonly run?: Readonly<Record<string, unknown>> & { readonly config: { readonly update: readonly Item[] } };
  readonly history?: { readonly item: readonly Item[]; readonly step: { readonly num?: string } };
};
/** Written by wandb's own reader: test/fixtures/tracking/read.py. */
const found = JSON.parse(readFileSync(join(FIXTURES, 'wandb.json'), 'utf8')) as readonly Found[];

function figuresOf(items: readonly Item[]): Record<string, unknown> {
  return Object.fromEntries(items.map((item) => [item.nested_key?.join('.') ?? item.key, JSON.parse(item.value_json)]));
}

/** JSON has no infinity: wandb writes its name, and no minus before a zero. */
function asJson(metrics: Readonly<Record<string, number>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [name, Number.isFinite(value) ? value + 0 : String(value)]),
  );
}

test('the log is the one that wandb has read', () => {
  const own = join(folder, 'same');
  playScenario(own, wandbIn(own));
  const [path] = filesBelow(own);
  const run = join(own, 'offline-run-20260102_030406-17b788a70eec');
  assert.equal(path, join(run, 'run-17b788a70eec.wandb'));
  assert.deepEqual(readdirSync(run), ['files', 'run-17b788a70eec.wandb'], '`wandb sync` writes into files');
  const fixture = readFileSync(join(FIXTURES, 'wandb', 'run-17b788a70eec.wandb'));
  assert.ok(readFileSync(path).equals(fixture), 'the log differs: run test/fixtures/tracking/make.ts');
});

test('wandb finds the run, its settings, each iteration once, and its end', () => {
  const run = found.find((record) => record.run !== undefined)?.run;
  const { config, ...names } = run!;
  assert.deepEqual(names, {
    run_id: '17b788a70eec',
    ...{ entity: 'team', project: 'sums', display_name: 'first', run_group: 'seeds', tags: ['a', 'b'], host: 'pod' },
    start_time: '2026-01-02T03:04:06Z',
  });
  const { training, seed } = figuresOf(config.update);
  assert.deepEqual([seed, training], [5, { minibatchSize: 6, actor: { learningRate: 0.1, schedule: 'linear' } }]);
  const history = found.flatMap((record) => (record.history === undefined ? [] : [record.history]));
  const shown = history.map(({ item, step }) => {
    const { _timestamp, _runtime, _step, ...figures } = figuresOf(item);
    assert.equal(_step, Number(step.num ?? 0));
    return [_step, figures];
  });
  assert.deepEqual(shown, [
    [0, { 'evaluation/accuracy': ACCURACY_BEFORE }],
    ...COUNTED.map(([iteration, doing]) => [iteration, asJson(metricsOf(iteration, doing))]),
  ]);
  assert.deepEqual(Object.keys(found.at(-1)!).sort(), ['_info', 'exit', 'num']);
});

test('a job that is run again from its checkpoints goes on in its run, whatever its uid', () => {
  const own = join(folder, 'resumed');
  playScenario(own, wandbIn(own), ['one', 'two']);
  assert.deepEqual([...readRun(own).history.keys()], [0, 1, 2, 3, 4, 5]);
});

test('a job of another name, or from its beginning, has a run of its own', () => {
  const own = join(folder, 'shared');
  playScenario(own, wandbIn(own));
  const start = { nowMs: () => Date.UTC(2027, 0), uid: 'later' };
  for (const [name, iteration] of [
    ['other', 3],
    ['first', 0],
  ] as const) {
    const tracker = wandbIn(own, { name })({ ...start, uid: name });
    tracker.resume(iteration);
    tracker.close();
  }
  assert.equal(readdirSync(own).length, 3);
});

test('a coordinator that fails before it goes on leaves the run as it is', () => {
  const own = join(folder, 'not-begun');
  playScenario(own, wandbIn(own));
  const [path] = filesBelow(own);
  const before = readFileSync(path!);
  const tracker = wandbIn(own)({ nowMs: () => Date.UTC(2027, 0), uid: 'uid' });
  tracker.finish(false);
  tracker.close();
  assert.ok(readFileSync(path!).equals(before));
});

test('a run whose coordinator only went away has no end yet', () => {
  const own = join(folder, 'unfinished');
  const tracker = wandbIn(own)({ nowMs: () => 0, uid: 'uid' });
  tracker.resume(0);
  tracker.log({ iteration: 1, metrics: { 'rollout/score': Number.NaN }, samples: [] });
  tracker.close();
  const run = readRun(own);
  assert.deepEqual(run.kinds, ['other', 'run', 'history', 'other']);
  assert.equal(run.history.get(1)?.['rollout/score'], 'NaN');
});
