/** Relative paths in pods: where they lie, which folders the pods get for them, what may not hide what. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PPOJob } from '../../../operator/api/ppojob.ts';
import { planJob } from '../../../operator/plan/plan.ts';
import { buildPod } from '../../../operator/plan/pod.ts';
import { addScratch, checkWorkspace } from '../../../operator/plan/workspace.ts';
import { jobWith } from '../api/manifest.ts';

const IDENTITY = { role: 'coordinator', index: 0 } as const;

/** Where the pods of `job` have empty folders, by volume. */
function scratchOf(job: PPOJob): Record<string, string | undefined> {
  const { containers, volumes = [] } = addScratch(buildPod(job, IDENTITY, 'registry/ppo:1'), job).spec;
  const empty = volumes.filter(
    ({ name, emptyDir }) => emptyDir?.medium === undefined && emptyDir && name !== 'ppo-tmp',
  );
  return Object.fromEntries(
    empty.map(({ name }) => [name, containers[0]?.volumeMounts?.find((mount) => mount.name === name)?.mountPath]),
  );
}

test('relative paths lie below the workspace', () => {
  const job = jobWith({ 'spec.models.actor.path': './models/actor', 'spec.output.path': '../../output/tiny' });
  const config = JSON.parse(planJob(job, { outcome: null }).configMap.data?.['job.json'] ?? '');
  assert.equal(config.models.actor, '/workspace/models/actor');
  assert.equal(config.models.critic, '/models/critic');
  assert.equal(config.output.directory, '/output/tiny');
  assert.equal(config.checkpoint.directory, '/output/tiny/checkpoints');
});

test('folders that workers write to are empty ones of the pod, where the manifest leaves them to the operator', () => {
  assert.deepEqual(scratchOf(jobWith()), { 'ppo-output': '/workspace/output' });
  assert.deepEqual(scratchOf(jobWith({ 'spec.checkpoint.path': 'c' })), {
    'ppo-output': '/workspace/output',
    'ppo-checkpoints': '/workspace/c',
  });
  assert.deepEqual(scratchOf(jobWith({ 'spec.output.path': '/mnt/results' })), {});
  assert.deepEqual(scratchOf(jobWith({ 'spec.checkpoint.path': '/mnt/checkpoints' })), {
    'ppo-output': '/workspace/output',
  });
});

test("trackers' folders are the operator's too where they lie outside the output folder", () => {
  const wandb = { project: 'p' };
  assert.deepEqual(scratchOf(jobWith({ 'spec.tracking': { tensorboard: {}, wandb } })), {
    'ppo-output': '/workspace/output',
  });
  const elsewhere = { tensorboard: { path: 'events' }, wandb: { ...wandb, path: './runs' } };
  assert.deepEqual(scratchOf(jobWith({ 'spec.tracking': elsewhere, 'spec.output.path': '/mnt' })), {
    'ppo-tensorboard': '/workspace/events',
    'ppo-wandb': '/workspace/runs',
  });
  const hiding = checkWorkspace(jobWith({ 'spec.tracking': elsewhere, 'spec.dataset.train.path': 'runs/train.jsonl' }));
  assert.deepEqual(
    hiding.map(({ path, found }) => [path, found]),
    [['spec.tracking.wandb.path', '"./runs"']],
  );
});

test('a volume that covers the folder stays', () => {
  const job = jobWith();
  const pod = buildPod(job, IDENTITY, 'registry/ppo:1');
  const [worker] = pod.spec.containers;
  const mounts = (mountPath: string) => [{ name: 'claim', mountPath }];
  const withClaim = (mountPath: string) => {
    const containers = [{ ...worker!, volumeMounts: mounts(mountPath) }];
    return addScratch({ ...pod, spec: { ...pod.spec, containers } }, job).spec.containers[0]?.volumeMounts;
  };
  assert.deepEqual(withClaim('/workspace'), mounts('/workspace'));
  assert.deepEqual(withClaim('/workspace/output'), mounts('/workspace/output'));
  assert.equal(withClaim('/workspace/out')?.length, 2);
});

test('a folder of the operator must not hide what the job reads', () => {
  const reads = { 'spec.dataset.train.path': 'data/train.jsonl' };
  assert.deepEqual(checkWorkspace(jobWith(reads)), []);
  for (const path of ['.', 'data', '../..']) {
    const [problem, ...others] = checkWorkspace(jobWith({ ...reads, 'spec.output.path': path }));
    assert.equal(problem?.path, 'spec.output.path', path);
    assert.match(problem?.rule ?? '', /must not hold models or data/);
    assert.deepEqual(others, []);
  }
  const checkpoints = checkWorkspace(jobWith({ ...reads, 'spec.checkpoint.path': './data' }));
  assert.deepEqual(
    checkpoints.map(({ path }) => path),
    ['spec.checkpoint.path'],
  );
  assert.deepEqual(checkWorkspace(jobWith({ ...reads, 'spec.output.path': '/workspace' })), []);
});
