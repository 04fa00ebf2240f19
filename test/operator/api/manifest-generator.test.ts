/** Generated manifests reach both verdicts, and break every rule between fields at least once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CROSS_CHECKS } from '../../../operator/api/cross-checks.ts';
import { parsePPOJob } from '../../../operator/api/parse.ts';
import { generateManifest } from './manifest-generator.ts';

const NUM_MANIFESTS = 3000;
const SEED = 1;
const manifests = Array.from({ length: NUM_MANIFESTS }, (_, index) => generateManifest(SEED, index));
const parsed = manifests.map((manifest) => parsePPOJob(manifest));

test('the same seed gives the same manifests, another seed others', () => {
  assert.deepEqual(generateManifest(SEED, 7), manifests[7]);
  assert.notDeepEqual(
    manifests,
    manifests.map((_, index) => generateManifest(SEED + 1, index)),
  );
});

test('a fair share is valid, a fair share is not', () => {
  const valid = parsed.filter(({ ok }) => ok).length;
  assert.ok(valid > NUM_MANIFESTS / 4 && valid < (NUM_MANIFESTS * 3) / 4, `${valid} of ${NUM_MANIFESTS} are valid`);
});

test('every rule between fields is broken by a manifest that is otherwise valid', () => {
  const only = parsed.flatMap((result) => (result.ok || result.problems.length !== 1 ? [] : result.problems));
  const broken = new Set(only.map(({ path }) => path));
  const untouched = CROSS_CHECKS.map(({ fields: [field] }) => `spec.${field}`).filter((path) => !broken.has(path));
  assert.deepEqual(untouched, []);
});
