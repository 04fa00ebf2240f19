/** Text that is no single YAML document is refused with line and column. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifestText } from '../../../operator/api/manifest-text.ts';

function problemsOf(text: string) {
  const read = readManifestText(text);
  assert.ok(!read.ok);
  return read.problems;
}

test('one document is read, as YAML or JSON', () => {
  assert.deepEqual(readManifestText('a: "3e-4"\nb: [1, 2]\n'), { ok: true, value: { a: '3e-4', b: [1, 2] } });
  assert.deepEqual(readManifestText('{"a": null}'), { ok: true, value: { a: null } });
  for (const text of ['---\na: 1\n', 'a: 1\n---\n', '# licence\n---\na: 1\n---\n# end\n']) {
    assert.deepEqual(readManifestText(text), { ok: true, value: { a: 1 } });
  }
});

test('syntax errors say where', () => {
  const [problem] = problemsOf('a: 1\nb: "open\nc: 2\n');
  assert.match(problem?.path ?? '', /^line \d+, column \d+$/);
  assert.match(problem?.rule ?? '', /^must be valid YAML: /);
  const [tab] = problemsOf('a:\n\tb: 1\n');
  assert.equal(tab?.path, 'line 2, column 1');
  assert.equal(tab?.found, 'b: 1');
});

test('a file of something else is told of in a few short lines', () => {
  const problems = problemsOf(`${'\t- a: b: c '.repeat(50)}\n`.repeat(1000));
  assert.equal(problems.length, 10);
  for (const { found } of problems) assert.ok(found.length <= 80);
});

test('a key given twice is an error, not a choice', () => {
  assert.deepEqual(problemsOf('a: 1\nb: 2\na: 3\n'), [
    {
      path: 'line 3, column 1',
      found: 'a: 3',
      rule: 'must be valid YAML: Map keys must be unique',
      remedy: 'correct the line, or the one before it',
    },
  ]);
});

test('nothing, several documents, too much text and alias bombs are refused', () => {
  assert.equal(problemsOf('')[0]?.found, 'nothing');
  assert.equal(problemsOf('a: 1\n---\nb: 2\n')[0]?.found, '2 documents');
  assert.equal(problemsOf(`a: ${'x'.repeat(1024 * 1024)}`)[0]?.path, 'manifest');
  const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}]`);
  assert.equal(problemsOf(['l0: &l0 [x]', ...levels].join('\n'))[0]?.found, 'YAML aliases');
});

test('an alias inside of what it names is a problem, not a crash', () => {
  for (const text of ['a: &a [*a]\n', 'spec: &s { b: { c: *s } }\n']) {
    const [problem] = problemsOf(text);
    assert.equal(problem?.rule, 'must expand to plain data: an alias stands inside of what it names');
  }
  assert.deepEqual(readManifestText('a: &a [1]\nb: *a\n'), { ok: true, value: { a: [1], b: [1] } });
});
