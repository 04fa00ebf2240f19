// The PodGroups that the operator writes, against the real CRDs of Volcano and scheduler-plugins: the API server takes them,
// keeps every field, and has nothing to write when nothing changes. Their schedulers aren't here.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FIELD_MANAGER } from '../../operator/api/names.ts';
import type { JsonObject } from '../../operator/cluster/json.ts';
import { buildPodGroup, type GangState } from '../../operator/plan/gang.ts';
import { GANG_CONVENTIONS, type GangProvider, type StoredPodGroup } from '../../operator/plan/pod-groups.ts';
import { jobWith } from '../operator/api/manifest.ts';
import { startOwnEnvironment } from './environment.ts';
import { installCrds, installCrdsOf } from './manifests.ts';

const environment = await startOwnEnvironment({
  prepare: async ({ transport }) => {
    await installCrds(transport);
    await installCrdsOf(transport, `${import.meta.dirname}/manifests/pod-groups`);
  },
});
const { cluster } = environment;
const namespace = await environment.newNamespace();

/** As the job of that name is to have it. */
function planGroup(provider: GangProvider, name: string, changes: Readonly<Record<string, unknown>>) {
  const [kind = null] = GANG_CONVENTIONS[provider].kinds;
  const state: GangState = { gang: { provider, kind }, group: null };
  const job = jobWith({ ...changes, 'spec.scheduling.gang': provider });
  const group = buildPodGroup({ ...job, metadata: { ...job.metadata, namespace, name } }, state);
  assert.ok(kind !== null && group !== null);
  return { kind, group };
}

async function apply(provider: GangProvider, name: string, changes: Readonly<Record<string, unknown>>) {
  const { kind, group } = planGroup(provider, name, changes);
  const stored = await cluster.apply(kind, group, { fieldManager: FIELD_MANAGER, force: true });
  return { group, stored: stored as StoredPodGroup };
}

const ALL_OPTIONS: Readonly<Partial<Record<GangProvider, Readonly<Record<string, unknown>>>>> = {
  Volcano: { 'spec.scheduling.queue': 'team-a', 'spec.podTemplate.priorityClassName': 'urgent' },
  SchedulerPlugins: { 'spec.podTemplate.priorityClassName': 'urgent' },
};

for (const [provider, options] of Object.entries(ALL_OPTIONS) as [GangProvider, Readonly<Record<string, unknown>>][]) {
  describe(`a PodGroup for ${provider}`, () => {
    it('is kept as it was sent, whatever the job asks for', async () => {
      const { group, stored } = await apply(provider, 'all-options', {
        ...options,
        'spec.roles.generation.replicas': 4,
        'spec.scheduling.minGenerationReplicas': 2,
      });
      assert.deepEqual(stored.spec, group.spec);
      assert.deepEqual(stored.metadata.ownerReferences, group.metadata.ownerReferences);
      assert.deepEqual(stored.metadata.labels, group.metadata.labels);
    });

    it('changes its size with the job, and nothing when nothing changes', async () => {
      const first = await apply(provider, 'sized', { 'spec.roles.generation.replicas': 3 });
      const again = await apply(provider, 'sized', { 'spec.roles.generation.replicas': 3 });
      assert.equal(again.stored.metadata.resourceVersion, first.stored.metadata.resourceVersion);
      const { group, stored } = await apply(provider, 'sized', { 'spec.roles.generation.replicas': 1 });
      assert.equal(GANG_CONVENTIONS[provider].groupSize(stored), 6);
      for (const [field, value] of Object.entries(group.spec)) assert.deepEqual(stored.spec[field], value, field);
    });

    it('is refused with a field that its kind does not have, so that a field that is kept is one that it knows', async () => {
      const { kind, group } = planGroup(provider, 'unknown', {});
      const spec: JsonObject = { ...(group.spec as JsonObject), minimumMember: 3 };
      await assert.rejects(
        cluster.apply(kind, { ...group, spec }, { fieldManager: FIELD_MANAGER, force: true }),
        /minimumMember: field not declared in schema/,
      );
    });
  });
}
