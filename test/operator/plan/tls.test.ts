/** Certificates reach every container of every pod where TLS is on, each role's own, and nothing where it is off. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROLE_NAMES } from '../../../operator/api/names.ts';
import type { PPOJob } from '../../../operator/api/ppojob.ts';
import type { Container, Pod } from '../../../operator/cluster/objects.ts';
import { planJob } from '../../../operator/plan/plan.ts';
import { MACHINE, type Platform } from '../../../operator/plan/platform.ts';
import { holderOf, identityOf, secretKeysOf, usesTls } from '../../../operator/plan/tls.ts';
import { TLS_FILES } from '../../../worker/service/tls-identity.ts';
import { jobWith } from '../api/manifest.ts';

const CLUSTER: Platform = { kind: 'Cluster', operatorNamespace: null, metricsFrom: [], workerImage: 'ppo:1' };

function podsOf(job: PPOJob, platform: Platform): readonly Pod[] {
  return planJob(job, { outcome: null, platform }).pods;
}

function containersOf({ spec }: Pod): Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

test('it is on in a cluster and off on one machine, unless the manifest says otherwise', () => {
  const modeOf = (mode: string) => jobWith({ 'spec.security.tls.mode': mode });
  assert.deepEqual(
    [CLUSTER, MACHINE].map((platform) =>
      ['Auto', 'Enabled', 'Disabled'].map((mode) => usesTls(modeOf(mode), platform)),
    ),
    [
      [true, true, false],
      [false, true, false],
    ],
  );
});

for (const mode of ['Disaggregated', 'Colocated']) {
  test(`every container of ${mode} pods finds its files where its environment says`, () => {
    for (const pod of podsOf(jobWith({ 'spec.placement.mode': mode }), CLUSTER)) {
      for (const { env, volumeMounts } of containersOf(pod)) {
        const directory = env?.find(({ name }) => name === 'PPO_TLS_DIR')?.value;
        const mount = volumeMounts?.find(({ mountPath }) => mountPath === directory);
        assert.equal(mount?.readOnly, true);
        const { secret } = pod.spec.volumes?.find(({ name }) => name === mount?.name) ?? {};
        assert.equal(secret?.secretName, 'job-tls');
        const isCoordinator = pod.metadata.name === 'job-coordinator-0';
        const { certificate, key } = secretKeysOf(isCoordinator ? 'coordinator' : 'worker');
        assert.deepEqual(secret?.items, [
          { key: 'ca.crt', path: TLS_FILES.ca },
          { key: certificate, path: TLS_FILES.certificate },
          { key, path: TLS_FILES.key },
        ]);
      }
    }
  });
}

test('nothing of it is there where it is off', () => {
  for (const pod of podsOf(jobWith(), MACHINE)) {
    assert.ok(!JSON.stringify(pod).includes('tls'), pod.metadata.name);
  }
});

test('the address at which workers call the coordinator is a name of the coordinator alone', () => {
  const job = jobWith();
  const host = podsOf(job, CLUSTER)
    .flatMap(containersOf)
    .flatMap(({ env = [] }) => env)
    .find(({ name }) => name === 'PPO_COORDINATOR_ADDRESS')
    ?.value?.split(':')[0];
  assert.ok(host !== undefined);
  assert.ok(identityOf(job, 'coordinator').dnsNames.includes(host));
  assert.ok(!identityOf(job, 'worker').dnsNames.includes(host));
  for (const role of ROLE_NAMES) assert.equal(holderOf(role), role === 'coordinator' ? 'coordinator' : 'worker');
});
