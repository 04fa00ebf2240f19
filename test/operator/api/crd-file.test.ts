/** The CRD's file: the one in crds/ is what the schemas say, and every YAML parser reads the same from it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { buildCrd } from '../../../operator/api/crd.ts';
import { CRD_FILE, renderCrd } from '../../../operator/api/crd-file.ts';

const plain: unknown = JSON.parse(JSON.stringify(buildCrd()));

test('the file is up to date: npm run generate', () => {
  assert.equal(readFileSync(new URL(`../../../${CRD_FILE}`, import.meta.url), 'utf8'), renderCrd());
});

test('YAML 1.1, which Kubernetes reads, and YAML 1.2 agree', () => {
  assert.deepEqual(parse(renderCrd(), { version: '1.1' }), plain);
  assert.deepEqual(parse(renderCrd(), { version: '1.2' }), plain);
});

test('it fits into the annotation that kubectl apply writes', () => {
  assert.ok(JSON.stringify(plain).length < 262_144 / 2);
});
