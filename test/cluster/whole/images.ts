// The images of a whole cluster: the pause container's, and that of operator and workers from this working tree. It
// refuses to know how a cluster gets them.

import { realpathSync } from 'node:fs';
import { writeImageArchive } from '../../../image/archive.ts';
import { workingTreeImage } from '../../../image/build.ts';
import { systemLibraries } from '../../../image/system.ts';
import { DEFAULT_IMAGE } from '../../../operator/api/names.ts';
import { findProgram } from './host.ts';
import { PAUSE_IMAGE } from './layout.ts';

/** Holds a pod's network namespace and does nothing: sleeps. */
export async function writePauseArchive(path: string): Promise<void> {
  const sleep = findProgram('sleep');
  if (sleep === null) throw new Error('this machine has no program `sleep`');
  const files = new Map([['/bin/sleep', realpathSync(sleep)], ...(await systemLibraries([sleep]))]);
  const config = { Entrypoint: ['/bin/sleep', 'infinity'] };
  await writeImageArchive({ name: PAUSE_IMAGE, layers: [{ files }], config }, path);
}

/** Operator and workers: one image, with the layers and the configuration of the Dockerfile's. */
export async function writeOperatorArchive(path: string, name: string = DEFAULT_IMAGE): Promise<void> {
  await writeImageArchive(await workingTreeImage(name), path);
}
