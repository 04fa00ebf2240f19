/**
 * Checkpoints as folders: written under a temporary name, complete only once COMPLETE exists, renamed last, the oldest
 * removed. Knows nothing of what trainers write into them.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from './durable-file.ts';

const TEMPORARY_PREFIX = '.writing-';
const COMPLETE = 'COMPLETE';
const STATE_FILE = 'coordinator.json';
const FOLDER = /^iteration-(\d{6,})$/;

export interface CheckpointFolder {
  readonly iteration: number;
  readonly path: string;
}

function folderName(iteration: number): string {
  return `iteration-${String(iteration).padStart(6, '0')}`;
}

/** Makes renames and new names within a folder durable. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

export class CheckpointFolders {
  readonly directory: string;
  readonly #keep: number;

  constructor(directory: string, keep: number) {
    this.directory = directory;
    this.#keep = keep;
  }

  /** Complete checkpoints, newest first. */
  list(): CheckpointFolder[] {
    if (!existsSync(this.directory)) return [];
    const folders: CheckpointFolder[] = [];
    for (const name of readdirSync(this.directory)) {
      const digits = FOLDER.exec(name)?.[1];
      const path = join(this.directory, name);
      if (digits !== undefined && existsSync(join(path, COMPLETE))) folders.push({ iteration: Number(digits), path });
    }
    return folders.sort((a, b) => b.iteration - a.iteration);
  }

  readState(folder: CheckpointFolder): string {
    return readFileSync(join(folder.path, STATE_FILE), 'utf8');
  }

  /** An empty folder for the trainers to write into, on the checkpoints' own file system. */
  begin(iteration: number): string {
    const path = join(this.directory, TEMPORARY_PREFIX + folderName(iteration));
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Completes what `begin` began, then removes what is too old and what was never completed. */
  commit(iteration: number, state: string): CheckpointFolder {
    const temporary = join(this.directory, TEMPORARY_PREFIX + folderName(iteration));
    const path = join(this.directory, folderName(iteration));
    writeDurably(join(temporary, STATE_FILE), state);
    writeDurably(join(temporary, COMPLETE), '');
    syncFolder(temporary);
    rmSync(path, { recursive: true, force: true });
    renameSync(temporary, path);
    syncFolder(this.directory);
    this.#prune();
    return { iteration, path };
  }

  #prune(): void {
    for (const folder of this.list().slice(this.#keep)) rmSync(folder.path, { recursive: true, force: true });
    for (const name of readdirSync(this.directory)) {
      if (name.startsWith(TEMPORARY_PREFIX)) rmSync(join(this.directory, name), { recursive: true, force: true });
    }
  }
}
