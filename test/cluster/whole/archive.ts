// Writes image archives as `docker save` does, which `ctr images import` and `kind load image-archive` read: layers of files,
// no registry, no builder. It knows no image's contents.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  createReadStream,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { ImageFiles } from './image-files.ts';

export interface Image {
  /** With its tag, and in full: docker.io/library/name:tag. */
  readonly name: string;
  readonly layers: readonly Layer[];
  /** "config" of an OCI image. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface Layer {
  readonly files: ImageFiles;
  /** Small files of its own, by path. */
  readonly texts?: Readonly<Record<string, string>>;
}

const TAR_TIMEOUT_MS = 300_000;
/** Equal contents make equal layers, whoever built them and when; everybody may read them. */
const REPRODUCIBLE = [
  ...['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=u+rwX,go+rX,go-w'],
  ...['--hard-dereference', '--format=posix', '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime'],
];

/** Writes the archive to `path`. */
export async function writeImageArchive(image: Image, path: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'ppo-image-'));
  try {
    const archive = join(work, 'archive');
    mkdirSync(archive);
    const digests: string[] = [];
    for (const layer of image.layers) digests.push(await writeLayer(layer, work, archive));
    const config = JSON.stringify({
      ...{ architecture: process.arch === 'x64' ? 'amd64' : process.arch, os: 'linux', config: image.config },
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
async function writeLayer({ files, texts = {} }: Layer, work: string, archive: string): Promise<string> {
  const root = mkdtempSync(join(work, 'layer-'));
  for (const [to, from] of files) {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    link(from, join(root, to));
  }
  for (const [to, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    writeFileSync(join(root, to), text);
  }
  const path = join(work, 'layer.tar');
  await tar(root, path);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const digest = hash.digest('hex');
  renameSync(path, join(archive, `${digest}.tar`));
  return digest;
}

function link(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to); // on another file system
  }
}

async function tar(directory: string, path: string): Promise<void> {
  await promisify(execFile)('tar', [...REPRODUCIBLE, '-C', directory, '-cf', path, '.'], { timeout: TAR_TIMEOUT_MS });
}
