/** Ports: the same in every pod, but apart where roles share one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PORTS, ROLE_NAMES, SHARED_ROLES } from '../../../operator/api/names.ts';
import { carrierOf, portsOf } from '../../../operator/plan/ports.ts';
import { jobWith } from '../api/manifest.ts';

const apart = jobWith();
const shared = jobWith({ 'spec.placement.mode': 'Colocated' });

test('roles in pods of their own use the same ports', () => {
  for (const role of ROLE_NAMES) {
    assert.deepEqual(portsOf(apart, role), PORTS);
    assert.equal(carrierOf(apart, role), role);
  }
});

test('roles that share a pod share no port', () => {
  const ports = SHARED_ROLES.flatMap((role) => Object.values(portsOf(shared, role)));
  assert.equal(new Set(ports).size, SHARED_ROLES.length * Object.keys(PORTS).length);
  for (const role of SHARED_ROLES) assert.equal(carrierOf(shared, role), 'colocated');
});

test('the coordinator stays by itself, where everybody looks for it', () => {
  assert.deepEqual(portsOf(shared, 'coordinator'), PORTS);
  assert.equal(carrierOf(shared, 'coordinator'), 'coordinator');
});
