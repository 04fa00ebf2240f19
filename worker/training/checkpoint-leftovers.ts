/**
 * What a rank wrote for checkpoints that never became whole. Where ranks share a file system, the coordinator removes it
 * with the whole folder; where each has a disk of its own, nobody else can. Knows names of files and nothing of what is in
 * them.
 */
import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Folders that are being written have such names; the number is the iteration's. */
const TEMPORARY = /^(\..*?)\d+$/;

/** Removes the files called `name` from temporary folders beside `directory`, and the folders that are empty then. */
export function removeLeftovers({ directory, name }: { readonly directory: string; readonly name: string }): void {
  const own = basename(directory);
  const stem = TEMPORARY.exec(own)?.[1];
  if (stem === undefined) return;
  for (const entry of readdirSync(dirname(directory))) {
    if (entry === own || TEMPORARY.exec(entry)?.[1] !== stem) continue;
    removeFrom(join(dirname(directory), entry), name);
  }
}

function removeFrom(folder: string, name: string): void {
  try {
    for (const file of readdirSync(folder))
      if (file.startsWith(`${name}.`)) rmSync(join(folder, file), { force: true });
    rmdirSync(folder);
  } catch {
    // Somebody else's files are in it, or somebody else was faster.
  }
}
