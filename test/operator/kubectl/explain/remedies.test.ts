/** Whoever adds a reason says what it means; nobody is left with a reason alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REASONS } from '../../../../operator/api/names.ts';
import { remedyFor } from '../../../../operator/kubectl/explain/remedies.ts';

const CONTEXT = { job: 'tiny', namespace: 'ml', pod: 'tiny-actor-0', role: 'actor' };
/** Nothing is wrong with them. */
const WELL: readonly string[] = [
  ...[REASONS.valid, REASONS.podsCreated, REASONS.podsReady, REASONS.resumed, REASONS.finished],
];

test('every reason has a meaning, and a remedy where something is wrong', () => {
  for (const reason of Object.values(REASONS)) {
    const remedy = remedyFor(reason, CONTEXT);
    assert.match(remedy?.means ?? '', /^[A-Zs].*\.$/, reason);
    assert.equal(remedy?.remedies.length === 0, WELL.includes(reason), reason);
    for (const text of remedy?.remedies ?? []) assert.doesNotMatch(text, /[{}]/, reason);
  }
});

test('remedies are commands that can be copied', () => {
  const [logs, limit] = remedyFor(REASONS.restartLimitReached, CONTEXT)?.remedies ?? [];
  assert.match(logs ?? '', /kubectl ppo logs tiny -n ml --role actor$/);
  assert.match(limit ?? '', /spec\.roles\.actor\.maxRestarts/);
  const nobody = remedyFor(REASONS.restartLimitReached, { ...CONTEXT, role: null, pod: null })?.remedies ?? [];
  assert.match(nobody[0] ?? '', /kubectl ppo logs tiny -n ml$/);
});

test("a reason of another version's operator has none", () => {
  assert.equal(remedyFor('SomethingNew', CONTEXT), null);
});
