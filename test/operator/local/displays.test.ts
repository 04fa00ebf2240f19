/** Displays over time: each iteration once, events once, nothing after the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WriteStream } from 'node:tty';
import { LiveDisplay, PlainDisplay } from '../../../operator/local/displays.ts';
import { renderIteration } from '../../../operator/local/plain-view.ts';
import { buildRecord, buildView, PROGRESS } from './fixtures/views.ts';

function show(display: PlainDisplay | LiveDisplay, iterations: readonly number[]): void {
  display.show({ view: buildView(), records: iterations.map((i) => buildRecord(i)), elapsedSeconds: 10 });
}

test('plain: a line an iteration, also when several come at once, and none twice', () => {
  const lines: string[] = [];
  const display = new PlainDisplay((line) => lines.push(line), 0);
  for (const iterations of [[], [1], [1], [1, 2, 3]]) show(display, iterations);
  assert.deepEqual(
    lines.map((line) => line.slice(0, 14)),
    ['job Running', 'iteration 1/40', 'iteration 2/40', 'iteration 3/40'],
  );
});

test('plain: an iteration that is on disk before the coordinator is heard of has the number of the manifest', () => {
  const lines: string[] = [];
  const display = new PlainDisplay((line) => lines.push(line), 0, 40);
  display.show({ view: buildView({ progress: null }), records: [buildRecord(1)], elapsedSeconds: 1 });
  assert.match(lines.at(-1) ?? '', /^iteration 1\/40 /);
});

test('plain: a resumed run shows what is new; a job back at its checkpoint shows what it does again', () => {
  const lines: string[] = [];
  const display = new PlainDisplay((line) => lines.push(line), 2);
  for (const iterations of [[1, 2], [1, 2, 3], [1], [1, 2]]) show(display, iterations);
  assert.deepEqual(
    lines.slice(1).map((line) => line.slice(0, 11)),
    ['iteration 3', 'iteration 2'],
  );
});

test('plain: a resumed run that has to go further back says so, and shows what it does again', () => {
  const lines: string[] = [];
  const display = new PlainDisplay((line) => lines.push(line), 9);
  const showAt = (phase: string, iteration: number, newest: number) => {
    const progress = { ...PROGRESS, phase, iteration, lastCheckpointIteration: iteration };
    const records = Array.from({ length: newest }, (_, i) => buildRecord(i + 1));
    display.show({ view: buildView({ progress }), records, elapsedSeconds: 1 });
  };
  showAt('WaitingForWorkers', 0, 9);
  showAt('Starting', 0, 9);
  showAt('SyncingWeights', 6, 6);
  showAt('Training', 8, 8);
  assert.deepEqual(
    lines.slice(1).map((line) => line.split('  ')[0]),
    [
      "the checkpoint of iteration 9 can't be used (the coordinator's log says why); going on from 6",
      'iteration 7/40',
      'iteration 8/40',
    ],
  );
});

test('a plain line says what was measured and leaves out what was not', () => {
  const context = { numIterations: 40, elapsedSeconds: 21, remainingSeconds: 220, maxLogprobDifference: 2.1e-6 };
  const record = buildRecord(3, { 'evaluation/accuracy': 0.31 });
  assert.equal(
    renderIteration(record, context),
    'iteration 3/40  score 0.3000  KL 0.0100  accuracy 31.0 %  policy version 3  parity 2.1e-6  21 s, 3 min 40 s left',
  );
  const bare = { ...context, remainingSeconds: null, maxLogprobDifference: null };
  assert.equal(renderIteration({ ...record, metrics: {} }, bare), 'iteration 3/40  policy version 3  21 s');
});

test('live: draws over itself, hides the cursor meanwhile, and is silent once closed', () => {
  let written = '';
  const stream = { columns: 90, rows: 40, hasColors: () => false, write: (text: string) => (written += text) };
  const display = new LiveDisplay(stream as unknown as WriteStream, 'hint');
  show(display, [1]);
  const height = written.split('\n').length - 1;
  show(display, [1, 2]);
  assert.ok(written.startsWith('\x1b[?25l'));
  assert.ok(written.includes(`\x1b[${height}A\r`));
  assert.ok(written.includes('job Running'));
  display.say('stopping');
  assert.ok(written.includes('stopping'));
  display.close();
  assert.ok(written.endsWith('\x1b[?25h'));
  const before = written;
  show(display, [1, 2, 3]);
  assert.equal(written, before);
});
