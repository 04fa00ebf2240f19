// Writes image archives as `docker save` does, which `ctr images import` and `kind load image-archive` read: layers of files,
// no registry, no builder. It knows no image's contents.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { ImageConfig } from './dockerfile.ts';
import { type Layer, writeTree } from './tree.ts';

export interface BuiltImage {
  /** With its tag, and in full: docker.io/library/name:tag. */
  readonly name: string;
  /** A string is a folder that holds the layer's files. */
  readonly layers: readonly (Layer | string)[];
  readonly config: ImageConfig;
}

const TAR_TIMEOUT_MS = 300_000;
/** Equal contents make equal layers, whoever built them and when. */
const REPRODUCIBLE = [
  ...['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--hard-dereference'],
  ...['--format=posix', '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime'],
];

/** As OCI names processors. */
export function architectureOf(arch: string): string {
  return arch === 'x64' ? 'amd64' : arch;
}

/** Writes the archive to `path`. */
export async function writeImageArchive(image: BuiltImage, path: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'ppo-image-'));
  try {
    const archive = join(work, 'archive');
    mkdirSync(archive);
    const digests: string[] = [];
    for (const layer of image.layers) digests.push(await writeLayer(layer, work, archive));
    const config = JSON.stringify({
      ...{ architecture: architectureOf(process.arch), os: 'linux', config: image.config },
      rootfs: { type: 'layers', diff_ids: digests.map((digest) => `sha256:${digest}`) },
    });
    const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
    const layers = digests.map((digest) => `${digest}.tar`);
    writeFileSync(join(archive, configName), config);
    writeFileSync(
      join(archive, 'manifest.json'),
      JSON.stringify([{ Config: configName, RepoTags: [image.name], Layers: layers }]),
    );
    await tar(archive, path);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Returns the layer's SHA-256, which is its name in the archive too. */
async function writeLayer(layer: Layer | string, work: string, archive: string): Promise<string> {
  const root = typeof layer === 'string' ? layer : mkdtempSync(join(work, 'layer-'));
  if (typeof layer !== 'string') writeTree(layer, root);
  const path = join(work, 'layer.tar');
  await tar(root, path);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const digest = hash.digest('hex');
  renameSync(path, join(archive, `${digest}.tar`));
  return digest;
}

/** Names without a leading "./", as readers of archives look for them. */
async function tar(directory: string, path: string): Promise<void> {
  const names = readdirSync(directory).sort();
  await promisify(execFile)('tar', [...REPRODUCIBLE, '-C', directory, '-cf', path, '--', ...names], {
    timeout: TAR_TIMEOUT_MS,
  });
}
