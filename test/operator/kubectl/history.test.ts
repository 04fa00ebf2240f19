/** Iterations from the coordinator's log and from the status. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProgressStatus } from '../../../operator/api/ppojob.ts';
import { History } from '../../../operator/kubectl/history.ts';
import { PROGRESS } from '../local/fixtures/views.ts';

const logged = (iteration: number, rest = {}) => ({
  time: '',
  text: JSON.stringify({ msg: 'iterated', iteration, score: iteration / 10, kl: 0.5, ...rest }),
});
const progress = (iteration: number): ProgressStatus => ({
  ...{ ...PROGRESS, iteration },
  metrics: { 'rollout/score': '9', 'policy/kl': '1', 'loss/policy': '2' },
});

test('log lines, then the status as it goes on', () => {
  const history = new History();
  history.readLog([logged(1), { time: '', text: 'noise' }, logged(2, { accuracy: 0.5, msg2: 'x' })]);
  history.readProgress(progress(3));
  history.readProgress(progress(3));
  history.readProgress(null);
  assert.deepEqual(
    history.records.map(({ iteration, metrics }) => [iteration, metrics['rollout/score']]),
    [
      [1, 0.1],
      [2, 0.2],
      [3, 9],
    ],
  );
  assert.equal(history.records[1]?.metrics['evaluation/accuracy'], 0.5);
});

test('a job that went back to its checkpoint does its iterations again', () => {
  const history = new History();
  history.readLog([1, 2, 3, 4, 3].map((iteration) => logged(iteration)));
  assert.deepEqual(
    history.records.map(({ iteration }) => iteration),
    [1, 2, 3],
  );
  history.readProgress(progress(2));
  assert.deepEqual(
    history.records.map(({ iteration }) => iteration),
    [1, 2],
  );
});

test('a job that has done none has none', () => {
  const history = new History();
  history.readProgress(progress(0));
  assert.deepEqual(history.records, []);
});
