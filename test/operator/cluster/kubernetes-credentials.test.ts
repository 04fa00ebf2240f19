// Where the server is and who we are, from kubeconfigs and a pod's files, and what happens when they are replaced.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import type { KubeconfigOverrides } from '../../../operator/cluster/kubeconfig-overrides.ts';
import { KubernetesCredentials } from '../../../operator/cluster/kubernetes-credentials.ts';
import { ManualClock } from './fixtures.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ppo-credentials-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(cluster: Record<string, unknown>, user: Record<string, unknown>, more = {}): string {
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
    ...more,
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

it('takes another cluster, user or server in place of those of the context, and keeps its namespace', async () => {
  const clusters = ['c', 'd'].map((name) => ({
    name,
    cluster: { server: `https://${name}`, 'tls-server-name': name },
  }));
  const users = ['u', 'v'].map((name) => ({ name, user: { token: name } }));
  const kubeconfig = write({}, {}, { clusters, users });
  const ask = async (overrides: KubeconfigOverrides) => {
    const credentials = KubernetesCredentials.load({ kubeconfig, ...overrides }, new ManualClock());
    const { server, headers, dispatcher } = await credentials.access();
    assert.equal(credentials.namespace, 'ns');
    const { servername } = (dispatcher as { connect: { servername?: string } }).connect;
    return [server, servername, headers.Authorization];
  };
  assert.deepEqual(await ask({}), ['https://c', 'c', 'Bearer u']);
  assert.deepEqual(await ask({ cluster: 'd' }), ['https://d', 'd', 'Bearer u']);
  assert.deepEqual(await ask({ user: 'v' }), ['https://c', 'c', 'Bearer v']);
  assert.deepEqual(await ask({ cluster: 'd', user: 'v', server: 'https://e/' }), ['https://e', 'd', 'Bearer v']);
  assert.deepEqual(await ask({ server: 'http://127.0.0.1:8001' }), ['http://127.0.0.1:8001', 'c', 'Bearer u']);
  const refused = (overrides: KubeconfigOverrides, pattern: RegExp) =>
    assert.throws(() => KubernetesCredentials.load({ kubeconfig, ...overrides }, new ManualClock()), pattern);
  refused({ cluster: 'x' }, /the kubeconfig has no cluster "x"; it has: c, d/);
  refused({ user: 'x' }, /the kubeconfig has no user "x"; it has: u, v/);
});

it('names an unknown context also where parts of it are replaced', () => {
  const kubeconfig = write({}, {});
  const load = () => KubernetesCredentials.load({ kubeconfig, context: 'x', cluster: 'c' }, new ManualClock());
  assert.throws(load, /the kubeconfig has no context "x"/);
});

it('acts on behalf of another user, each group in a header of its own', async () => {
  const kubeconfig = write({ 'insecure-skip-tls-verify': true }, { token: 'secret', as: 'of-the-file' });
  const impersonation = { user: 'jane', groups: ['a,b', 'c'] };
  const { headers } = await KubernetesCredentials.load({ kubeconfig, impersonation }, new ManualClock()).access();
  assert.deepEqual(headers, {
    ...{ Authorization: 'Bearer secret', 'Impersonate-User': 'jane', 'Impersonate-Group': ['a,b', 'c'] },
  });
});

it('reads several files as kubectl does: the first that says something counts, and none need be there', async () => {
  const file = (name: string, context: string | null, token: string): string => {
    const path = join(directory, name);
    const config = {
      ...(context !== null && { 'current-context': context }),
      clusters: [{ name: `of-${name}`, cluster: { server: `https://${name}` } }],
      users: [{ name: 'admin', user: { token } }],
      contexts: [{ name, context: { cluster: `of-${name}`, user: 'admin' } }],
    };
    writeFileSync(path, JSON.stringify(config));
    return path;
  };
  const ask = async (kubeconfigs: string[], context?: string) => {
    const options = { kubeconfigs, ...(context !== undefined && { context }) };
    const { server, headers } = await KubernetesCredentials.load(options, new ManualClock()).access();
    return [server, headers.Authorization];
  };
  const [a, b, silent] = [file('a', 'a', 'of a'), file('b', 'b', 'of b'), file('silent', null, 'of silent')];
  assert.deepEqual(await ask([a, b]), ['https://a', 'Bearer of a']);
  assert.deepEqual(await ask([a, b], 'b'), ['https://b', 'Bearer of a']);
  assert.deepEqual(await ask([join(directory, 'none'), silent, b]), ['https://b', 'Bearer of silent']);
  await assert.rejects(ask([join(directory, 'none')]), /there is none, neither in KUBECONFIG nor/);
  writeFileSync(a, '');
  await assert.rejects(ask([a]), new RegExp(`${a}: `));
});
