/** One YAML document is read as kubectl reads it; what is none, or more than one, is refused. */
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

test('keys merge as kubectl merges them', () => {
  const text = 'a: &a { cpu: "1", memory: 4Gi }\nb:\n  <<: *a\n  cpu: "2"\n';
  const read = readManifestText(text);
  assert.deepEqual(read.ok && (read.value as { b: unknown }).b, { cpu: '2', memory: '4Gi' });
});

test('bytes that are no text in UTF-8 are refused as such, UTF-16 among them', () => {
  const utf16 = Buffer.from('\uFEFFkind: PPOJob\n', 'utf16le').toString('utf8');
  for (const text of [utf16, 'a: \0', 'a: \uFFFD']) {
    const [problem] = problemsOf(text);
    assert.equal(problem?.rule, 'must be text in UTF-8');
  }
  assert.deepEqual(readManifestText('\uFEFFa: 1\r\n'), { ok: true, value: { a: 1 } });
});

test('nothing, several documents, too much text and alias bombs are refused', () => {
  assert.equal(problemsOf('')[0]?.found, 'nothing');
  const claimed = 'kind: PersistentVolumeClaim\n---\nkind: PPOJob\n';
  assert.equal(problemsOf(claimed)[0]?.found, '2 documents (PersistentVolumeClaim, PPOJob)');
  assert.equal(problemsOf('a: 1\n---\n- b\n')[0]?.found, '2 documents (no kind, no kind)');
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
