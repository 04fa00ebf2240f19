/** Random numbers: the same seed gives the same bits, and different paths give unrelated ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveSeed, Rng, type RngState } from '../../../worker/ppo/rng.ts';

const draw = (rng: Rng, count: number) => Array.from({ length: count }, () => rng.nextUint32());

test('xoshiro128** gives the numbers of its reference implementation', () => {
  // State 1, 2, 3, 4; first outputs of xoshiro128starstar.c (also Rust rand_xoshiro's test vector).
  const state: RngState = [1, 2, 3, 4];
  const expected = [
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ];
  assert.deepEqual(draw(Rng.restore(state), 10), expected);
});

test('the same seed gives the same bits, here and on every machine', () => {
  assert.deepEqual(draw(new Rng(7, 1), 100), draw(new Rng(7, 1), 100));
  assert.notDeepEqual(draw(new Rng(7, 1), 4), draw(new Rng(7, 2), 4));
  assert.notDeepEqual(draw(new Rng(7, 1), 4), draw(new Rng(1, 7), 4));
});

test('a restored state goes on where the saved one was', () => {
  const rng = new Rng(3);
  draw(rng, 10);
  const copy = Rng.restore(JSON.parse(JSON.stringify(rng.state())) as RngState);
  assert.deepEqual(draw(copy, 20), draw(rng, 20));
});

test('splitting draws nothing and gives streams of their own', () => {
  const rng = new Rng(3);
  const before = rng.state();
  const [a, b] = [rng.split(0), rng.split(1)];
  assert.deepEqual(rng.state(), before);
  assert.notDeepEqual(draw(a, 4), draw(b, 4));
  assert.deepEqual(draw(rng.split(1), 4), draw(new Rng(3).split(1), 4));
});

test('seeds of responses do not collide and are 32-bit', () => {
  const seeds = new Set<number>();
  for (let iteration = 0; iteration < 10; iteration++) {
    for (let prompt = 0; prompt < 100; prompt++) {
      for (let sample = 0; sample < 4; sample++) seeds.add(deriveSeed(42, iteration, prompt, sample));
    }
  }
  // 4000 draws of 2^32 collide with probability 0.19 %; this seed's don't.
  assert.equal(seeds.size, 4000);
  for (const seed of seeds) assert.ok(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32);
  assert.notEqual(deriveSeed(1), deriveSeed(1, 0));
  assert.notEqual(deriveSeed(1), deriveSeed(1 + 2 ** 32));
  assert.throws(() => deriveSeed(-1), RangeError);
  assert.throws(() => deriveSeed(0.5), RangeError);
});

test('uniform and normal numbers have their moments', () => {
  const rng = new Rng(11);
  const n = 20_000;
  const uniforms = Array.from({ length: n }, () => rng.uniform());
  const normals = Array.from({ length: n }, () => rng.normal());
  const mean = (x: number[]) => x.reduce((a, b) => a + b, 0) / x.length;
  assert.ok(uniforms.every((u) => u >= 0 && u < 1));
  // Standard errors: 0.289 / sqrt(20000) = 0.002, 1 / sqrt(20000) = 0.007; the seed is fixed, so this can't flicker.
  assert.ok(Math.abs(mean(uniforms) - 0.5) < 0.008);
  assert.ok(Math.abs(mean(normals)) < 0.028);
  assert.ok(Math.abs(mean(normals.map((x) => x * x)) - 1) < 0.04);
});

test('nextInt stays in range and reaches everything', () => {
  const rng = new Rng(5);
  const counts = new Array<number>(6).fill(0);
  for (let i = 0; i < 6000; i++) counts[rng.nextInt(6)]!++;
  for (const count of counts) assert.ok(count > 850 && count < 1150, `${counts}`);
  assert.equal(rng.nextInt(1), 0);
});

test('a shuffle keeps every item and every place is equally likely', () => {
  const rng = new Rng(9);
  const firsts = new Array<number>(4).fill(0);
  for (let i = 0; i < 4000; i++) {
    const order = rng.permutation(4);
    assert.deepEqual([...order].sort(), [0, 1, 2, 3]);
    firsts[order[0]!]!++;
  }
  for (const count of firsts) assert.ok(count > 880 && count < 1120, `${firsts}`);
});
