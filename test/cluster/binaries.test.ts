// Where binaries are looked for, in which order, and that what is pinned is pinned everywhere.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { cachePath, ensureBinaries, findBinaries } from './binaries.ts';
import { CONTROL_PLANE, HELM, KUBERNETES_VERSION, NODE, SCHEDULERS, sourceOf } from './versions.ts';

let directory: string;
let environment: NodeJS.ProcessEnv;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ppo-binaries-'));
  const cache = join(directory, 'cache');
  environment = { PATH: join(directory, 'bin'), XDG_CACHE_HOME: cache, PPO_CLUSTER_DOWNLOAD: '0' };
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A program that says its version. */
function install(path: string, version: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "Kubernetes v${version}"\n`);
  chmodSync(path, 0o755);
  return path;
}

it('takes KUBEBUILDER_ASSETS before PATH, and PATH before the cache', async () => {
  const find = async (): Promise<string | undefined> => {
    const { paths } = await findBinaries(['kube-scheduler'], { environment });
    return paths['kube-scheduler'];
  };
  assert.equal(await find(), undefined);
  const cached = install(cachePath('kube-scheduler', environment), KUBERNETES_VERSION);
  assert.equal(await find(), cached);
  const onPath = install(join(directory, 'bin', 'kube-scheduler'), KUBERNETES_VERSION);
  assert.equal(await find(), onPath);
  const asset = install(join(directory, 'assets', 'kube-scheduler'), '1.2.3');
  environment.KUBEBUILDER_ASSETS = join(directory, 'assets');
  assert.equal(await find(), asset);
});

it('leaves another version on PATH alone: a mixed control plane would prove nothing', async () => {
  install(join(directory, 'bin', 'kubectl'), '1.20.0');
  assert.deepEqual((await findBinaries(['kubectl'], { environment })).missing, ['kubectl']);
});

it('says what it tried when nothing can be had', async () => {
  await assert.rejects(ensureBinaries(['etcd'], { environment }), (error: Error) => {
    assert.match(error.message, /^no etcd: looked in KUBEBUILDER_ASSETS; PATH; .*cache\/ppo-operator/);
    return true;
  });
});

it('pins the same versions in the Go modules, with checksums', () => {
  for (const name of [...CONTROL_PLANE, ...NODE, ...HELM, ...SCHEDULERS]) {
    const { module, version, goPackage } = sourceOf(name);
    const folder = join(import.meta.dirname, 'go', module);
    assert.match(readFileSync(join(folder, 'go.mod'), 'utf8'), new RegExp(`v${version.replaceAll('.', '\\.')}$`, 'm'));
    assert.ok(readFileSync(join(folder, 'go.sum'), 'utf8').length > 0);
    assert.ok(
      readFileSync(join(folder, 'tools.go'), 'utf8').includes(`"${goPackage}"`),
      `${name} in ${module}/tools.go`,
    );
  }
});
