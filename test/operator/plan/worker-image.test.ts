/** Which image a job's pods run: the manifest's, or the operator's as it was when the job began. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../../operator/cluster/objects.ts';
import { planJob } from '../../../operator/plan/plan.ts';
import { MACHINE } from '../../../operator/plan/platform.ts';
import { jobWith } from '../api/manifest.ts';

function plan(job: ReturnType<typeof jobWith>, workerImage: string, existing: readonly Pod[] = []): readonly Pod[] {
  return planJob(job, { outcome: null, platform: { ...MACHINE, workerImage }, pods: existing }).pods;
}

function imagesOf(pods: readonly Pod[]): string[] {
  const containers = pods.flatMap(({ spec }) => [...(spec.initContainers ?? []), ...spec.containers]);
  return [...new Set(containers.map(({ image }) => image))];
}

const unnamed = jobWith({});

test("a job that names no image gets the operator's", () => {
  assert.deepEqual(imagesOf(plan(unnamed, 'registry/ppo:1')), ['registry/ppo:1']);
});

test('a job keeps its image while it has pods, whatever operator comes', () => {
  const before = plan(unnamed, 'registry/ppo:1');
  assert.deepEqual(plan(unnamed, 'registry/ppo:2', before), before);
  const [, survivor] = before;
  assert.deepEqual(imagesOf(plan(unnamed, 'registry/ppo:2', [survivor!])), ['registry/ppo:1']);
  assert.deepEqual(imagesOf(plan(unnamed, 'registry/ppo:2', [])), ['registry/ppo:2']);
});

test('an image of one role is no image of the others', () => {
  const job = jobWith({ 'spec.roles': { reward: { podTemplate: { image: 'mine:1' } } } });
  const before = plan(job, 'registry/ppo:1');
  assert.deepEqual(imagesOf(before), ['registry/ppo:1', 'mine:1']);
  assert.deepEqual(plan(job, 'registry/ppo:2', before), before);
});

test('roles that share a pod share its image', () => {
  const job = jobWith({ 'spec.placement': { mode: 'Colocated' } });
  const before = plan(job, 'registry/ppo:1');
  assert.deepEqual(imagesOf(before), ['registry/ppo:1']);
  assert.deepEqual(plan(job, 'registry/ppo:2', before), before);
});

test('the image that a manifest names is all there is to say', () => {
  const job = jobWith({ 'spec.image': 'named:1' });
  const pods = plan(job, 'registry/ppo:1');
  assert.deepEqual(imagesOf(pods), ['named:1']);
  assert.ok(pods.every(({ metadata }) => metadata.annotations === undefined));
});
