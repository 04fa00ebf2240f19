// A layer of an image, and its writing as a folder: equal layers become equal folders, whatever the modes and times of the
// files that they are made of. It knows no image's contents.

import { chmodSync, constants, copyFileSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Path in the image -> file of this machine. */
export type ImageFiles = ReadonlyMap<string, string>;

export interface Layer {
  readonly files: ImageFiles;
  /** Small files of its own, by path. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Empty folders, by path: their modes. */
  readonly folders?: Readonly<Record<string, number>>;
}

const FOLDER_MODE = 0o755;
const PROGRAM_MODE = 0o755;
const FILE_MODE = 0o644;
const ANY_EXECUTE = 0o111;
const EPOCH = new Date(0);

/** Everybody may read what it writes below `root`, which needn't be there. */
export function writeTree({ files, texts = {}, folders = {} }: Layer, root: string): void {
  const made = new Set<string>();
  const makeFolder = (path: string): void => {
    if (made.has(path)) return;
    if (path !== root) makeFolder(dirname(path));
    mkdirSync(path, { recursive: true });
    chmodSync(path, FOLDER_MODE); // whatever the umask
    made.add(path);
  };
  const finish = (path: string, mode: number): void => {
    chmodSync(path, mode);
    utimesSync(path, EPOCH, EPOCH);
  };
  makeFolder(root);
  for (const [to, from] of files) {
    const path = join(root, to);
    makeFolder(dirname(path));
    copyFileSync(from, path, constants.COPYFILE_FICLONE);
    finish(path, (statSync(from).mode & ANY_EXECUTE) === 0 ? FILE_MODE : PROGRAM_MODE);
  }
  for (const [to, text] of Object.entries(texts)) {
    const path = join(root, to);
    makeFolder(dirname(path));
    writeFileSync(path, text);
    finish(path, FILE_MODE);
  }
  for (const [to, mode] of Object.entries(folders)) {
    makeFolder(join(root, to));
    chmodSync(join(root, to), mode);
  }
}
