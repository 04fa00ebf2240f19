/** Roles: one pod each unless the manifest says more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROLE_NAMES } from '../../../operator/api/names.ts';
import { checkpointSchema, deadlinesSchema, rolesSchema } from '../../../operator/api/role-schema.ts';

test('every role has one replica, one thread and a few restarts', () => {
  const roles = rolesSchema.parse({});
  assert.deepEqual(Object.keys(roles).sort(), [...ROLE_NAMES].sort());
  for (const role of Object.values(roles)) assert.deepEqual(role, { replicas: 1, threads: 1, maxRestarts: 3 });
});

test('a role with one setting keeps the defaults of the others', () => {
  const { generation } = rolesSchema.parse({
    generation: { replicas: 2, resources: { requests: { cpu: '500m', 'nvidia.com/gpu': 1 } } },
  });
  assert.deepEqual(generation, {
    replicas: 2,
    threads: 1,
    maxRestarts: 3,
    resources: { requests: { cpu: '500m', 'nvidia.com/gpu': 1 } },
  });
});

test('waiting is bounded, checkpoints are off', () => {
  assert.deepEqual(deadlinesSchema.parse({}), { rendezvousSeconds: 300, heartbeatSeconds: 15, callSeconds: 300 });
  assert.deepEqual(checkpointSchema.parse({}), { everyIterations: 0, keep: 3 });
});
