/**
 * This process's own folders for its pods' volumes, on disk and in memory, named after its process id; and the removal of
 * those that dead processes left (only SIGKILL and power cuts do). Knows nothing of what lies in them.
 */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'ppo-operator-';
/** Holds the process id namespace: ids of another one (a container sharing /dev/shm) say nothing here. */
const OWNER_FILE = '.owner';

export interface RootFolders {
  readonly disk: string;
  readonly memory: string;
}

export const SYSTEM_ROOTS: RootFolders = { disk: tmpdir(), memory: '/dev/shm' };

export class ProcessFolders {
  readonly directory: string;
  readonly memoryDirectory: string;

  private constructor(roots: RootFolders, pid: number) {
    this.directory = join(roots.disk, `${PREFIX}${pid}`);
    this.memoryDirectory = join(roots.memory, `${PREFIX}${pid}`);
  }

  /** Removes stale folders, then makes this process's. */
  static create(roots: RootFolders = SYSTEM_ROOTS, pid: number = process.pid): ProcessFolders {
    for (const root of [roots.disk, roots.memory]) removeStaleFolders(root, pid);
    const folders = new ProcessFolders(roots, pid);
    for (const folder of [folders.directory, folders.memoryDirectory]) {
      makeOwn(folder);
      writeFileSync(join(folder, OWNER_FILE), pidNamespace());
    }
    return folders;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
    rmSync(this.memoryDirectory, { recursive: true, force: true });
  }
}

/** Names of process ids can be guessed, and anybody may write to the roots. */
function makeOwn(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = lstatSync(folder);
  if (!stats.isDirectory() || stats.uid !== process.getuid?.()) {
    throw new Error(`${folder} is there already and not this user's; remove it`);
  }
  chmodSync(folder, 0o700);
}

/** Removes folders of dead processes, and those that an earlier process with this id left. */
function removeStaleFolders(root: string, ownPid: number): void {
  if (!existsSync(root)) return;
  for (const name of readdirSync(root)) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)$`).exec(name)?.[1]);
    if (!Number.isInteger(pid) || !isOurs(join(root, name))) continue;
    if (pid === ownPid || !isAlive(pid)) removeQuietly(join(root, name));
  }
}

function isOurs(folder: string): boolean {
  try {
    return readFileSync(join(folder, OWNER_FILE), 'utf8') === pidNamespace();
  } catch {
    return false; // no owner file, or another user's folder: not ours to judge
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function removeQuietly(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // Another user's: theirs to remove.
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return 'none'; // no /proc
  }
}
