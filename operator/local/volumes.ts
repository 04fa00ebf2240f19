/**
 * A pod's volumes as local folders, and its mount paths rewritten to them: a process has no mount namespace of its own, so
 * every path in its environment and arguments that lies under a mount becomes the folder behind it. Knows no containers'
 * meaning, only names and paths.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Container, Pod, Volume } from '../cluster/objects.ts';
import { PodStartError } from './pod-start-error.ts';

export interface VolumeFolders {
  /** A folder of this pod's on disk. */
  readonly directory: string;
  /** A folder of this pod's in memory. */
  readonly memoryDirectory: string;
}

export interface Mount {
  readonly mountPath: string;
  readonly folder: string;
}

/** An object whose keys become files. */
export interface FileSource {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
}

/** Looks an object of the pod's namespace up: its values by key. */
export type ReadFiles = (source: FileSource, signal: AbortSignal) => Promise<Readonly<Record<string, Uint8Array>>>;

type Items = readonly { readonly key: string; readonly path: string }[];

export class PodVolumes {
  readonly #folders: VolumeFolders;
  readonly #folderByVolume = new Map<string, string>();

  private constructor(folders: VolumeFolders) {
    this.#folders = folders;
  }

  /** Makes a folder for every volume. Throws PodStartError for a kind of volume that this machine can't give. */
  static async prepare(
    pod: Pod,
    folders: VolumeFolders,
    readFiles: (source: FileSource) => ReturnType<ReadFiles>,
  ): Promise<PodVolumes> {
    const volumes = new PodVolumes(folders);
    mkdirSync(folders.directory, { recursive: true, mode: 0o700 });
    mkdirSync(folders.memoryDirectory, { recursive: true, mode: 0o700 });
    for (const volume of pod.spec.volumes ?? []) {
      volumes.#folderByVolume.set(volume.name, await volumes.#prepareVolume(volume, readFiles));
    }
    return volumes;
  }

  /** Where the container sees which folder, longest paths first. */
  mounts(container: Container): Mount[] {
    const mounts = (container.volumeMounts ?? []).map((mount) => {
      const folder = this.#folderByVolume.get(mount.name);
      if (folder === undefined) throw new PodStartError(`container ${container.name} mounts no volume "${mount.name}"`);
      return { mountPath: mount.mountPath, folder: mount.subPath ? join(folder, mount.subPath) : folder };
    });
    return mounts.sort((a, b) => b.mountPath.length - a.mountPath.length);
  }

  /** Removes what was made for this pod; never a host path. */
  remove(): void {
    rmSync(this.#folders.directory, { recursive: true, force: true });
    rmSync(this.#folders.memoryDirectory, { recursive: true, force: true });
  }

  async #prepareVolume(volume: Volume, readFiles: (source: FileSource) => ReturnType<ReadFiles>): Promise<string> {
    if (volume.hostPath) {
      if (volume.hostPath.type === 'DirectoryOrCreate') mkdirSync(volume.hostPath.path, { recursive: true });
      return volume.hostPath.path;
    }
    if (volume.emptyDir) {
      const isMemory = volume.emptyDir.medium === 'Memory';
      const folder = join(isMemory ? this.#folders.memoryDirectory : this.#folders.directory, volume.name);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return folder;
    }
    const source = fileSourceOf(volume);
    if (source !== null) {
      // Keys never reach a disk.
      const root = source.kind === 'Secret' ? this.#folders.memoryDirectory : this.#folders.directory;
      const folder = join(root, volume.name);
      writeFiles(folder, { ...source, files: await readFiles(source) });
      return folder;
    }
    throw new PodStartError(
      `volume "${volume.name}" is neither configMap, secret, emptyDir nor hostPath, the kinds that the local mode has`,
    );
  }
}

/** `value` with the mount path that it is or lies under replaced by the folder behind it. */
export function rewritePath(value: string, mounts: readonly Mount[]): string {
  const mount = mounts.find(({ mountPath }) => value === mountPath || value.startsWith(`${mountPath}/`));
  return mount ? mount.folder + value.slice(mount.mountPath.length) : value;
}

function fileSourceOf({ configMap, secret }: Volume): (FileSource & { readonly items: Items | undefined }) | null {
  if (configMap) return { kind: 'ConfigMap', name: configMap.name, items: configMap.items };
  if (secret) return { kind: 'Secret', name: secret.secretName, items: secret.items };
  return null;
}

interface FilesToWrite extends FileSource {
  readonly items: Items | undefined;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

function writeFiles(folder: string, { kind, name, items, files }: FilesToWrite): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { key, path } of items ?? Object.keys(files).map((key) => ({ key, path: key }))) {
    const content = files[key];
    if (content === undefined) throw new PodStartError(`${kind} ${name} has no key "${key}"`);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content, { mode: 0o600 });
  }
}
