// Reads an image archive back, whoever wrote it: configuration, size, every path, small files. It knows no image's contents.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ImageConfig } from './dockerfile.ts';

export interface InspectedImage {
  readonly tags: readonly string[];
  readonly architecture: string;
  readonly config: ImageConfig;
  /** Of all layers. */
  readonly sizeBytes: number;
  readonly entries: ReadonlyMap<string, InspectedEntry>;
  /** Null where it has no such file. */
  read(path: string): Promise<string | null>;
}

export interface InspectedEntry {
  /** As `ls` writes it: -rwxr-xr-x. */
  readonly mode: string;
  /** uid/gid. */
  readonly owner: string;
  readonly layer: string;
  /** Its name in the layer. */
  readonly member: string;
}

const run = promisify(execFile);
const OPTIONS = { timeout: 120_000, maxBuffer: 256 * 1024 * 1024 };

/** Calls `use` while the archive's layers lie unpacked beside each other in a temporary folder. */
export async function inspectArchive<T>(path: string, use: (image: InspectedImage) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ppo-inspect-'));
  try {
    await run('tar', ['-xf', path, '-C', folder], OPTIONS);
    const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const [manifest] = json('manifest.json') as [{ Config: string; RepoTags: string[]; Layers: string[] }];
    const { architecture, config } = json(manifest.Config) as { architecture: string; config: ImageConfig };
    const layers = manifest.Layers.map((name) => join(folder, name));
    const entries = new Map<string, InspectedEntry>();
    for (const layer of layers) await list(layer, entries);
    const read = async (file: string): Promise<string | null> => {
      const entry = entries.get(file);
      if (entry === undefined) return null;
      return (await run('tar', ['--to-stdout', '-xf', entry.layer, entry.member], OPTIONS)).stdout;
    };
    const sizeBytes = layers.map((layer) => statSync(layer).size).reduce((sum, size) => sum + size, 0);
    return await use({ tags: manifest.RepoTags, architecture, config, sizeBytes, entries, read });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function list(layer: string, entries: Map<string, InspectedEntry>): Promise<void> {
  const { stdout } = await run('tar', ['--numeric-owner', '-tvf', layer], OPTIONS);
  for (const line of stdout.split('\n')) {
    const [, mode, owner, name] = /^(\S{10}) (\S+) +\d+ \S+ \S+ (.*)$/.exec(line) ?? [];
    if (mode === undefined || owner === undefined || name === undefined) continue;
    const path = `/${name.replace(/^\.?\//, '').replace(/\/$/, '')}`;
    entries.set(path, { mode, owner, layer, member: name });
  }
}
