// The arithmetic example as a user applies it to a cluster, shortened, and a test's view of it through kubectl. Knows no
// assertions.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import type { PPOJobManifest, PPOJobStatus } from '../../operator/api/ppojob.ts';
import type { Pod } from '../../operator/cluster/objects.ts';
import { type Kubectl, succeed } from './kubectl.ts';

const MANIFEST = join(import.meta.dirname, '..', '..', 'examples', 'arithmetic', 'ppojob.yaml');
const POLL_MS = 500;
const UNTIL_MS = 300_000;
export const NAME = 'arithmetic';

export type Spec = PPOJobManifest['spec'];

/** A cluster as a user of the example meets it. */
export interface ExampleStage {
  /** As the cluster at hand needs it, such as an image that is there. */
  adapt(spec: Spec): Spec;
  newNamespace(): Promise<string>;
  /** kubectl in a namespace. */
  kubectl(namespace: string): Promise<Kubectl>;
}

export function shorten(spec: Spec, numIterations: number): Spec {
  const evaluation = { everyIterations: numIterations };
  return { ...spec, algorithm: { ...spec.algorithm, numIterations }, evaluation };
}

export class ExampleJob {
  readonly namespace: string;
  readonly kubectl: Kubectl;

  private constructor(namespace: string, kubectl: Kubectl) {
    this.namespace = namespace;
    this.kubectl = kubectl;
  }

  /** Applies the example, in a namespace of its own where none is given; `change` may alter its spec. */
  static async apply(stage: ExampleStage, change: (spec: Spec) => Spec, namespace?: string): Promise<ExampleJob> {
    namespace ??= await stage.newNamespace();
    const job = new ExampleJob(namespace, await stage.kubectl(namespace));
    const manifest = parse(readFileSync(MANIFEST, 'utf8')) as PPOJobManifest;
    const spec = stage.adapt(change(manifest.spec));
    const directory = mkdtempSync(join(tmpdir(), 'ppo-example-'));
    try {
      writeFileSync(join(directory, 'ppojob.yaml'), stringify({ ...manifest, spec }));
      await succeed(job.kubectl, 'apply', '-f', join(directory, 'ppojob.yaml'));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
    return job;
  }

  /** As `kubectl wait` does; throws with the job's story when it doesn't come to be. */
  async waitFor(condition: string, withinSeconds = 420): Promise<void> {
    const args = [`--for=condition=${condition}`, `--timeout=${withinSeconds}s`, `ppojob/${NAME}`];
    const { code, stderr } = await this.kubectl('wait', ...args);
    if (code !== 0) throw new Error(`${stderr}\n${await this.story()}`);
  }

  async status(): Promise<PPOJobStatus> {
    const job = JSON.parse(await succeed(this.kubectl, 'get', 'ppojob', NAME, '-o', 'json')) as PPOJobManifest;
    return job.status ?? {};
  }

  async podNames(): Promise<string[]> {
    return (await this.pods()).map(({ metadata }) => metadata.name).sort();
  }

  async pods(): Promise<readonly Pod[]> {
    const list = JSON.parse(await succeed(this.kubectl, 'get', 'pods', '-o', 'json')) as { items: readonly Pod[] };
    return list.items;
  }

  /** Everything that a person would look at first. */
  async story(): Promise<string> {
    const commands = [
      ['get', 'pods', '-o', 'wide'],
      ['describe', 'ppojob', NAME],
      ['get', 'events', '--sort-by=.lastTimestamp'],
      ['logs', '--tail=20', '--prefix', '--selector=rlhf.dev/job', '--container=worker', '--ignore-errors'],
    ];
    const texts: string[] = [];
    for (const args of commands) {
      const { stdout, stderr } = await this.kubectl(...args);
      texts.push(`$ kubectl ${args.join(' ')}\n${stdout}${stderr}`);
    }
    return texts.join('\n');
  }

  /** Waits until `look` finds nothing wrong any more (null); throws with what it found last, and the job's story. */
  async until(what: string, look: () => Promise<unknown>, withinMs = UNTIL_MS): Promise<void> {
    const endMs = Date.now() + withinMs;
    for (;;) {
      const wrong = await look();
      if (wrong === null) return;
      if (Date.now() > endMs) throw new Error(`${what}: ${JSON.stringify(wrong)}\n${await this.story()}`);
      await delay(POLL_MS);
    }
  }
}
