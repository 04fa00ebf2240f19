/** Text that is no YAML is refused with line and column, in words that lead to the mistake, and once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifestText } from '../../../operator/api/manifest-text.ts';

function problemsOf(text: string) {
  const read = readManifestText(text);
  assert.ok(!read.ok);
  return read.problems;
}

function only(text: string) {
  const [problem, ...others] = problemsOf(text);
  assert.deepEqual(others, []);
  assert.ok(problem !== undefined);
  return problem;
}

test('a line that is out of its column is the one that is named, and what follows from it is not', () => {
  const problem = only('spec:\n    a: 1\n\n  # a remark\n  b: 2\n    c: 3\n  d: 4\n');
  assert.deepEqual(problem, {
    path: 'line 5, column 3',
    found: 'b: 2',
    rule: 'must stand in the same column as the other keys of its mapping, or items of its list',
    remedy: 'indent the line as those that it belongs to',
  });
});

test('tabs are one problem, wherever they are', () => {
  const problem = only('a:\n\tb: 1\nc:\n\td: 1\ne: 5\nf:\n\tg: 6\n');
  assert.equal(problem.path, 'line 2, column 1');
  assert.equal(problem.found, 'b: 1');
  assert.equal(problem.remedy, 'replace the tabs with spaces; also on lines 4, 7');
  const many = only(`a:\n${Array.from({ length: 20 }, (_, i) => `\tk${i}: 1\n`).join('')}`);
  assert.match(many.remedy, /also on lines 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 9 more$/);
});

test('a line that is no pair of key and value', () => {
  for (const text of ['spec:\n  a: 1\n   b: 2\n', 'spec:\n  a:1\n  b: 2\n', 'spec:\n  a: b: c\n']) {
    const { path, rule } = only(text);
    assert.match(path, /^line 2, /);
    assert.equal(rule, 'must be a key and its value, as in "seed: 42"');
  }
});

test('any other error is in the words of the parser', () => {
  const open = only('a: 1\nb: "open\nc: 2\n');
  assert.equal(open.rule, 'must be valid YAML: Missing closing "quote');
  const bracket = only('a: {b: 1,\nc: 2\n');
  assert.match(bracket.rule, /^must be valid YAML: Flow map .* end with a }$/);
});

test('every key that is given twice is a problem, not a choice', () => {
  assert.deepEqual(problemsOf('a: 1\nb: 2\na: 3\nb: 4\n'), [
    {
      path: 'line 3, column 1',
      found: 'a: 3',
      rule: 'must be the only key of its name in its mapping',
      remedy: 'merge it with the one above, or remove one of them',
    },
    {
      path: 'line 4, column 1',
      found: 'b: 4',
      rule: 'must be the only key of its name in its mapping',
      remedy: 'merge it with the one above, or remove one of them',
    },
  ]);
});

test('a file of something else is told of in a few short lines', () => {
  const problems = problemsOf(`${'\t- a: b: c '.repeat(50)}\n`.repeat(200));
  assert.ok(problems.length <= 3);
  for (const { found, remedy } of problems) assert.ok(found.length <= 80 && remedy.length <= 120);
});
