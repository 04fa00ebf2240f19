/** Problems as text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeValue, formatProblems } from '../../../operator/api/problems.ts';

test('a list of problems names the source, their number, and each in full', () => {
  const problem = { path: 'spec.seed', found: '-1', rule: 'must be 0 or more', remedy: 'change it' };
  assert.equal(
    formatProblems([problem, { ...problem, path: 'spec.x' }], 'job.yaml'),
    [
      'job.yaml: 2 problems',
      '  spec.seed\n    found: -1\n    rule:  must be 0 or more\n    do:    change it',
      '  spec.x\n    found: -1\n    rule:  must be 0 or more\n    do:    change it',
    ].join('\n'),
  );
  assert.match(formatProblems([problem]), /^manifest: 1 problem\n/);
});

test('values are shown as JSON and cut to a line', () => {
  assert.equal(describeValue(undefined), 'nothing');
  assert.equal(describeValue('a'), '"a"');
  assert.equal(describeValue(null), 'null');
  assert.equal(describeValue(Number.POSITIVE_INFINITY), 'Infinity');
  assert.equal(describeValue('x'.repeat(200)).length, 80);
  assert.match(describeValue('x'.repeat(200)), /\.\.\.$/);
});
