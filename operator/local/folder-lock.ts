/**
 * Folders that one run has for itself: two runs that write to the same one would mix their results. A lock is an abstract
 * socket named after the folder, which the kernel gives up with the process, however it ends. Knows nothing of what lies
 * in the folders.
 */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join, relative } from 'node:path';

/** The folder that another process has, or null and how to give all of them up again. */
export type FolderLocks =
  | { readonly taken: null; readonly release: () => Promise<void> }
  | { readonly taken: string; readonly release: null };

/** Takes all of them or none. The folders need not exist. */
export async function lockFolders(folders: readonly string[]): Promise<FolderLocks> {
  const servers: Server[] = [];
  const release = async (): Promise<void> => {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  };
  for (const folder of new Set(folders.map(canonicalPath))) {
    const server = await listen(lockName(folder));
    if (server === null) {
      await release();
      return { taken: folder, release: null };
    }
    servers.push(server);
  }
  return { taken: null, release };
}

/** Symbolic links resolved as far as the path exists. */
function canonicalPath(path: string): string {
  let existing = path;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  return join(realpathSync(existing), relative(existing, path));
}

function lockName(folder: string): string {
  // A name may have 107 bytes, a path more.
  return `\0ppo-operator-${createHash('sha256').update(folder).digest('hex')}`;
}

/** Null where somebody listens already. */
function listen(path: string): Promise<Server | null> {
  const server = createServer((socket) => socket.destroy()).unref();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(path, () => resolve(server));
  });
}
