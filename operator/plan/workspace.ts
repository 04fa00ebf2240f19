/**
 * Where a job's relative paths lie in its pods: below one folder, which the image or a volume fills. Folders that workers
 * write to are empty ones of the pod's own there, unless a volume of the pod covers them. Touches no files.
 */
import { posix } from 'node:path';
import { MOUNTS } from '../api/names.ts';
import { inputPaths, resolvePaths } from '../api/paths.ts';
import type { PPOJob } from '../api/ppojob.ts';
import { describeValue, type Problem } from '../api/problems.ts';
import type { Container, Pod } from '../cluster/objects.ts';

/** A folder that goes when its pod goes. */
interface Scratch {
  readonly name: string;
  readonly mountPath: string;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** The job as its pods see it: every path absolute. */
export function resolveInWorkspace(job: PPOJob): PPOJob {
  return resolvePaths(job, MOUNTS.workspace);
}

interface WrittenFolder {
  /** Of the volume that may stand there. */
  readonly name: string;
  readonly field: string;
  readonly path: string;
}

function writtenFolders({ spec: { checkpoint, output, tracking } }: PPOJob): WrittenFolder[] {
  const { tensorboard, wandb } = tracking;
  return [
    { name: 'ppo-output', field: 'spec.output.path', path: output.path },
    { name: 'ppo-checkpoints', field: 'spec.checkpoint.path', path: checkpoint.path },
    ...(tensorboard === undefined
      ? []
      : [{ name: 'ppo-tensorboard', field: 'spec.tracking.tensorboard.path', path: tensorboard.path }]),
    ...(wandb === undefined ? [] : [{ name: 'ppo-wandb', field: 'spec.tracking.wandb.path', path: wandb.path }]),
  ];
}

/** Folders that `job`, as it stands in the cluster, leaves to the operator: an absolute path is the user's own volume. */
function planScratch(job: PPOJob): Scratch[] {
  const relative = writtenFolders(job).filter(({ path }) => !posix.isAbsolute(path));
  const scratch = relative.map(({ name, path }) => ({ name, mountPath: posix.resolve(MOUNTS.workspace, path) }));
  return scratch.filter(({ mountPath }, index) => {
    return !scratch.some((other, at) => at < index && isWithin(mountPath, other.mountPath));
  });
}

/** `pod` with the folders that `job` writes to mounted into its workers. */
export function addScratch(pod: Pod, job: PPOJob): Pod {
  const used = new Set<string>();
  const containers = pod.spec.containers.map((container) => {
    const scratch = planScratch(job).filter(({ mountPath }) => !isCovered(container, mountPath));
    for (const { name } of scratch) used.add(name);
    return { ...container, volumeMounts: [...(container.volumeMounts ?? []), ...scratch] };
  });
  const volumes = [...(pod.spec.volumes ?? []), ...[...used].map((name) => ({ name, emptyDir: {} }))];
  return { ...pod, spec: { ...pod.spec, containers, volumes } };
}

function isCovered({ volumeMounts = [] }: Container, path: string): boolean {
  return volumeMounts.some(({ mountPath }) => isWithin(path, mountPath));
}

/** A problem for each folder of the operator's that would hide what the job reads. */
export function checkWorkspace(job: PPOJob): Problem[] {
  const inputs = inputPaths(resolveInWorkspace(job));
  const hiding = planScratch(job).filter(({ mountPath }) => inputs.some((path) => isWithin(path, mountPath)));
  const byName = new Map(writtenFolders(job).map((folder) => [folder.name, folder]));
  return hiding.map(({ name, mountPath }) => ({
    path: byName.get(name)!.field,
    found: describeValue(byName.get(name)!.path),
    rule: `must not hold models or data: in a pod it is ${mountPath}, an empty folder at first`,
    remedy: 'name a folder beside them, or an absolute path at which a volume is mounted',
  }));
}
