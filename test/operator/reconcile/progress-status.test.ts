// Floats become decimals in strings, and nothing that a worker sends grows without bound.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toProgressStatus } from '../../../operator/reconcile/progress-status.ts';
import type { Progress } from '../../../worker/api/generated/ppo/v1/Progress.ts';

const PROGRESS: Progress = {
  phase: 'Training',
  message: '',
  iteration: 3,
  numIterations: 10,
  policyVersion: 3,
  elapsedSeconds: 12.6,
  remainingSeconds: -1,
  tokens: 4096,
  tokensPerSecond: 1234.56789,
  metrics: { 'rollout/score': 0.1 + 0.2, 'policy/kl': Number.NaN },
  maxLogprobDifference: 0.00000123456789,
  lastCheckpointIteration: 0,
  epoch: 1,
};

describe('toProgressStatus', () => {
  it('writes decimals as strings and leaves out what is unknown', () => {
    assert.deepEqual(toProgressStatus(PROGRESS), {
      phase: 'Training',
      iteration: 3,
      numIterations: 10,
      policyVersion: 3,
      elapsedSeconds: 13,
      tokens: 4096,
      tokensPerSecond: '1234.57',
      maxLogprobDifference: '0.00000123457',
      lastCheckpointIteration: 0,
      metrics: { 'rollout/score': '0.3' },
    });
    const known = toProgressStatus({
      ...PROGRESS,
      remainingSeconds: 7.2,
      accuracy: 0.875,
      accuracyBefore: 0.25,
      message: 'm',
    });
    assert.deepEqual(
      [known.remainingSeconds, known.accuracy, known.accuracyBefore, known.message],
      [7, '0.875', '0.25', 'm'],
    );
  });

  it('bounds what it takes over', () => {
    const metrics = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`m${i}`, i]));
    const status = toProgressStatus({ ...PROGRESS, phase: 'x'.repeat(10_000), message: 'y'.repeat(10_000), metrics });
    assert.equal(Object.keys(status.metrics ?? {}).length, 64);
    assert.deepEqual([status.phase.length, status.message?.length], [512, 512]);
  });

  it('keeps integers that the API server takes for some', () => {
    const { remainingSeconds, tokens } = toProgressStatus({ ...PROGRESS, remainingSeconds: 1e300, tokens: 1e21 });
    assert.deepEqual([remainingSeconds, tokens], [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]);
  });
});
