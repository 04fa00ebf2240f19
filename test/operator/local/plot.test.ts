/** curves.svg: well-formed, complete, and finite whatever the records are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { niceTicks, renderCurves } from '../../../operator/local/plot.ts';
import { buildRecord } from './fixtures/views.ts';

/** Every tag is closed in order. */
function assertWellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, close, name, selfClose] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (close) assert.equal(open.pop(), name);
    else if (!selfClose) open.push(name ?? '');
  }
  assert.deepEqual(open, []);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
}

test('three panels, each with its curve, and the accuracy from before', () => {
  const records = Array.from({ length: 30 }, (_, i) =>
    buildRecord(i + 1, i % 5 === 4 ? { 'evaluation/accuracy': i / 30 } : {}),
  );
  const svg = renderCurves({ title: 'PPOJob a<b & "c"', records, accuracyBefore: 0.25 });
  assertWellFormed(svg);
  assert.equal(svg.match(/<polyline/g)?.length, 3);
  assert.equal(svg.match(/<circle/g)?.length, 2 + 7);
  for (const part of ['PPOJob a&lt;b &amp; &quot;c&quot;', 'Mean score', 'KL from', 'Held-out accuracy', '96.7 %']) {
    assert.ok(svg.includes(part), part);
  }
});

test('no records, one record, constant and non-finite values are drawn without a fault', () => {
  for (const records of [
    [],
    [buildRecord(1)],
    [1, 2, 3].map((i) => buildRecord(i, { 'rollout/score': 2, 'policy/kl': 0 })),
  ]) {
    assertWellFormed(renderCurves({ title: 'a', records, accuracyBefore: null }));
  }
  const broken = renderCurves({
    title: 'a',
    records: [buildRecord(1, { 'rollout/score': Number.NaN })],
    accuracyBefore: null,
  });
  assertWellFormed(broken);
  assert.match(broken, /not measured/);
});

test('ticks are round and enclose the values', () => {
  assert.deepEqual(niceTicks(0, 1), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(niceTicks(-1.3, 2.9), [-2, 0, 2, 4]);
  for (const [least, greatest] of [
    [0, 60],
    [0.011, 0.019],
    [-5, -5],
    [0, 0],
    [1e-9, 1e6],
  ] as const) {
    const ticks = niceTicks(least, greatest);
    assert.ok((ticks[0] ?? 1) <= least && (ticks.at(-1) ?? 0) >= greatest, `${ticks}`);
    assert.ok(ticks.length >= 2 && ticks.length <= 8, `${ticks}`);
  }
});
