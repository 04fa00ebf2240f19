// The images of a whole cluster: the pause container's, and that of operator and workers from this working tree. It
// refuses to know how a cluster gets them.

import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_IMAGE, MOUNTS } from '../../../operator/api/names.ts';
import { type Image, writeImageArchive } from './archive.ts';
import { findProgram } from './host.ts';
import { APP, dependencyFiles, libraryFiles, sourceFiles } from './image-files.ts';
import { PAUSE_IMAGE } from './layout.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..', '..');
const USER_ID = 65_532;

/** The name under which a node looks for a name without a registry. */
function fullName(name: string): string {
  return `docker.io/library/${name}`;
}

/** Holds a pod's network namespace and does nothing: sleeps. */
export async function writePauseArchive(path: string): Promise<void> {
  const sleep = findProgram('sleep');
  if (sleep === null) throw new Error('this machine has no program `sleep`');
  const files = new Map([['/bin/sleep', realpathSync(sleep)], ...(await libraryFiles([sleep]))]);
  const config = { Entrypoint: ['/bin/sleep', 'infinity'] };
  await writeImageArchive({ name: PAUSE_IMAGE, layers: [{ files }], config }, path);
}

/** Operator and workers: one image, as it is in production but for the distribution below it. */
export async function writeOperatorArchive(path: string, name: string = DEFAULT_IMAGE): Promise<void> {
  const image: Image = {
    name: fullName(name),
    layers: [
      {
        files: await dependencyFiles(REPOSITORY),
        texts: {
          '/etc/passwd': `root:x:0:0:root:/:/none\nppo:x:${USER_ID}:${USER_ID}:ppo:${APP}:/none\n`,
          '/etc/group': `root:x:0:\nppo:x:${USER_ID}:\n`,
        },
      },
      { files: sourceFiles(REPOSITORY, MOUNTS.workspace) },
    ],
    config: {
      User: `${USER_ID}:${USER_ID}`,
      WorkingDir: APP,
      Env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'NODE_ENV=production'],
      Entrypoint: ['node'],
      Cmd: ['operator/main.ts'],
    },
  };
  await writeImageArchive(image, path);
}
