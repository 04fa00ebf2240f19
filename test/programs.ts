// Programs of this machine, as a shell finds them. It knows none by name.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Path of the first that is in a folder of `path`; null where none is. */
export function findInPath(names: readonly string[], path: string = process.env.PATH ?? ''): string | null {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable) ?? null;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not to be run
  }
}
