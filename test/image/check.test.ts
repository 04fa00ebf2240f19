// Images that may not be given away, each for one reason.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { problemsOf } from '../../image/check.ts';
import { SBOM_PATH } from '../../image/contents.ts';
import type { ImageConfig } from '../../image/dockerfile.ts';

const ORT = '/app/node_modules/onnxruntime-node/bin/napi-v6';
const PATHS = [
  ...['/usr/local/bin/node', '/app/operator/main.ts', '/app/worker/main.ts', '/app/LICENSE', SBOM_PATH],
  ...[ORT, `${ORT}/linux`, `${ORT}/linux/x64`, `${ORT}/linux/x64/libonnxruntime.so.1`],
];
const LABELS = Object.fromEntries(
  ['title', 'description', 'version', 'revision', 'licenses'].map((name) => [`org.opencontainers.image.${name}`, 'x']),
);

function image(o: { config?: ImageConfig; paths?: readonly string[]; sizeBytes?: number } = {}) {
  const entry = { mode: '-rw-r--r--', owner: '0/0', layer: '', member: '' };
  return {
    config: { User: '65532:65532', Labels: LABELS, ...o.config },
    entries: new Map((o.paths ?? PATHS).map((path) => [path, entry])),
    sizeBytes: o.sizeBytes ?? 256e6,
    architecture: 'amd64',
  };
}

it('is well', () => {
  assert.deepEqual(problemsOf(image(), 'cpu'), []);
});

it('is too large, but for CUDA', () => {
  assert.deepEqual(problemsOf(image({ sizeBytes: 401e6 }), 'cpu'), ['it has 401 MB: more than 400']);
  assert.deepEqual(problemsOf(image({ sizeBytes: 4e9 }), 'cuda'), []);
});

it('runs as root, or as somebody whom Kubernetes cannot tell from root', () => {
  for (const User of ['', '0:0', 'node', '65532', '65532:0']) {
    const message = `its user is "${User}": must be a number other than root's, and so the group`;
    assert.deepEqual(problemsOf(image({ config: { User } }), 'cpu'), [message]);
  }
});

it('lacks what it needs, or holds what it does not', () => {
  const without = PATHS.filter((path) => path !== SBOM_PATH);
  assert.deepEqual(problemsOf(image({ paths: without }), 'cpu'), [`it lacks ${SBOM_PATH}`]);
  const npm = '/usr/local/lib/node_modules/npm/package.json';
  assert.deepEqual(problemsOf(image({ paths: [...PATHS, npm] }), 'cpu'), [`it holds a package manager: ${npm}`]);
  const arm = `${ORT}/linux/arm64/libonnxruntime.so.1`;
  assert.deepEqual(problemsOf(image({ paths: [...PATHS, arm] }), 'cpu'), [
    `it holds native libraries of another platform: ${arm}`,
  ]);
});

it('says nothing of itself', () => {
  const [first, ...others] = problemsOf(image({ config: { Labels: {} } }), 'cpu');
  assert.equal(first, 'it has no label org.opencontainers.image.title');
  assert.equal(others.length, 4);
});
