/**
 * A pod's volumes as local folders, and its mount paths rewritten to them: a process has no mount namespace of its own, so
 * every path in its environment and arguments that lies under a mount becomes the folder behind it. Knows no containers'
 * meaning, only names and paths.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ConfigMap, Container, Pod, Volume } from '../cluster/objects.ts';
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

/** Looks a ConfigMap of the pod's namespace up. */
export type ReadConfigMap = (name: string, signal: AbortSignal) => Promise<ConfigMap>;

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
    readConfigMap: (name: string) => Promise<ConfigMap>,
  ): Promise<PodVolumes> {
    const volumes = new PodVolumes(folders);
    mkdirSync(folders.directory, { recursive: true, mode: 0o700 });
    mkdirSync(folders.memoryDirectory, { recursive: true, mode: 0o700 });
    for (const volume of pod.spec.volumes ?? []) {
      volumes.#folderByVolume.set(volume.name, await volumes.#prepareVolume(volume, readConfigMap));
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

  async #prepareVolume(volume: Volume, readConfigMap: (name: string) => Promise<ConfigMap>): Promise<string> {
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
    if (volume.configMap) {
      const folder = join(this.#folders.directory, volume.name);
      writeConfigMap(folder, await readConfigMap(volume.configMap.name), volume.configMap.items);
      return folder;
    }
    throw new PodStartError(
      `volume "${volume.name}" is neither configMap, emptyDir nor hostPath, the kinds that the local mode has`,
    );
  }
}

/** `value` with the mount path that it is or lies under replaced by the folder behind it. */
export function rewritePath(value: string, mounts: readonly Mount[]): string {
  const mount = mounts.find(({ mountPath }) => value === mountPath || value.startsWith(`${mountPath}/`));
  return mount ? mount.folder + value.slice(mount.mountPath.length) : value;
}

function writeConfigMap(
  folder: string,
  configMap: ConfigMap,
  items?: readonly { readonly key: string; readonly path: string }[],
): void {
  const data = configMap.data ?? {};
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { key, path } of items ?? Object.keys(data).map((key) => ({ key, path: key }))) {
    const text = data[key];
    if (text === undefined) throw new PodStartError(`ConfigMap ${configMap.metadata.name} has no key "${key}"`);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
