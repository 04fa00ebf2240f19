/** Volumes as folders and mount paths rewritten to them. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Volume } from '../../../operator/cluster/objects.ts';
import { type FileSource, PodVolumes, rewritePath } from '../../../operator/local/volumes.ts';
import { buildContainer, buildPod } from './fixtures/node.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ppo-volumes-test-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const readFiles = async ({ kind }: FileSource): Promise<Record<string, Uint8Array>> =>
  kind === 'Secret' ? { key: Uint8Array.of(0, 255) } : { 'a.json': Buffer.from('1'), 'b.json': Buffer.from('2') };

function prepare(volumes: Volume[]): Promise<PodVolumes> {
  const folders = { directory: join(root, 'disk'), memoryDirectory: join(root, 'memory') };
  return PodVolumes.prepare(buildPod('a', { containers: [], volumes }), folders, readFiles);
}

function folderOf(volumes: PodVolumes, name: string, subPath?: string): string {
  const mount = { name, mountPath: '/m', ...(subPath === undefined ? {} : { subPath }) };
  return volumes.mounts(buildContainer('c', {}, { volumeMounts: [mount] }))[0]?.folder ?? '';
}

test('each kind has its folder; removal leaves host paths alone', async () => {
  const volumes = await prepare([
    { name: 'all', configMap: { name: 'x' } },
    { name: 'some', configMap: { name: 'x', items: [{ key: 'b.json', path: 'in/c.json' }] } },
    { name: 'secret', secret: { secretName: 'x', items: [{ key: 'key', path: 'k' }] } },
    { name: 'disk', emptyDir: {} },
    { name: 'memory', emptyDir: { medium: 'Memory' } },
    { name: 'host', hostPath: { path: join(root, 'host'), type: 'DirectoryOrCreate' } },
  ]);
  assert.equal(readFileSync(join(folderOf(volumes, 'all'), 'a.json'), 'utf8'), '1');
  assert.equal(readFileSync(join(folderOf(volumes, 'some'), 'in', 'c.json'), 'utf8'), '2');
  assert.ok(!existsSync(join(folderOf(volumes, 'some'), 'a.json')));
  assert.deepEqual([...readFileSync(join(folderOf(volumes, 'secret'), 'k'))], [0, 255]);
  assert.ok(folderOf(volumes, 'secret').startsWith(join(root, 'memory')));
  assert.ok(folderOf(volumes, 'disk').startsWith(join(root, 'disk')));
  assert.ok(folderOf(volumes, 'memory').startsWith(join(root, 'memory')));
  assert.equal(folderOf(volumes, 'host', 'sub'), join(root, 'host', 'sub'));
  volumes.remove();
  assert.ok(!existsSync(join(root, 'disk')) && !existsSync(join(root, 'memory')));
  assert.ok(existsSync(join(root, 'host')));
});

test('what this machine does not have is refused by name', async () => {
  await assert.rejects(prepare([{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }]), /volume "v" is neither/);
  const missingKey: Volume = { name: 'v', configMap: { name: 'x', items: [{ key: 'z', path: 'z' }] } };
  await assert.rejects(prepare([missingKey]), /ConfigMap x has no key "z"/);
  const volumes = await prepare([]);
  assert.throws(() => folderOf(volumes, 'none'), /container c mounts no volume "none"/);
});

test('the longest mount wins, and a mere prefix is no match', async () => {
  const volumes = await prepare([
    { name: 'a', emptyDir: {} },
    { name: 'b', emptyDir: {} },
  ]);
  const mounts = volumes.mounts(
    buildContainer(
      'c',
      {},
      {
        volumeMounts: [
          { name: 'a', mountPath: '/x' },
          { name: 'b', mountPath: '/x/y' },
        ],
      },
    ),
  );
  assert.equal(rewritePath('/x/y/z', mounts), join(root, 'disk', 'b', 'z'));
  assert.equal(rewritePath('/x/yz', mounts), join(root, 'disk', 'a', 'yz'));
  assert.equal(rewritePath('/x', mounts), join(root, 'disk', 'a'));
  assert.equal(rewritePath('/xy', mounts), '/xy');
});
