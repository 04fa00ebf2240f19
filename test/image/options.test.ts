// What `npm run image` may be told.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseImageOptions } from '../../image/options.ts';
import { DEFAULT_IMAGE } from '../../operator/api/names.ts';

it('builds for this machine by whichever builder can, unless told otherwise', () => {
  assert.deepEqual(parseImageOptions([]), {
    kind: 'build',
    request: {
      name: DEFAULT_IMAGE,
      variant: 'cpu',
      builders: ['docker', 'podman', 'buildah'],
      isForced: false,
      platform: null,
      npmrc: null,
      output: 'output/image.tar',
    },
    sbom: 'output/image.cdx.json',
  });
});

it('is told a builder, a variant, a name', () => {
  const options = parseImageOptions(['--builder=podman', '--variant=cuda', '--output=/a.tar']);
  assert.ok(options.kind === 'build');
  const { builders, isForced, name, variant, output } = options.request;
  assert.deepEqual(
    { builders, isForced, name },
    { builders: ['podman'], isForced: true, name: `${DEFAULT_IMAGE}-cuda` },
  );
  assert.deepEqual({ variant, output }, { variant: 'cuda', output: '/a.tar' });
  const none = parseImageOptions(['--builder=none', '--tag=a/b:1']);
  assert.ok(none.kind === 'build');
  assert.deepEqual([none.request.builders, none.request.isForced, none.request.name], [[], false, 'a/b:1']);
});

it('says everything that is wrong', () => {
  assert.deepEqual(parseImageOptions(['--builder=kaniko', '--variant=rocm', '--platform=linux/arm']), {
    kind: 'wrong',
    problems: [
      '--variant rocm: must be one of cpu, cuda',
      '--builder kaniko: must be one of docker, podman, buildah, none, auto',
      '--platform linux/arm: must be one of linux/amd64, linux/arm64',
    ],
  });
  const arm = parseImageOptions(['--variant=cuda', '--platform=linux/arm64']);
  assert.match(arm.kind === 'wrong' ? arm.problems.join() : '', /CUDA for linux\/amd64 alone/);
  assert.equal(parseImageOptions(['--wat']).kind, 'wrong');
  assert.equal(parseImageOptions(['--help']).kind, 'help');
});
