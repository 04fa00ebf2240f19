// Jobs, pods and events as a cluster holds them, for tests of the page; every text in them tries to be markup.

import { LABELS } from '../../../operator/api/names.ts';
import type { PPOJobStatus } from '../../../operator/api/ppojob.ts';
import { type Cluster, EVENTS, PODS } from '../../../operator/cluster/cluster.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import type { Pod, PodStatus, Stored } from '../../../operator/cluster/objects.ts';
import type { PageHost } from '../../../operator/page/page-api.ts';
import { PPO_JOBS, type PPOJobObject } from '../../../operator/reconcile/ppojob-kind.ts';
import { buildEvent, buildPod, NAMESPACE, WRITER } from '../cluster/fixtures.ts';

export const EVIL = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

export const HOST: PageHost = { mode: 'leading', leader: null, namespace: 'ops', jobsOf: null, version: '1.2.3' };

const SINCE = '2026-01-01T00:00:00Z';

export function status(overrides: Partial<PPOJobStatus> = {}): PPOJobStatus {
  const condition = {
    type: 'Running',
    status: 'True',
    reason: 'PodsReady',
    message: EVIL,
    lastTransitionTime: SINCE,
  } as const;
  return {
    conditions: [condition],
    startTime: SINCE,
    restarts: 2,
    infrastructureRestarts: 1,
    roles: { actor: { desired: 1, ready: 0, restarts: 2, backoff: { seconds: 10, until: SINCE } } },
    progress: {
      ...{ phase: 'Training', message: EVIL, iteration: 3, numIterations: 12, policyVersion: 3 },
      ...{ elapsedSeconds: 60, remainingSeconds: 180, tokens: 1000, tokensPerSecond: '123.4', accuracy: '0.5' },
      ...{ accuracyBefore: '0.25', maxLogprobDifference: '2e-6', lastCheckpointIteration: 2 },
      metrics: { 'rollout/score': '0.75', 'policy/kl': '0.01' },
    },
    lastFailure: { pod: 'evil-actor-0', uid: 'u', exitCode: 1, message: EVIL, cause: 'Program' },
    ...overrides,
  };
}

export async function addJob(cluster: Cluster, name: string, jobStatus: PPOJobStatus): Promise<Stored<PPOJobObject>> {
  const { apiVersion, kind } = PPO_JOBS;
  const spec = { checkpoint: { path: '/checkpoints' }, note: EVIL };
  const job = { apiVersion, kind, metadata: { name, namespace: NAMESPACE }, spec };
  const created = await cluster.create(PPO_JOBS, job, WRITER);
  return cluster.updateStatus(PPO_JOBS, { ...created, status: jobStatus }, WRITER);
}

export async function addPod(
  cluster: Cluster,
  job: Stored<PPOJobObject>,
  role: string,
  podStatus: PodStatus,
): Promise<Stored<Pod>> {
  const { apiVersion, kind, metadata } = job;
  const { name, uid } = metadata;
  const pod = buildPod(`${name}-${role}-0`, { nodeName: 'node-1' });
  const labels = { [LABELS.job]: name, [LABELS.role]: role, [LABELS.index]: '0' };
  const ownerReferences = [{ apiVersion, kind, name, uid, controller: true }];
  const created = await cluster.create(
    PODS,
    { ...pod, metadata: { ...pod.metadata, labels, ownerReferences } },
    WRITER,
  );
  return cluster.updateStatus(PODS, { ...created, status: podStatus }, WRITER);
}

const READY = [{ type: 'Ready', status: 'True' }] as const;

/** A job with two pods, one of them not ready, and events of all three. */
export async function buildWorld(): Promise<{ cluster: MemoryCluster; job: Stored<PPOJobObject> }> {
  const cluster = new MemoryCluster();
  const job = await addJob(cluster, 'evil', status());
  const waiting = { waiting: { reason: 'ImagePullBackOff', message: EVIL } };
  const containerStatuses = [{ name: 'worker', ready: false, restartCount: 0, state: waiting }];
  const actor = await addPod(cluster, job, 'actor', { phase: 'Pending', containerStatuses });
  const critic = await addPod(cluster, job, 'critic', { phase: 'Running', startTime: SINCE, conditions: READY });
  for (const [i, { kind, metadata }] of [job, actor, critic].entries()) {
    const event = buildEvent(`event-${i}`, { kind, ...metadata });
    await cluster.create(EVENTS, { ...event, message: EVIL, lastTimestamp: `2026-01-01T00:0${i}:00Z` }, WRITER);
  }
  return { cluster, job };
}
