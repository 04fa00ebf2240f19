// Which builder builds: tried in order, with what each refuses for; played by scripts in a folder of their own.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { BUILDER_NAMES, buildWith, findBuilder } from '../../image/builders.ts';

const ORDER = { name: 'ppo:1', target: 'cpu', args: { VERSION: '2' }, platform: null, npmrc: null };

describe('builders', { skip: process.platform === 'win32' ? 'they are played by sh' : false }, () => {
  const path = process.env.PATH;
  const root = mkdtempSync(join(tmpdir(), 'ppo-builders-test-'));
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(root, 'bin-'));
    process.env.PATH = [folder, '/usr/bin', '/bin'].join(delimiter);
  });
  afterEach(() => {
    process.env.PATH = path;
  });
  after(() => rmSync(root, { recursive: true, force: true }));
  const play = (name: string, script: string): void =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const calls = (): string => (existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8') : '');

  it('are passed over when they answer nothing useful, with their own words', async () => {
    play('docker', 'echo "Server:" >&2; echo "Cannot connect to the Docker daemon" >&2; exit 1');
    play('podman', 'test "$1" = info || { echo "no route to registry" >&2; exit 125; }');
    play('buildah', 'test "$1" != pull');
    const { builder, refusals } = await findBuilder(BUILDER_NAMES, ['base:1'], null);
    assert.equal(builder, 'buildah');
    assert.deepEqual(refusals, [
      { builder: 'docker', reason: 'Server: Cannot connect to the Docker daemon' },
      { builder: 'podman', reason: 'no route to registry' },
    ]);
  });

  it('may all be missing', async () => {
    process.env.PATH = folder;
    const { builder, refusals } = await findBuilder(['podman'], ['base:1'], null);
    assert.equal(builder, null);
    assert.deepEqual(refusals, [{ builder: 'podman', reason: 'is not on this machine' }]);
    assert.deepEqual(await findBuilder([], ['base:1'], null), { builder: null, refusals: [] });
  });

  it('build the stage that is wanted with its arguments, then save', async () => {
    play('podman', `pwd >> ${folder}/calls; echo "$@" >> ${folder}/calls`);
    await buildWith('podman', { ...ORDER, repository: folder, platform: 'linux/arm64', npmrc: '/n' }, '/out.tar');
    assert.equal(
      calls(),
      [
        folder,
        'build --tag ppo:1 --target cpu --format docker --build-arg VERSION=2 --platform linux/arm64 --secret id=npmrc,src=/n .',
        folder,
        'save --format docker-archive --output /out.tar ppo:1',
        '',
      ].join('\n'),
    );
  });

  it('that fail at building say how', async () => {
    play('docker', 'exit 3');
    await assert.rejects(
      buildWith('docker', { ...ORDER, repository: folder }, '/out.tar'),
      /docker build .* ended with 3/,
    );
  });
});
