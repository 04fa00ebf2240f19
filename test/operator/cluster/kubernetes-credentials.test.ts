// Where the server is and who we are, from kubeconfigs and a pod's files, and what happens when they are replaced.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { KubernetesCredentials } from '../../../operator/cluster/kubernetes-credentials.ts';
import { ManualClock } from './fixtures.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ppo-credentials-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(cluster: Record<string, unknown>, user: Record<string, unknown>): string {
  const path = join(directory, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'one',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443/', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [
      { name: 'one', context: { cluster: 'c', user: 'u', namespace: 'ns' } },
      { name: 'lost', context: { cluster: 'nowhere', user: 'u' } },
    ],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

it('reads server, namespace and token', async () => {
  const kubeconfig = write({ 'insecure-skip-tls-verify': true }, { token: 'secret' });
  const credentials = KubernetesCredentials.load({ kubeconfig }, new ManualClock());
  const { server, headers } = await credentials.access();
  assert.deepEqual(
    [server, headers, credentials.namespace],
    ['https://127.0.0.1:6443', { Authorization: 'Bearer secret' }, 'ns'],
  );
});

it('knows basic authentication and client certificates', async () => {
  const basic = write({ 'insecure-skip-tls-verify': true }, { username: 'me', password: 'x' });
  const { headers } = await KubernetesCredentials.load({ kubeconfig: basic }, new ManualClock()).access();
  assert.deepEqual(headers, { Authorization: `Basic ${Buffer.from('me:x').toString('base64')}` });
  const data = Buffer.from('certificate').toString('base64');
  const certificate = write(
    { 'certificate-authority-data': data },
    { 'client-certificate-data': data, 'client-key-data': data },
  );
  const { dispatcher } = await KubernetesCredentials.load({ kubeconfig: certificate }, new ManualClock()).access();
  assert.equal(dispatcher.type, 'agent');
  const { ca, cert, key } = (dispatcher as { connect: { ca?: unknown; cert?: unknown; key?: unknown } }).connect;
  assert.deepEqual([ca, cert, key].map(String), ['certificate', 'certificate', 'certificate']);
});

it('reads a replaced authority after a while, at once when told to, and connects anew only then', async () => {
  const clock = new ManualClock();
  const file = join(directory, 'ca.crt');
  writeFileSync(file, 'first');
  const kubeconfig = write({ 'certificate-authority': file }, { token: 'secret' });
  const credentials = KubernetesCredentials.load({ kubeconfig }, clock);
  const first = (await credentials.access()).connectionKey;
  assert.equal((await credentials.access()).connectionKey, first);
  writeFileSync(file, 'second');
  assert.equal((await credentials.access()).connectionKey, first);
  await clock.advance(30_000);
  const second = (await credentials.access()).connectionKey;
  assert.notEqual(second, first);
  writeFileSync(file, 'third');
  credentials.forget();
  assert.notEqual((await credentials.access()).connectionKey, second);
});

it('refuses a context that leads nowhere', () => {
  const kubeconfig = write({}, {});
  assert.throws(
    () => KubernetesCredentials.load({ kubeconfig, context: 'lost' }, new ManualClock()),
    /current context "lost" names no cluster/,
  );
});
