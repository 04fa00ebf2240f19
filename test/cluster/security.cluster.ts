// What protects a job on a real API server: its pods pass the admission of the level "restricted", its Secrets and its
// NetworkPolicy are what the server takes, and what a manifest says of pods reaches them whole.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { EVENTS, NETWORK_POLICIES, SECRETS } from '../../operator/cluster/cluster.ts';
import { ClusterError } from '../../operator/cluster/errors.ts';
import type { JsonObject } from '../../operator/cluster/json.ts';
import type { Pod } from '../../operator/cluster/objects.ts';
import { runOperator } from '../../operator/reconcile/operator.ts';
import { PPO_JOBS } from '../../operator/reconcile/ppojob-kind.ts';
import { startEnvironment } from './environment.ts';
import { JobWorld, until } from './job-world.ts';
import { installCrds } from './manifests.ts';

const NUM_PODS = 7;
const REFUSAL = /violates PodSecurity "restricted:latest": restricted volume types/;
const PLATFORM = { kind: 'Cluster', operatorNamespace: 'ppo-system', metricsFrom: [], workerImage: 'ppo:1' } as const;

const environment = await startEnvironment();
const { cluster } = environment;
await installCrds(cluster.transport);

/** A namespace that lets in nothing below the level "restricted", with an operator of its own. */
async function startWorld(): Promise<{ world: JobWorld; stop: () => Promise<void> }> {
  const namespace = await environment.newNamespace();
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await cluster.transport.request({
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}`,
    subject: { title: `Namespace ${namespace}`, name: namespace },
    contentType: 'application/merge-patch+json',
    body: { metadata: { labels } },
  });
  const world = new JobWorld(cluster, namespace);
  const stopping = new AbortController();
  const onError = (error: unknown): number => world.errors.push(error);
  const running = runOperator({ cluster, onError, namespaces: [namespace], platform: PLATFORM }, stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  return { world, stop };
}

function untilPods(world: JobWorld, name: string): Promise<void> {
  return until(`${name} has its pods`, async () => {
    const pods = await world.pods(name);
    return pods.length === NUM_PODS ? null : { pods: pods.length, errors: world.errors.map(String) };
  });
}

/** A template of fields that are seldom used, as the server knows them. */
const TEMPLATE = {
  labels: { 'example.com/team': 'rl' },
  annotations: { note: 'as it is' },
  nodeSelector: { pool: 'gpu' },
  tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }],
  affinity: {
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 7, preference: { matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['a'] }] } },
      ],
    },
  },
  topologySpreadConstraints: [
    {
      maxSkew: 2,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { 'example.com/team': 'rl' } },
      nodeTaintsPolicy: 'Honor',
      matchLabelKeys: ['rlhf.dev/index'],
    },
  ],
  volumes: [
    { name: 'models', persistentVolumeClaim: { claimName: 'models', readOnly: true } },
    {
      name: 'scratch',
      ephemeral: {
        volumeClaimTemplate: {
          metadata: { labels: { a: 'b' } },
          spec: {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: '1Gi' } },
            volumeMode: 'Filesystem',
          },
        },
      },
    },
  ],
  volumeMounts: [
    { name: 'models', mountPath: '/models', readOnly: true, recursiveReadOnly: 'IfPossible' },
    { name: 'scratch', mountPath: '/output', subPathExpr: '$(MEMORY)' },
  ],
  env: [
    {
      name: 'MEMORY',
      valueFrom: { resourceFieldRef: { containerName: 'worker', resource: 'limits.memory', divisor: '1Mi' } },
    },
  ],
};

/** Every part of `expected` is in `found`, which may have more. */
function assertHolds(found: unknown, expected: unknown, path: string): void {
  if (typeof expected !== 'object' || expected === null) assert.deepEqual(found, expected, path);
  else
    for (const [key, value] of Object.entries(expected)) {
      assertHolds((found as Record<string, unknown> | undefined)?.[key], value, `${path}.${key}`);
    }
}

/** Items of `found` that have the keys of the expected ones, in their order. */
function named(found: readonly unknown[] | undefined, expected: readonly unknown[], key: string): unknown[] {
  const keyOf = (item: unknown): unknown => (item as Record<string, unknown>)[key];
  return expected.map((item) => (found ?? []).find((candidate) => keyOf(candidate) === keyOf(item)));
}

function assertTemplate({ metadata, spec }: Pod): void {
  const { labels, annotations, volumes, volumeMounts, env, tolerations, ...whole } = TEMPLATE;
  assertHolds(metadata, { labels, annotations }, 'metadata');
  assertHolds(spec, whole, 'spec');
  assertHolds(spec.tolerations?.slice(0, 1), tolerations, 'tolerations');
  assertHolds(named(spec.volumes, volumes, 'name'), volumes, 'volumes');
  assertHolds(named(spec.containers[0]?.volumeMounts, volumeMounts, 'mountPath'), volumeMounts, 'volumeMounts');
  assertHolds(named(spec.containers[0]?.env, env, 'name'), env, 'env');
}

describe('a job in a namespace of the level "restricted"', () => {
  it('has pods, certificates and a policy', async () => {
    const { world, stop } = await startWorld();
    try {
      await world.createJob('plain');
      await untilPods(world, 'plain');
      assert.deepEqual(world.errors, []);
      const named = (name: string) => ({ namespace: world.namespace, name });
      const { data = {} } = await cluster.get(SECRETS, named('plain-tls'));
      const certificate = new X509Certificate(Buffer.from(data['worker.crt'] ?? '', 'base64'));
      assert.ok(
        certificate.subjectAltName?.endsWith(`URI:spiffe://rlhf.dev/ns/${world.namespace}/ppojob/plain/worker`),
      );
      const policy = await cluster.get(NETWORK_POLICIES, named('plain'));
      const labels = { 'rlhf.dev/job': 'plain' };
      assert.deepEqual(policy.spec.podSelector, { matchLabels: labels });
      assert.deepEqual(policy.spec.ingress, [
        { from: [{ podSelector: { matchLabels: labels } }] },
        {
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ppo-system' } } }],
          ports: [{ port: 7000, protocol: 'TCP' }],
        },
      ]);
    } finally {
      await stop();
    }
  });

  it('keeps every field of what the manifest says of its pods', async () => {
    const { world, stop } = await startWorld();
    try {
      await world.createJob('described', { podTemplate: TEMPLATE });
      await untilPods(world, 'described');
      for (const pod of await world.pods('described')) assertTemplate(pod);
      assert.deepEqual(world.errors, []);
    } finally {
      await stop();
    }
  });

  it('says in an event what the server refuses', async () => {
    const { world, stop } = await startWorld();
    try {
      const volumes = [{ name: 'host', hostPath: { path: '/' } }];
      await world.createJob('greedy', { podTemplate: { volumes } });
      await until('the refusal', async () => (world.errors.length > 0 ? null : 'none'));
      await until('the event', async () => {
        const { items } = await cluster.list(EVENTS, { namespace: world.namespace });
        const told = items.filter(({ reason }) => reason === 'ApplyFailed').map(({ message }) => message);
        return told.some((message) => REFUSAL.test(message)) ? null : told;
      });
      assert.deepEqual(await world.pods('greedy'), []);
    } finally {
      await stop();
    }
  });
});

describe('what a manifest says of pods', () => {
  it('stands still, down to fields that no schema names, while the job runs', async () => {
    const world = new JobWorld(cluster, await environment.newNamespace());
    await world.createJob('still', { podTemplate: { affinity: { nodeAffinity: { a: { b: 1 } } } } });
    const stored = await world.job('still');
    await cluster.updateStatus(
      PPO_JOBS,
      { ...stored, status: { startTime: '2026-01-01T00:00:00Z' } },
      { fieldManager: 'test' },
    );
    const change = async (podTemplate: unknown): Promise<string | null> => {
      const subject = { title: 'still', name: 'still' };
      const path = `/apis/rlhf.dev/v1alpha1/namespaces/${world.namespace}/ppojobs/still`;
      const body = { spec: { podTemplate } } as JsonObject;
      try {
        await cluster.transport.request({
          method: 'PATCH',
          path,
          subject,
          body,
          contentType: 'application/merge-patch+json',
        });
        return null;
      } catch (error) {
        if (error instanceof ClusterError) return error.message;
        throw error;
      }
    };
    const refusal = /can't change while the job runs/;
    assert.match((await change({ affinity: { nodeAffinity: { a: { b: 2 } } } })) ?? '', refusal);
    assert.match((await change({ priorityClassName: 'high' })) ?? '', refusal);
    assert.match((await change(null)) ?? '', refusal);
    assert.equal(await change({ affinity: { nodeAffinity: { a: { b: 1 } } } }), null);
  });
});
