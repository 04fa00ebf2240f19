// A Dockerfile's stages run without a builder: roots of stages, contexts, commands, layers; and what can't be run so.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { parseDockerfile } from '../../image/dockerfile.ts';
import { contextPaths, runStages } from '../../image/stages.ts';

const DOCKERFILE = `
FROM some/image:1 AS one
WORKDIR /build/app
COPY package.json ./
RUN cat package.json > ../seen
FROM one AS two
COPY . .
RUN mkdir -p ../out/etc && cat ../seen source/a > ../out/etc/both
FROM scratch AS image
COPY --from=two /build/out/ /
USER 7:7
FROM some/image:1 AS heavy
COPY --from=two /build/out/ /
`;

describe('stages without a builder', { skip: process.platform === 'win32' ? 'they need sh' : false }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'ppo-stages-test-'));
  const repository = join(directory, 'repository');
  mkdirSync(join(repository, 'source'), { recursive: true });
  writeFileSync(join(repository, '.dockerignore'), '# Few.\n*\n!package.json\n!source\n');
  writeFileSync(join(repository, 'package.json'), 'package ');
  writeFileSync(join(repository, 'source', 'a'), 'a');
  writeFileSync(join(repository, 'secret'), 'secret');
  after(() => rmSync(directory, { recursive: true, force: true }));
  let runs = 0;
  const run = (text: string, target = 'image') => {
    const work = join(directory, `work-${runs++}`);
    mkdirSync(work);
    return runStages(parseDockerfile(text), { repository, target, args: {}, work });
  };

  it('give the layers and the configuration of the last one', async () => {
    const { layers, config } = await run(DOCKERFILE);
    assert.equal(layers.length, 1);
    assert.equal(readFileSync(join(`${layers[0]}`, 'etc', 'both'), 'utf8'), 'package a');
    assert.deepEqual(config, { User: '7:7' });
  });

  it('see nothing that .dockerignore leaves out', async () => {
    await assert.rejects(
      run(DOCKERFILE.replace('COPY package.json', 'COPY secret')),
      /\.dockerignore leaves out secret/,
    );
    await assert.rejects(run(DOCKERFILE.replace('source/a', 'secret')), /^Error: RUN mkdir .* ended with 1$/);
    assert.throws(() => contextPaths('node_modules\n'), /must be \* and then paths/);
    assert.throws(() => contextPaths('*\n!a*\n'), /must be \* and then paths/);
  });

  it('cannot stand in for the image below the last one', async () => {
    await assert.rejects(run(DOCKERFILE, 'heavy'), /stage heavy stands on an image: it needs a builder/);
    await assert.rejects(
      run(DOCKERFILE.replace('USER 7:7', 'RUN true')),
      /has commands of its own: it needs a builder/,
    );
    await assert.rejects(
      run(DOCKERFILE.replace('/build/out/ /', '/build/out/ /x')),
      /must be a folder of a stage to \//,
    );
  });
});
