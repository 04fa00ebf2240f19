/** The status's schema is the status's type, field by field, and takes what the operator writes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import type { PPOJobStatus } from '../../../operator/api/ppojob.ts';
import { statusSchema } from '../../../operator/api/status-schema.ts';
import { toStructuralSchema } from '../../../operator/api/structural.ts';

/** Compiles only while the two types are the same, but for readonly. */
type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const isSame: Same<Mutable<PPOJobStatus>, Mutable<z.output<typeof statusSchema>>> = true;

const full: PPOJobStatus = {
  observedGeneration: 2,
  conditions: [
    {
      type: 'Running',
      status: 'True',
      reason: 'PodsReady',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: 2,
    },
  ],
  startTime: '2026-01-01T00:00:00Z',
  completionTime: '2026-01-01T01:00:00Z',
  roles: {
    actor: {
      ...{ desired: 1, ready: 1, restarts: 0, infrastructureRestarts: 1 },
      backoff: { seconds: 1, until: '2026-01-01T00:00:00Z' },
    },
  },
  infrastructureRestarts: 1,
  jobRestarts: 0,
  restarts: 0,
  generationSelector: 'a=b',
  progress: {
    phase: 'Rollout',
    iteration: 1,
    numIterations: 2,
    policyVersion: 1,
    elapsedSeconds: 3,
    tokens: 8_000_000_000,
    tokensPerSecond: '1.5',
    maxLogprobDifference: '1e-7',
    lastCheckpointIteration: 0,
    metrics: { 'rollout/score': '0.5' },
  },
  lastFailure: { pod: 'a-actor-0', uid: 'u', exitCode: -1, message: 'gone', cause: 'Infrastructure' },
  unstartable: { pod: 'a-actor-0', uid: 'u', since: '2026-01-01T00:00:00Z' },
  replacing: ['u'],
};

test('schema and type agree', () => {
  assert.ok(isSame);
  assert.deepEqual(statusSchema.parse(full), full);
  assert.deepEqual(statusSchema.parse({}), {});
});

test('nothing is required of an older operator, and nothing has a default that nobody wrote', () => {
  const schema = toStructuralSchema(statusSchema, 'status');
  assert.equal(schema.required, undefined);
  assert.equal(JSON.stringify(schema).includes('"default"'), false);
});
