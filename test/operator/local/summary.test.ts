/** The summary's numbers and words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outputPaths } from '../../../operator/local/output.ts';
import { renderInterrupted, renderSummary, summarize } from '../../../operator/local/summary.ts';
import { buildRecord, buildView, PROGRESS } from './fixtures/views.ts';

const paths = outputPaths('/out');

test('numbers come from the status, and from the records where they are ahead', () => {
  const view = buildView({ condition: 'Succeeded', message: 'done', restarts: 1 });
  const summary = summarize(view, [buildRecord(40, { 'evaluation/accuracy': 0.9 })], 83.04);
  assert.deepEqual(summary, {
    condition: 'Succeeded',
    iterations: 40,
    accuracyBefore: 0.25,
    accuracyAfter: 0.9,
    seconds: 83,
    maxLogprobDifference: 3.1e-6,
    tokens: 24_576,
    restarts: { coordinator: 0, actor: 0, critic: 0, generation: 1, reference: 0, reward: 0 },
    reason: 'Because',
    message: 'done',
  });
});

test('the words say what came of it and where it lies', () => {
  const text = renderSummary(summarize(buildView({ condition: 'Succeeded' }), [], 83), paths).join('\n');
  for (const part of [
    'Succeeded after 1 min 23 s, 12 iterations',
    '25.0 % before, 62.5 % after (+37.5 points',
    '/out/actor',
    '/out/logs',
  ]) {
    assert.ok(text.includes(part), `${part} in\n${text}`);
  }
});

test('a failure says why and promises no model; a job that measured nothing says so', () => {
  const view = buildView({ condition: 'Failed', message: 'pod x failed: out of luck', progress: null });
  const text = renderSummary(summarize(view, [], 1), paths).join('\n');
  assert.match(text, /reason +Because: pod x failed: out of luck/);
  assert.match(text, /accuracy +not measured/);
  assert.doesNotMatch(text, /\/out\/actor/);
});

test('parity is not measured before the first iteration, and a refused job says so', () => {
  const progress = { ...PROGRESS, iteration: 0, maxLogprobDifference: '0' };
  assert.equal(summarize(buildView({ condition: 'Failed', progress }), [], 1).maxLogprobDifference, null);
  const view = buildView();
  const condition = {
    type: 'Accepted',
    status: 'False',
    reason: 'Invalid',
    message: 'why',
    lastTransitionTime: '',
  } as const;
  assert.equal(summarize({ ...view, condition }, [], 1).condition, 'not Accepted');
});

test('an interrupt before the first checkpoint says how to rerun, with arguments that a shell takes', () => {
  const folders = { outputDirectory: '/out', checkpointDirectory: '/nowhere' };
  const text = renderInterrupted('SIGINT', ['my job.yaml', '--seed', '3'], folders).join('\n');
  assert.match(text, /rerun: npm start -- 'my job\.yaml' --seed 3 /);
});
