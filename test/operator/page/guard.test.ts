// Who is answered: plain reads under this machine's own names.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { HEADERS, refuse } from '../../../operator/page/guard.ts';

it('answers under loopback names, on any port', () => {
  for (const host of ['localhost', 'localhost:8081', '127.0.0.1:1', '127.8.8.8', '[::1]:9', 'LOCALHOST:80']) {
    for (const method of ['GET', 'HEAD']) assert.equal(refuse(method, { host }), null, host);
  }
});

it('refuses other names, which might be made to point here', () => {
  const others = [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '',
    'localhost:80:80',
  ];
  for (const host of others) assert.equal(refuse('GET', { host })?.status, 421, host);
  assert.equal(refuse('GET', {})?.status, 421);
});

it('refuses everything that is no read', () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', undefined]) {
    const refusal = refuse(method, { host: 'localhost' });
    assert.equal(refusal?.status, 405);
    assert.deepEqual(refusal.headers, { allow: 'GET, HEAD' });
  }
});

it('refuses what another site asks for, but for a link that leads here', () => {
  const asked = (site: string, mode: string) =>
    refuse('GET', { host: 'localhost', 'sec-fetch-site': site, 'sec-fetch-mode': mode })?.status;
  assert.equal(asked('cross-site', 'no-cors'), 403);
  assert.equal(asked('same-site', 'cors'), 403);
  assert.equal(asked('cross-site', 'navigate'), undefined);
  assert.equal(asked('same-origin', 'cors'), undefined);
});

it('lets pages load nothing but what this server hands out', () => {
  const policy = HEADERS['content-security-policy'] ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
});
