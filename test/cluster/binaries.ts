// Where a cluster's binaries come from: KUBEBUILDER_ASSETS, PATH, this user's cache, a download of the published ones, a
// build from Go modules; the first that has one. It knows neither what the binaries do nor how they are started.

import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { isExecutable } from '../programs.ts';
import { withBuildLock } from './build-lock.ts';
import { downloadBinaries } from './download.ts';
import { buildWithGo, hasGo } from './go-build.ts';
import { type BinaryName, sourceOf } from './versions.ts';

export type Binaries<N extends BinaryName = BinaryName> = { readonly [name in N]: string };

export interface FindOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly say?: (line: string) => void;
}

export interface Found {
  readonly paths: Readonly<Partial<Record<BinaryName, string>>>;
  readonly missing: readonly BinaryName[];
}

export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ppo-operator');
}

/** Where `name` lies once it has been downloaded or built. */
export function cachePath(name: BinaryName, environment: NodeJS.ProcessEnv = process.env): string {
  const platform = `${process.platform}-${process.arch}`;
  return join(cacheDirectory(environment), sourceOf(name).release, platform, name);
}

/** What is there already; starts nothing longer than `--version`. */
export async function findBinaries(names: readonly BinaryName[], options: FindOptions = {}): Promise<Found> {
  const found = await Promise.all(names.map(async (name) => [name, await findBinary(name, options)] as const));
  const paths = Object.fromEntries(found.filter(([, path]) => path !== null));
  return { paths, missing: names.filter((name) => paths[name] === undefined) };
}

/** All of `names`, downloaded or built where they aren't there. Throws with what was tried when one can't be had. */
export async function ensureBinaries<N extends BinaryName>(
  names: readonly N[],
  options: FindOptions = {},
): Promise<Binaries<N>> {
  const { environment = process.env, say = () => {} } = options;
  let { missing } = await findBinaries(names, options);
  if (missing.length > 0) {
    await withBuildLock(cacheDirectory(environment), say, async () => {
      // Somebody else may have made them meanwhile.
      ({ missing } = await findBinaries(names, options));
      await makeBinaries(missing, environment, say);
    });
  }
  const { paths } = await findBinaries(names, options);
  return paths as Binaries<N>;
}

async function makeBinaries(
  names: readonly BinaryName[],
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<void> {
  const pathOf = (name: BinaryName): string => cachePath(name, environment);
  const tried = ['KUBEBUILDER_ASSETS', 'PATH', cacheDirectory(environment)];
  if (environment.PPO_CLUSTER_DOWNLOAD !== '0') tried.push(await downloadBinaries(names, pathOf, say));
  const missing = names.filter((name) => !isExecutable(pathOf(name)));
  if (missing.length > 0 && !(await hasGo(environment))) {
    throw new Error(`no ${missing.join(', ')}: looked in ${tried.join('; ')}; and there is no Go to build with`);
  }
  for (const name of missing) await buildWithGo(name, pathOf(name), say);
}

async function findBinary(name: BinaryName, { environment = process.env }: FindOptions): Promise<string | null> {
  const assets = environment.KUBEBUILDER_ASSETS;
  if (assets !== undefined && isExecutable(join(assets, name))) return join(assets, name);
  for (const directory of (environment.PATH ?? '').split(delimiter)) {
    const path = join(directory, name);
    if (directory === '' || !isExecutable(path)) continue;
    if (await isPinnedVersion(name, path)) return path;
  }
  const cached = cachePath(name, environment);
  return isExecutable(cached) ? cached : null;
}

/** A control plane of mixed versions would test nothing that anybody runs. */
async function isPinnedVersion(name: BinaryName, path: string): Promise<boolean> {
  const { version, versionArgs } = sourceOf(name);
  try {
    const { stdout } = await promisify(execFile)(path, versionArgs, { timeout: 10_000 });
    return stdout.includes(version);
  } catch {
    return false; // can't even say its version
  }
}
