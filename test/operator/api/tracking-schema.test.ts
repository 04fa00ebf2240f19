/** Trackers in a manifest: off unless named, with folders of their own, and refused where they could never work. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobWith, problemsWith } from './manifest.ts';

test('nothing is tracked unless a tracker is named, and naming one is enough', () => {
  assert.deepEqual(jobWith().spec.tracking, {});
  const { tracking } = jobWith({
    'spec.output.path': './out',
    'spec.tracking': { tensorboard: {}, wandb: { project: 'sums' }, tracing: { endpoint: 'http://localhost:4318' } },
  }).spec;
  assert.deepEqual(tracking, {
    tensorboard: { path: './out/tensorboard', sampleResponses: 4 },
    wandb: { mode: 'Offline', path: './out/wandb', project: 'sums' },
    tracing: { endpoint: 'http://localhost:4318', sampleRatio: '1' },
  });
});

test('a folder that is named stays', () => {
  const { tracking } = jobWith({
    'spec.tracking': { tensorboard: { path: '/runs/a' }, wandb: { project: 'sums', path: '/runs/w' } },
  }).spec;
  assert.equal(tracking.tensorboard?.path, '/runs/a');
  assert.equal(tracking.wandb?.path, '/runs/w');
});

const WRONG: readonly (readonly [tracking: unknown, path: string, rule: RegExp])[] = [
  [{ wandb: {} }, 'spec.tracking.wandb.project', /must be text/],
  [{ wandb: { project: 'a/b' } }, 'spec.tracking.wandb.project', /must not contain any of/],
  [{ wandb: { project: 'a', mode: 'Online' } }, 'spec.tracking.wandb.mode', /must be Offline: .*wandb sync/],
  [{ wandb: { project: 'a', tags: Array(33).fill('t') } }, 'spec.tracking.wandb.tags', /at most 32 items/],
  [{ tensorboard: { sampleResponses: 65 } }, 'spec.tracking.tensorboard.sampleResponses', /from 0 to 64/],
  [{ tracing: {} }, 'spec.tracking.tracing.endpoint', /must be/],
  [{ tracing: { endpoint: 'collector:4318' } }, 'spec.tracking.tracing.endpoint', /must be http:\/\/ or https:\/\//],
  [{ tracing: { endpoint: 'http://me:secret@collector' } }, 'spec.tracking.tracing.endpoint', /without user/],
  [
    { tracing: { endpoint: 'http://c:4318/v1/traces' } },
    'spec.tracking.tracing.endpoint',
    /must not end in \/v1\/traces/,
  ],
  [{ tracing: { endpoint: 'http://c', sampleRatio: '2' } }, 'spec.tracking.tracing.sampleRatio', /at most 1/],
  [
    { tracing: { endpoint: 'http://c', headersSecret: { name: 's' } } },
    'spec.tracking.tracing.headersSecret.key',
    /must/,
  ],
];

for (const [tracking, path, rule] of WRONG) {
  test(`${path} is refused in ${JSON.stringify(tracking).slice(0, 80)}`, () => {
    const problems = problemsWith({ 'spec.tracking': tracking });
    assert.deepEqual(
      problems.map((problem) => problem.path),
      [path],
    );
    assert.match(problems[0]!.rule, rule);
  });
}
