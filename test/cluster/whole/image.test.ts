// What the image holds, and that equal files make equal archives.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { writeImageArchive } from './archive.ts';
import { APP, dependencyFiles, sourceFiles } from './image-files.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');

describe('the image', { skip: process.platform === 'linux' ? false : 'it is of Linux' }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'ppo-image-test-'));
  after(() => rmSync(directory, { recursive: true, force: true }));

  it("holds the production install and this platform's native libraries alone", async () => {
    const paths = [...(await dependencyFiles(REPOSITORY)).keys()];
    const modules = `${APP}/node_modules`;
    const has = (prefix: string): boolean => paths.some((path) => path.startsWith(prefix));
    for (const name of ['@grpc/grpc-js', 'koffi', 'onnxruntime-node', 'zod'])
      assert.ok(has(`${modules}/${name}/`), name);
    for (const name of ['typescript', '@biomejs', 'node-linux-']) assert.ok(!has(`${modules}/${name}`), name);
    assert.ok(paths.includes('/usr/local/bin/node'));
    const native = paths.filter((path) => path.endsWith('.node') || path.includes('libonnxruntime'));
    assert.ok(native.length >= 2);
    const others = process.arch === 'x64' ? /arm64|darwin|win32|musl/ : /x64|darwin|win32|musl/;
    assert.deepEqual(
      native.filter((path) => others.test(path)),
      [],
    );
    assert.ok(paths.some((path) => /\/libstdc\+\+\.so/.test(path)));
  });

  it('holds the programs, and the example where its manifest looks for it', () => {
    const files = sourceFiles(REPOSITORY, '/workspace');
    for (const path of ['/app/operator/main.ts', '/app/worker/main.ts', '/workspace/data/train.jsonl']) {
      assert.ok(files.has(path), path);
    }
    assert.ok(files.has('/workspace/models/actor/model.safetensors'));
  });

  it('is the same archive again, with everything readable for everybody', async () => {
    const file = join(directory, 'secretive');
    writeFileSync(file, 'text', { mode: 0o600 });
    const layers = [{ files: new Map([['/a/b', file]]), texts: { '/c': 'text' } }];
    const paths = [join(directory, 'one.tar'), join(directory, 'two.tar')];
    for (const path of paths) await writeImageArchive({ name: 'localhost/test:1', layers, config: {} }, path);
    const [one, two] = paths.map((path) => readFileSync(path));
    assert.ok(one!.equals(two!));
    execFileSync('tar', ['-xf', paths[0]!, '-C', directory]);
    const [manifest] = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8'));
    assert.deepEqual(manifest.RepoTags, ['localhost/test:1']);
    const listing = execFileSync('tar', ['-tvf', join(directory, manifest.Layers[0])]).toString();
    assert.match(listing, /-rw-r--r-- 0\/0 +4 .* \.\/a\/b\n/);
    assert.match(listing, / \.\/c\n/);
    const config = JSON.parse(readFileSync(join(directory, manifest.Config), 'utf8'));
    assert.deepEqual(config.rootfs.diff_ids, [`sha256:${manifest.Layers[0].replace('.tar', '')}`]);
  });
});
