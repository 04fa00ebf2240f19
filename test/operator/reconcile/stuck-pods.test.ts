// Pods that come no further: since when, and when that is too long.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PPOJobStatus } from '../../../operator/api/ppojob.ts';
import { timestamp } from '../../../operator/cluster/clock.ts';
import type { Pod, Stored } from '../../../operator/cluster/objects.ts';
import { findStuck } from '../../../operator/reconcile/stuck-pods.ts';
import { jobOf, podOf, START_MS, unprepared, unschedulable, waiting } from './builders.ts';
import { RUNNING } from './fixtures.ts';

const job = jobOf({ failurePolicy: { unstartableSeconds: 10, unschedulableSeconds: 100 } });

function stuckAt(seconds: number, pods: readonly Stored<Pod>[], status: PPOJobStatus = {}) {
  const { faults, unstartable, leftMs } = findStuck({ job, status, pods, nowMs: START_MS + seconds * 1000 });
  return { faults: faults.map(({ uid, hopeless }) => `${uid} ${hopeless}`), unstartable, leftMs };
}

const NOTHING = { faults: [], unstartable: null, leftMs: null };
const since = (uid: string, seconds: number) => ({
  ...{ pod: `tiny-${uid}`, uid, since: timestamp(START_MS + seconds * 1000) },
});

describe('pods that cannot start', () => {
  it('are followed one at a time, from when the operator first saw them', () => {
    const pods = [podOf('actor', waiting('ErrImagePull')), podOf('reward', waiting('CreateContainerConfigError'))];
    assert.deepEqual(stuckAt(5, pods), { faults: [], unstartable: since('actor-0', 5), leftMs: 10_000 });
    const status = { unstartable: since('reward-0', 1) };
    assert.deepEqual(stuckAt(5, pods, status), { faults: [], unstartable: since('reward-0', 1), leftMs: 6_000 });
    assert.deepEqual(stuckAt(11, pods, status).faults, ['reward-0 ConfigurationMissing']);
  });

  it('are forgotten once they start, and their time does not count for another one', () => {
    const status = { unstartable: since('actor-0', 1) };
    assert.deepEqual(stuckAt(60, [podOf('actor', RUNNING)], status), NOTHING);
    const other = stuckAt(60, [podOf('actor', RUNNING), podOf('reward', waiting('ImagePullBackOff'))], status);
    assert.deepEqual([other.faults, other.unstartable], [[], since('reward-0', 60)]);
  });

  it('have failed at once where the name of the image is none', () => {
    const pods = [podOf('actor', waiting('InvalidImageName', 'couldn\'t parse "a b"'))];
    assert.deepEqual(stuckAt(0, pods), { ...NOTHING, faults: ['actor-0 ImageUnavailable'] });
  });
});

describe('pods without a node', () => {
  it('have failed when the scheduler has found no room for too long', () => {
    const pods = [podOf('actor', unschedulable(timestamp(START_MS + 50_000))), podOf('reward', unschedulable(null))];
    assert.deepEqual(stuckAt(40, pods), { ...NOTHING, leftMs: 60_000 });
    assert.deepEqual(stuckAt(120, pods), { ...NOTHING, faults: ['reward-0 Unschedulable'], leftMs: 30_000 });
  });

  it('may wait for ever where the job does without them', () => {
    const pods = [podOf('generation', RUNNING), podOf('generation', unschedulable(null), { index: 1 })];
    const training = { progress: { iteration: 1 } } as PPOJobStatus;
    assert.deepEqual(stuckAt(9999, pods).faults, ['generation-1 Unschedulable']);
    assert.deepEqual(stuckAt(9999, pods, training), NOTHING);
    assert.deepEqual(stuckAt(9999, pods.slice(1), training).faults, ['generation-1 Unschedulable']);
    const elastic = jobOf({ scheduling: { minGenerationReplicas: 1 } });
    assert.deepEqual(findStuck({ job: elastic, status: {}, pods, nowMs: START_MS + 9e9 }).faults, []);
  });

  it('wait for as long as they must at a gate', () => {
    assert.deepEqual(stuckAt(9999, [podOf('actor', unschedulable(null, 'SchedulingGated'))]), NOTHING);
  });
});

describe('pods whose node does not set them up', () => {
  const onNode = (pod: Stored<Pod>): Stored<Pod> => ({ ...pod, spec: { ...pod.spec, nodeName: 'node-a' } });

  it('have failed after as long', () => {
    const pods = [onNode(podOf('actor', unprepared())), onNode(podOf('reward', RUNNING))];
    assert.deepEqual(stuckAt(40, pods), { ...NOTHING, leftMs: 60_000 });
    assert.deepEqual(stuckAt(100, pods), { ...NOTHING, faults: ['actor-0 VolumesUnavailable'] });
  });

  it('are others than those that have no node yet, or whose image is on its way', () => {
    const [condition] = unprepared().conditions!;
    const pulling = { ...waiting('ContainerCreating'), conditions: [{ ...condition!, status: 'True' as const }] };
    assert.deepEqual(stuckAt(9999, [podOf('actor', unprepared()), onNode(podOf('reward', pulling))]), NOTHING);
  });
});
