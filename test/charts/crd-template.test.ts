/** The CRD in the chart: the one of crds/, word for word, with what Helm needs around it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crdTemplate } from '../../charts/crd-template.ts';
import { renderCrd } from '../../operator/api/crd-file.ts';

const FILE = join(import.meta.dirname, '..', '..', 'charts', 'ppo-operator', 'templates', 'crds', 'ppojobs.yaml');

test('the file is up to date: npm run generate', () => {
  assert.equal(readFileSync(FILE, 'utf8'), crdTemplate(renderCrd()));
});

test('what a description says in braces is not for Helm to read', () => {
  const crd = '# Generated.\nkind: X\nmetadata:\n  name: x\nspec:\n  description: "{{ a }}"\n';
  assert.match(
    crdTemplate(crd),
    /^# Generated\.\n\{\{- if .Values.crds.install \}\}\nkind: X\nmetadata:\n {2}name: x\n/,
  );
  assert.match(crdTemplate(crd), /\n {2}description: "\{\{ "\{\{" \}\} a \}\}"\n\{\{- end \}\}\n$/);
});

test('a CRD of another form is a fault of ours', () => {
  assert.throws(() => crdTemplate('kind: X\nmetadata:\n  labels: {}\n'), /internal: the CRD has no metadata/);
});
