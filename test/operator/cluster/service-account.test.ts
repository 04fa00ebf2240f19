// A pod's files become access to the API server, and are read again when the kubelet has replaced them.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { ServiceAccountCredentials } from '../../../operator/cluster/service-account.ts';
import { ManualClock } from './fixtures.ts';

const VARIABLES = ['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT', 'KUBECONFIG', 'HOME'] as const;
const before = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));
let directory: string;

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ppo-service-account-'));
  write({ token: 'one\n', 'ca.crt': 'CA', namespace: 'team\n' });
  delete process.env.KUBECONFIG;
  Object.assign(process.env, { HOME: directory, KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' });
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
  for (const name of VARIABLES) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

it('knows server, authority, token and namespace', async () => {
  const credentials = ServiceAccountCredentials.find(new ManualClock(), directory);
  const access = await credentials?.access();
  assert.equal(credentials?.namespace, 'team');
  assert.equal(access?.server, 'https://[fd00::1]:6443');
  assert.deepEqual(access?.headers, { Authorization: 'Bearer one' });
  assert.equal((access?.dispatcher as { connect: { ca: string } } | undefined)?.connect.ca, 'CA');
});

it('reads a replaced token after a while, at once when told to, and connects anew only for another authority', async () => {
  const clock = new ManualClock();
  const credentials = ServiceAccountCredentials.find(clock, directory)!;
  const { connectionKey } = await credentials.access();
  write({ token: 'two' });
  assert.equal((await credentials.access()).headers.Authorization, 'Bearer one');
  await clock.advance(30_000);
  const renewed = await credentials.access();
  assert.deepEqual([renewed.headers.Authorization, renewed.connectionKey], ['Bearer two', connectionKey]);
  write({ token: 'three', 'ca.crt': 'other CA' });
  credentials.forget();
  const moved = await credentials.access();
  assert.equal(moved.headers.Authorization, 'Bearer three');
  assert.notEqual(moved.connectionKey, connectionKey);
});

it('is not found outside of pods', () => {
  rmSync(join(directory, 'token'));
  assert.equal(ServiceAccountCredentials.find(new ManualClock(), directory), null);
  write({ token: 'one' });
  delete process.env.KUBERNETES_SERVICE_HOST;
  assert.equal(ServiceAccountCredentials.find(new ManualClock(), directory), null);
});
