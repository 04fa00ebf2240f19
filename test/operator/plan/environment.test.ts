/** The planned environment is what worker/config.ts reads, for every role and for the sidecar. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROLE_NAMES, TENSOR_ROLES } from '../../../operator/api/names.ts';
import type { EnvVar } from '../../../operator/cluster/objects.ts';
import { communicatorEnvironment, workerEnvironment } from '../../../operator/plan/environment.ts';
import { readSettings } from '../../../worker/config.ts';
import { jobWith } from '../api/manifest.ts';

const POD_IP = '127.1.2.3';
const job = jobWith({ 'spec.roles.actor.threads': 2 });

/** What a kubelet makes of a container's variables. */
function resolve(variables: readonly EnvVar[]): Record<string, string> {
  const entries = variables.map(({ name, value, valueFrom }): [string, string] => {
    if (value !== undefined) return [name, value];
    assert.equal(valueFrom?.fieldRef?.fieldPath, 'status.podIP');
    return [name, POD_IP];
  });
  assert.equal(new Set(entries.map(([name]) => name)).size, entries.length, 'a variable is set twice');
  return Object.fromEntries(entries);
}

for (const role of ROLE_NAMES) {
  test(`a ${role} reads its settings`, () => {
    const index = role === 'coordinator' ? 0 : 1;
    const isTensorRole = TENSOR_ROLES.includes(role);
    assert.deepEqual(readSettings(resolve(workerEnvironment(job, { role, index }))), {
      role,
      index,
      podName: `job-${role}-${index}`,
      jobName: 'job',
      servesRole: null,
      podIp: POD_IP,
      grpcPort: 7000,
      metricsPort: 9090,
      openaiPort: role === 'generation' ? 8000 : null,
      communicatorPort: isTensorRole ? 7001 : null,
      transportPort: null,
      sharedDir: isTensorRole ? '/dev/shm/ppo' : null,
      coordinatorAddress: role === 'coordinator' ? null : 'job-coordinator.default.svc:7000',
      jobConfigPath: '/etc/ppo/job.json',
      threads: role === 'actor' ? 2 : 1,
      tlsDir: null,
      tracing: null,
      logLevel: 'info',
    });
  });
}

test('a sidecar reads its settings, on ports other than its worker', () => {
  assert.deepEqual(readSettings(resolve(communicatorEnvironment(job, { role: 'critic', index: 0 }))), {
    role: 'communicator',
    index: 0,
    podName: 'job-critic-0',
    jobName: 'job',
    servesRole: 'critic',
    podIp: POD_IP,
    grpcPort: 7001,
    metricsPort: 9091,
    openaiPort: null,
    communicatorPort: 7001,
    transportPort: 7002,
    sharedDir: '/dev/shm/ppo',
    coordinatorAddress: null,
    jobConfigPath: null,
    threads: 1,
    tlsDir: null,
    tracing: null,
    logLevel: 'info',
  });
});

test('the log level of the manifest reaches every container', () => {
  const loud = jobWith({ 'spec.logLevel': 'debug' });
  const pod = { role: 'actor', index: 0 } as const;
  for (const variables of [workerEnvironment(loud, pod), communicatorEnvironment(loud, pod)]) {
    assert.equal(readSettings(resolve(variables)).logLevel, 'debug');
  }
});
