/** Event files: byte for byte those that TensorBoard itself has read, and what it found in them is what was written. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readScalars } from './read-events.ts';
import {
  ACCURACY_BEFORE,
  COUNTED,
  filesBelow,
  metricsOf,
  nameInFixtures,
  playScenario,
  tensorboardIn,
} from './scenario.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/tracking', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tensorboard-'));
after(() => rmSync(folder, { recursive: true, force: true }));
playScenario(folder, tensorboardIn(folder));

interface Found {
  readonly scalars: Readonly<Record<string, readonly (readonly [step: number, value: string])[]>>;
  readonly texts: Readonly<Record<string, readonly (readonly [step: number, markdown: string])[]>>;
  readonly hparams: { readonly sessionStartInfo: { readonly hparams: Readonly<Record<string, unknown>> } };
}
/** Written by TensorBoard's own reader: test/fixtures/tracking/read.py. */
const found = JSON.parse(readFileSync(join(FIXTURES, 'tensorboard.json'), 'utf8')) as Found;

test('the files are those that TensorBoard has read', () => {
  const names = filesBelow(folder).map(nameInFixtures);
  assert.deepEqual(names, readdirSync(join(FIXTURES, 'tensorboard')).sort());
  for (const path of filesBelow(folder)) {
    const fixture = readFileSync(join(FIXTURES, 'tensorboard', nameInFixtures(path)));
    assert.ok(readFileSync(path).equals(fixture), `${path} differs: run test/fixtures/tracking/make.ts`);
  }
});

test('TensorBoard shows each iteration once, as it was done last', () => {
  const pythonsOwn = (value: string) => (value === 'inf' ? Number.POSITIVE_INFINITY : Number(value));
  const expected: Record<string, [number, number][]> = { 'evaluation/accuracy': [[0, ACCURACY_BEFORE]] };
  for (const [iteration, doing] of COUNTED) {
    for (const [tag, value] of Object.entries(metricsOf(iteration, doing))) {
      expected[tag] = [...(expected[tag] ?? []), [iteration, value]];
    }
  }
  const shown = Object.entries(found.scalars).map(([tag, points]) => [
    tag,
    points.map(([step, value]) => [step, pythonsOwn(value)]),
  ]);
  assert.deepEqual(Object.fromEntries(shown), expected);
});

test("the tests' own reader finds the same", () => {
  const scalars = readScalars(folder);
  assert.deepEqual([...scalars.keys()], [0, ...COUNTED.map(([iteration]) => iteration)]);
  for (const [iteration, doing] of COUNTED) assert.deepEqual(scalars.get(iteration), metricsOf(iteration, doing));
});

test('TensorBoard shows responses as a table, and the settings', () => {
  const table = [
    '| prompt | response | score |',
    '| --- | --- | --- |',
    '| 1+1= | 2 | 1 |',
    '| a\\|b⏎&lt;c> &amp;amp; | \\`d\\`\\\\ | -0.5 |',
  ];
  assert.deepEqual(found.texts['rollout/responses'], [[5, table.join('\n')]]);
  assert.match(found.texts['job/settings']![0]![1], /"learningRate": 0\.1/);
  assert.deepEqual(found.hparams.sessionStartInfo.hparams, {
    seed: 5,
    'training.minibatchSize': 6,
    'training.actor.learningRate': 0.1,
    'training.actor.schedule': 'linear',
    'reward.clipRange': '[-1,1]',
    whiten: true,
    limit: 'null',
  });
});
