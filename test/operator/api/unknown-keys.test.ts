/** Keys that the schema doesn't have are reported wherever they stand, with the likeliest intention. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsWith } from './manifest.ts';

test('a misspelt key names its neighbour', () => {
  const [problem, ...others] = problemsWith({ 'spec.training.actor.lerningRate': '1e-5' });
  assert.deepEqual(others, []);
  assert.equal(problem?.path, 'spec.training.actor.lerningRate');
  assert.equal(problem?.found, '"1e-5"');
  assert.equal(problem?.remedy, 'did you mean learningRate?');
  assert.match(problem?.rule ?? '', /^must be a known key of spec\.training\.actor: learningRate, schedule, /);
});

test('a key in the wrong place names the right one', () => {
  const [problem] = problemsWith({ 'spec.minibatchSize': 64 });
  assert.equal(problem?.remedy, 'did you mean spec.training.minibatchSize?');
  const [ambiguous] = problemsWith({ 'spec.training.learningRate': '1e-5' });
  assert.equal(
    ambiguous?.remedy,
    'did you mean spec.training.actor.learningRate or spec.training.critic.learningRate?',
  );
});

test('a foreign key is to be removed; sources of reward that are not implemented are foreign', () => {
  const [problem] = problemsWith({ 'spec.reward.url': 'http://rewards' });
  assert.equal(problem?.path, 'spec.reward.url');
  assert.equal(problem?.remedy, 'remove it');
});

test('every unknown key is found; names of resources are free', () => {
  const problems = problemsWith({
    'spec.a': 1,
    'spec.models.actor.b': {},
    'spec.roles.actor.resources': { limits: { 'nvidia.com/gpu': 1 } },
    'spec.roles.actor.resources.requests.cpu': '500m',
    'spec.constructor': 1,
  });
  assert.deepEqual(
    problems.map((problem) => problem.path),
    ['spec.models.actor.b', 'spec.a', 'spec.constructor'],
  );
});
