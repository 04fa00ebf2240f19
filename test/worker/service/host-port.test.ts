/** Addresses of both families. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress } from '../../../worker/service/host-port.ts';

test('an IPv6 address stands in brackets, and nothing else does', () => {
  assert.equal(formatAddress({ host: '10.1.2.3', port: 7000 }), '10.1.2.3:7000');
  assert.equal(formatAddress({ host: 'fd00::1', port: 7000 }), '[fd00::1]:7000');
  assert.equal(formatAddress({ host: 'tiny-coordinator.team.svc', port: 7000 }), 'tiny-coordinator.team.svc:7000');
});
