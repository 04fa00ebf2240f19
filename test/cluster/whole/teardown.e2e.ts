// A cluster is taken down without a trace, also when `up` was killed on its way, and when all of its programs died at once.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureBinaries } from '../binaries.ts';
import { kubectlFor, succeed } from '../kubectl.ts';
import { WholeCluster } from './cluster.ts';
import { type Daemon, Daemons } from './daemons.ts';
import { hostState } from './host-state.ts';
import { layoutOf, NODE_NAME, PAUSE_IMAGE } from './layout.ts';

const MAIN = join(import.meta.dirname, '..', 'main.ts');
const DEADLINE_MS = 240_000;
const POLL_MS = 20;

const cluster = new WholeCluster((line) => console.error(line));
const layout = layoutOf(cluster.directory);
const daemons = new Daemons(layout.state, layout.logs);
const isForeign = ![undefined, '', cluster.kubeconfig].includes(process.env.KUBECONFIG);
const skip = isForeign ? 'the cluster is not ours' : cluster.isUp ? 'somebody uses the cluster' : false;

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = Date.now() + DEADLINE_MS;
  while (!(await isSo())) {
    assert.ok(Date.now() < endMs, `${what}: not within ${DEADLINE_MS / 1000} s`);
    await delay(POLL_MS);
  }
}

/** Starts `npm run cluster -- up`, and kills it once `isSo`. */
async function killUp(isSo: () => boolean): Promise<void> {
  const child = spawn(process.execPath, [MAIN, 'up'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await until('the moment to kill it', () => isSo() || child.exitCode !== null);
  assert.equal(child.exitCode, null, 'it was killed before it ended');
  child.kill('SIGKILL');
  await ended;
}

async function startPod(): Promise<void> {
  const { kubectl: path } = await ensureBinaries(['kubectl'], {});
  const kubectl = kubectlFor({ kubectl: path }, cluster.kubeconfig, 'default');
  const settings = { spec: { nodeName: NODE_NAME, automountServiceAccountToken: false } };
  const options = ['--image-pull-policy=Never', `--image=${PAUSE_IMAGE}`, `--overrides=${JSON.stringify(settings)}`];
  await until('a service account', async () => (await kubectl('get', 'serviceaccount', 'default')).code === 0);
  await succeed(kubectl, 'run', 'pause', '--restart=Never', ...options);
  await succeed(kubectl, 'wait', '--for=condition=Ready', 'pod/pause', '--timeout=120s');
}

it('leaves nothing behind, however it came to its end', { skip }, async () => {
  await cluster.down();
  const before = hostState(cluster.directory);
  try {
    await killUp(() => existsSync(layout.state) && /"kubelet"/.test(readFileSync(layout.state, 'utf8')));
    assert.equal(cluster.isUp, false, 'half of a cluster is none');
    await cluster.down();
    assert.deepEqual(hostState(cluster.directory), before, 'after `up` was killed');

    await cluster.up();
    await startPod();
    assert.ok(cluster.isUp);
    const dying: readonly Daemon[] = daemons.running();
    for (const { pid } of dying) process.kill(pid, 'SIGKILL');
    await until('all of them dead', () => daemons.running().length === 0);
    await cluster.down();
    assert.deepEqual(hostState(cluster.directory), before, 'after all programs were killed, with a container running');
  } finally {
    await cluster.down();
  }
});
