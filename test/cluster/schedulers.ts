// Schedulers of other projects beside a test's control plane, where somebody has built them: their CRDs, what they are
// configured with, their programs. Knows no jobs.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesTransport } from '../../operator/cluster/kubernetes-transport.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { makeOwnEnvironment, type OwnEnvironment } from './environment.ts';
import { sourceDirectory } from './go-build.ts';
import { installCrds, installCrdsOf } from './manifests.ts';
import { RunningProgram } from './processes.ts';
import type { SchedulerName } from './versions.ts';

export interface FoundSchedulers<N extends SchedulerName> {
  readonly programs: Binaries<N>;
  /** Why tests that need them are left out; false where they aren't. */
  readonly skip: string | false;
}

/** They take long to build, so a test run makes none. */
export async function findSchedulers<N extends SchedulerName>(names: readonly N[]): Promise<FoundSchedulers<N>> {
  const { paths, missing } = await findBinaries(names);
  const skip = missing.length > 0 && `no ${missing.join(', ')}; "npm run cluster -- binaries --schedulers" builds them`;
  if (skip !== false) console.error(`LEFT OUT: ${skip}`);
  return { programs: paths as Binaries<N>, skip };
}

export interface SchedulerSetup<N extends SchedulerName> {
  readonly programs: Binaries<N>;
  /** Folder of the CRDs in the project's source. */
  readonly crds: string;
  /** Runs before the controllers start. */
  readonly prepare?: (transport: KubernetesTransport) => Promise<void>;
  /** Arguments of each program, in the order of their start. */
  readonly args: (environment: OwnEnvironment) => Readonly<Record<N, readonly string[]>>;
}

/** A control plane with a project's CRDs and programs. Whoever asks closes it. */
export async function startWithSchedulers<N extends SchedulerName>(setup: SchedulerSetup<N>): Promise<OwnEnvironment> {
  const names = Object.keys(setup.programs) as N[];
  const source = await sourceDirectory(names[0]!);
  const environment = await makeOwnEnvironment({
    prepare: async ({ transport }) => {
      await installCrds(transport);
      await installCrdsOf(transport, join(source, setup.crds));
      await setup.prepare?.(transport);
    },
  });
  for (const [name, args] of Object.entries(setup.args(environment)) as [N, readonly string[]][]) {
    run(environment, { name, path: setup.programs[name], args });
  }
  return environment;
}

function run(environment: OwnEnvironment, program: { name: string; path: string; args: readonly string[] }): void {
  const running = new RunningProgram(program, environment.plane.directory);
  const kill = (): void => running.kill();
  process.once('exit', kill);
  environment.beforeClose(async () => {
    const wasRunning = running.isRunning;
    await running.end();
    process.off('exit', kill);
    if (!wasRunning) throw new Error(`ended by itself: ${running.lastWords}`);
  });
}

/** Path of a configuration file, written as JSON, which all of these programs read. Some watch the folder that it is in. */
export function writeConfiguration({ plane }: OwnEnvironment, name: string, content: unknown): string {
  const directory = join(plane.directory, 'configuration');
  mkdirSync(directory, { recursive: true });
  const path = join(directory, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}
