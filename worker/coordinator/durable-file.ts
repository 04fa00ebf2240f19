/** Text that is whole and on the disk once it is written, or not written with the disk's own words. Knows no format. */
import { closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs';

/** Writes a new file, or, with 'a', behind what is there. */
export function writeDurably(path: string, text: string, flag: 'w' | 'a' = 'w'): void {
  const file = openSync(path, flag);
  try {
    // Not writeSync: of what a full disk takes in part it only gives the count.
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
