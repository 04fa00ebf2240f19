/**
 * Where Prometheus finds the metrics of this run's processes: a file for its file_sd_configs in the output folder, with
 * the labels that a PodMonitor gives the same pods in a cluster (docs/metrics.md). Gone with the run. A file that can't be
 * written is no reason to end a job. Knows nothing of what is measured.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { COLOCATED, LABELS } from '../api/names.ts';
import type { Container, Pod } from '../cluster/objects.ts';

/** One entry of the file. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

const OVER = ['Succeeded', 'Failed'];
const SIDECAR_SUFFIX = /-communicator$/;

/** Every process that serves metrics, in the order of the pods. */
export function findTargets(pods: readonly Pod[]): TargetGroup[] {
  return pods.flatMap((pod) => {
    const { podIP, phase = 'Pending' } = pod.status ?? {};
    if (podIP === undefined || OVER.includes(phase)) return [];
    const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
    return containers.flatMap((container) => {
      const port = container.env?.find(({ name }) => name === 'PPO_METRICS_PORT')?.value;
      return port === undefined ? [] : [{ targets: [`${podIP}:${port}`], labels: labelsOf(pod, container) }];
    });
  });
}

function labelsOf({ metadata }: Pod, container: Container): Record<string, string> {
  const { [LABELS.job]: job = '', [LABELS.role]: carrier = '', [LABELS.index]: index = '' } = metadata.labels ?? {};
  return {
    namespace: metadata.namespace ?? 'default',
    pod: metadata.name,
    container: container.name,
    ppo_job: job,
    // Roles that share a pod have a container each, which is named after them.
    ppo_role: carrier === COLOCATED ? container.name.replace(SIDECAR_SUFFIX, '') : carrier,
    ppo_index: index,
  };
}

export class TargetsFile {
  readonly #path: string;
  #text = '';
  #isOver = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Written when something has changed, all at once: Prometheus looks at any time. */
  update(pods: readonly Pod[]): void {
    const text = `${JSON.stringify(findTargets(pods), null, 2)}\n`;
    if (this.#isOver || text === this.#text) return;
    this.#text = text;
    try {
      writeFileSync(`${this.#path}.writing`, text);
      renameSync(`${this.#path}.writing`, this.#path);
    } catch {
      // A full disk takes no results either, and that is told at the end.
    }
  }

  /** For good. */
  remove(): void {
    this.#isOver = true;
    rmSync(this.#path, { force: true });
  }
}
