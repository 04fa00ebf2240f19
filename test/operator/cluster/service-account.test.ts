// A pod's files become access to the API server, and are read again when the kubelet has replaced them.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { ServiceAccountCredentials } from '../../../operator/cluster/service-account.ts';
import { ManualClock } from './fixtures.ts';

const home = process.env.HOME;
let directory: string;
let clock: ManualClock;

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
}

beforeEach(() => {
  clock = new ManualClock();
  directory = mkdtempSync(join(tmpdir(), 'ppo-service-account-'));
  write({ token: 'one\n', 'ca.crt': 'CA', namespace: 'team\n' });
  process.env.HOME = directory;
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
  if (home === undefined) delete process.env.HOME;
  else process.env.HOME = home;
});

function find(): ServiceAccountCredentials | null {
  return ServiceAccountCredentials.find({ host: 'fd00::1', port: '6443', directory }, clock);
}

it('knows server, authority, token and namespace', async () => {
  const credentials = find();
  const access = await credentials?.access();
  assert.equal(credentials?.namespace, 'team');
  assert.equal(access?.server, 'https://[fd00::1]:6443');
  assert.deepEqual(access?.headers, { Authorization: 'Bearer one' });
  assert.equal((access?.dispatcher as { connect: { ca: string } } | undefined)?.connect.ca, 'CA');
});

it('reads a replaced token after a while, at once when told to, and connects anew only for another authority', async () => {
  const credentials = find()!;
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

it('is not found outside of pods, nor where a kubeconfig comes first', () => {
  rmSync(join(directory, 'token'));
  assert.equal(find(), null);
  write({ token: 'one' });
  mkdirSync(join(directory, '.kube'));
  writeFileSync(join(directory, '.kube', 'config'), '');
  assert.equal(find(), null);
});
