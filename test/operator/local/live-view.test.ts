/** The live view's picture: what the user must see, within the terminal's size. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { renderFrame, sparkline } from '../../../operator/local/live-view.ts';
import { buildRecord, buildRolePod, buildView } from './fixtures/views.ts';

const SIZE = { columns: 100, rows: 40, hasColor: false };
const pods = [buildRolePod({ sidecarRestarts: 1 }), buildRolePod({ role: 'actor', isReady: false })];
const frame = {
  view: buildView({ pods, restarts: 2 }),
  records: Array.from({ length: 12 }, (_, i) => buildRecord(i + 1)),
  elapsedSeconds: 72,
  events: ['12 s  generation-0 failed'],
  hint: 'Ctrl-C stops the job',
};

test('everything that the user wants to know is there', () => {
  const text = renderFrame(frame, SIZE).join('\n');
  for (const part of [
    ...['tiny  Running  Training  1 min 12 s', 'iteration 12 of 40', '30 %', '2 min 20 s left', '████████████░'],
    ...['score        1.200', '▁▂▂▃▄▄▅▅▆▇▇█', 'KL           0.0100', 'accuracy     62.5 %  (from 25.0 %)'],
    ...['tokens/s     812  (24,576 in all)', 'version 12', 'parity       3.1e-6'],
    ...['generation   ● tiny-generation-0  Ready  pid 4711  ● communicator (restarts 1)  restarts 2'],
    ...['actor        ● tiny-actor-0  Starting', 'critic       –', '12 s  generation-0 failed', 'Ctrl-C stops the job'],
  ]) {
    assert.ok(text.includes(part), `"${part}" in\n${text}`);
  }
});

test('before the coordinator speaks there is a picture as well', () => {
  const view = buildView({ condition: 'Scheduled', message: '6 pods exist', progress: null });
  const text = renderFrame({ ...frame, view, records: [], events: [] }, SIZE).join('\n');
  assert.match(text, /^tiny {2}Scheduled {2}6 pods exist/);
  assert.match(text, /waiting for the coordinator/);
});

test('without progress it says what is waited for, if anything is', () => {
  const pictureOf = (view: ReturnType<typeof buildView>) =>
    renderFrame({ ...frame, view, records: [], events: [] }, SIZE).join('\n');
  assert.match(pictureOf({ ...buildView({ progress: null }), condition: null }), /waiting for the operator/);
  for (const condition of ['Failed', 'Suspended'] as const) {
    assert.match(pictureOf(buildView({ condition, progress: null })), /no iteration was begun/);
  }
});

test('what the job waits for is said before what it has reached, in one line', () => {
  const view = buildView({ condition: 'Scheduled', message: '7 pods exist', progress: null });
  const pending = { ...view.condition!, type: 'Running', status: 'False' as const, message: '5 of 7 are ready\nmore' };
  assert.match(
    renderFrame({ ...frame, view: { ...view, pending } }, SIZE)[0] ?? '',
    /^tiny {2}Scheduled {2}5 of 7 are ready {2}1/,
  );
});

test('a pod of a cluster is shown with its node', () => {
  const view = buildView();
  const roles = view.roles.map((role) => ({
    ...role,
    pods: role.pods.map((pod) => ({ ...pod, pid: null, node: 'node-a' })),
  }));
  assert.ok(
    renderFrame({ ...frame, view: { ...view, roles } }, SIZE).includes(
      'generation   ● tiny-generation-0  Ready  on node-a',
    ),
  );
});

test('no line is wider, and there are no more lines, than the terminal has', () => {
  for (const [columns, rows] of [
    [100, 40],
    [40, 12],
    [20, 3],
    [1, 1],
  ] as const) {
    for (const hasColor of [false, true]) {
      const lines = renderFrame(frame, { columns, rows, hasColor });
      assert.ok(lines.length <= Math.max(1, rows - 1));
      for (const line of lines) assert.ok(stripVTControlCharacters(line).length <= columns, line);
    }
  }
});

test('colours change nothing but colours', () => {
  const colored = renderFrame(frame, { ...SIZE, hasColor: true });
  assert.ok(colored.some((line) => line.includes('\x1b[32m')));
  assert.deepEqual(
    colored.map((line) => stripVTControlCharacters(line)),
    renderFrame(frame, SIZE),
  );
});

test('sparklines: constant, rising, more values than columns', () => {
  assert.equal(sparkline([1], 10), '');
  assert.equal(sparkline([2, 2, 2], 10), '▁▁▁');
  assert.equal(sparkline([0, 1], 10), '▁█');
  assert.equal(
    sparkline(
      Array.from({ length: 800 }, (_, i) => i),
      8,
    ),
    '▁▂▃▄▅▆▇█',
  );
});
