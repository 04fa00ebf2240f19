// A pod's files come last, as for kubectl, and are used without what reads kubeconfigs.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ppo-credentials-'));
  for (const [name, text] of Object.entries({ token: 'abc\n', 'ca.crt': 'CA', namespace: 'ns' })) {
    writeFileSync(join(directory, name), text);
  }
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const POD = { host: '10.0.0.1', port: '443' };
const KUBECONFIG = {
  'current-context': 'x',
  clusters: [{ name: 'c', cluster: { server: 'https://from-kubeconfig' } }],
  users: [{ name: 'u', user: {} }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
};

/** In a process of its own: what it finds, and whether it loaded client-node for that. */
function load(options: Record<string, unknown> = {}): [server: string, loads: boolean] {
  const module = join(import.meta.dirname, '..', '..', '..', 'operator', 'cluster', 'credentials.ts');
  const code = `
    import { registerHooks } from 'node:module';
    let loads = false;
    registerHooks({ load: (url, context, next) => { loads ||= url.includes('client-node'); return next(url, context); } });
    const { loadCredentials } = await import(${JSON.stringify(module)});
    const clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} };
    const options = ${JSON.stringify({ pod: { ...POD, directory }, ...options })};
    const { server } = await (await loadCredentials(options, clock)).access();
    process.stdout.write(JSON.stringify([server, loads]));`;
  const env = { PATH: process.env.PATH, HOME: directory };
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code], { env, encoding: 'utf8' }));
}

it('takes the service account in a pod, and loads nothing for kubeconfigs', () => {
  assert.deepEqual(load(), ['https://10.0.0.1:443', false]);
});

it('takes a kubeconfig first: of the options, of the home folder', () => {
  const file = join(directory, 'kubeconfig');
  writeFileSync(file, JSON.stringify(KUBECONFIG));
  assert.deepEqual(load({ kubeconfig: file }), ['https://from-kubeconfig', true]);
  mkdirSync(join(directory, '.kube'));
  writeFileSync(join(directory, '.kube', 'config'), JSON.stringify(KUBECONFIG));
  assert.deepEqual(load(), ['https://from-kubeconfig', true]);
  assert.deepEqual(load({ context: 'x' }), ['https://from-kubeconfig', true]);
});
