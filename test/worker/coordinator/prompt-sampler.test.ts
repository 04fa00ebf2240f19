/** Sampling without replacement, whatever the pieces it is asked in. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PromptSampler } from '../../../worker/coordinator/prompt-sampler.ts';

describe('PromptSampler', () => {
  it('draws every prompt once per epoch, in another order each epoch', () => {
    const sampler = new PromptSampler(1, 10);
    const first = sampler.draw(0, 10);
    const second = sampler.draw(10, 10);
    const all = [...Array(10).keys()];
    assert.deepEqual([...first].sort(), all);
    assert.deepEqual([...second].sort(), all);
    assert.notDeepEqual(first, second);
  });

  it('goes on from a position as if it had never stopped', () => {
    const whole = new PromptSampler(1, 7).draw(0, 30);
    const resumed = new PromptSampler(1, 7);
    assert.deepEqual([...new PromptSampler(1, 7).draw(0, 12), ...resumed.draw(12, 18)], whole);
  });

  it('follows the seed', () => {
    assert.notDeepEqual(new PromptSampler(1, 50).draw(0, 50), new PromptSampler(2, 50).draw(0, 50));
  });

  it('draws more prompts than there are by going through them again', () => {
    const counts = new Map<number, number>();
    for (const index of new PromptSampler(3, 4).draw(0, 12)) counts.set(index, (counts.get(index) ?? 0) + 1);
    assert.deepEqual([...counts.values()], [3, 3, 3, 3]);
  });
});
