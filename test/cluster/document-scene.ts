// What the commands of one document meet: a namespace of a real control plane as the kubeconfig's current one, an operator,
// and pods that say what the next command needs. Runs commands as a shell does. It knows no documents.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LABELS } from '../../operator/api/names.ts';
import type { Pod, PodStatus, Stored } from '../../operator/cluster/objects.ts';
import { PPO_JOBS } from '../../operator/reconcile/ppojob-kind.ts';
import type { TestEnvironment } from './environment.ts';
import { JobWorld } from './job-world.ts';
import { installCrds } from './manifests.ts';
import { OperatorProcess } from './operator-process.ts';
import { ended, PlayedKubelet, RUNNING } from './played-kubelet.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const PLUGIN = join(REPOSITORY, 'operator', 'kubectl', 'kubectl-ppo.js');
/** More than the longest `--timeout` in the documents that is really waited for. */
const COMMAND_MS = 300_000;
/** The job that the documents speak of. */
export const JOB = 'arithmetic';

export interface CommandResult {
  /** The signal's name where one ended it. */
  readonly code: number | string;
  readonly output: string;
}

/** Programs by the names under which a shell finds them. */
export type Programs = Readonly<Record<'kubectl' | 'helm', string | null>>;

/** What the pods of jobs do. */
export type Play = 'Running' | 'Ending' | 'Failing';

export class DocumentScene {
  readonly world: JobWorld;
  readonly #environment: TestEnvironment;
  readonly #directory = mkdtempSync(join(tmpdir(), 'ppo-document-'));
  readonly #kubelet: PlayedKubelet;
  #operator: OperatorProcess | null = null;
  #hasCrd = false;
  #play: Play = 'Running';

  private constructor(environment: TestEnvironment, namespace: string, programs: Programs) {
    this.#environment = environment;
    this.world = new JobWorld(environment.cluster, namespace);
    const script = (pod: Stored<Pod>): PodStatus => this.#say(pod);
    this.#kubelet = new PlayedKubelet({ cluster: environment.cluster, namespace, script });
    mkdirSync(join(this.#directory, 'bin'));
    for (const [name, path] of Object.entries({ ...programs, 'kubectl-ppo': PLUGIN })) {
      if (path !== null) symlinkSync(path, join(this.#directory, 'bin', name));
    }
    writeFileSync(this.#kubeconfig, this.#kubeconfigText(), { mode: 0o600 });
  }

  static async begin(environment: TestEnvironment, programs: Programs): Promise<DocumentScene> {
    return new DocumentScene(environment, await environment.newNamespace(), programs);
  }

  get #kubeconfig(): string {
    return join(this.#directory, 'kubeconfig');
  }

  /** The administrator's, with our namespace as the current one. */
  #kubeconfigText(): string {
    const { plane } = this.#environment;
    const config = JSON.parse(readFileSync(plane?.kubeconfig ?? '', 'utf8')) as {
      readonly contexts: { context: { namespace?: string } }[];
    };
    for (const { context } of config.contexts) context.namespace = this.world.namespace;
    return JSON.stringify(config);
  }

  #say(pod: Stored<Pod>): PodStatus {
    const role = pod.metadata.labels?.[LABELS.role];
    if (this.#play === 'Ending' && role === 'coordinator') return ended(0);
    if (this.#play === 'Failing' && role === 'reward') return ended(78, 'the reward model has no head');
    return RUNNING;
  }

  /** The CRD as `kubectl apply -f crds/` makes it, unless Helm has brought it. */
  async installCrd(): Promise<void> {
    if (this.#hasCrd) return;
    await installCrds(this.#environment.cluster.transport);
    this.#hasCrd = true;
  }

  /** As before the first command, without what a command or we have installed. */
  async clear(): Promise<void> {
    await this.#operator?.stop();
    this.#operator = null;
    const { output: found } = await this.run('helm list --all-namespaces --output json');
    for (const { name, namespace } of JSON.parse(found) as readonly { name: string; namespace: string }[]) {
      await this.#shell(`helm uninstall ${name} --namespace ${namespace}`);
    }
    // It has taken more than a minute for a CRD that was seconds old.
    await this.#shell('kubectl delete crd ppojobs.rlhf.dev --ignore-not-found --timeout=180s');
    this.#hasCrd = false;
  }

  /** From now on the CRD is a release's. */
  leaveCrdToHelm(): void {
    this.#hasCrd = true;
  }

  /** The documents' job is there and did what it should: it runs, or it has failed. */
  async untilJob(play: 'Running' | 'Failing'): Promise<void> {
    await this.installCrd();
    this.#operator ??= new OperatorProcess({
      ...{ kubeconfig: this.#kubeconfigText(), namespace: this.world.namespace, leaseNamespace: null },
    });
    const type = play === 'Running' ? 'Running' : 'Failed';
    if (!(await this.#isJob(type))) {
      const isOver = (await this.#isJob('Succeeded')) || (await this.#isJob('Failed'));
      if (isOver) await this.#shell(`kubectl delete ppojob ${JOB} --cascade=foreground --timeout=120s`);
      this.#play = play;
      await this.#shell('kubectl apply -f examples/arithmetic/ppojob.yaml');
    }
    await this.world.untilCondition(JOB, type);
  }

  /** The job that runs comes to its end. */
  letEnd(): void {
    this.#play = 'Ending';
  }

  async #isJob(type: string): Promise<boolean> {
    if (await this.world.isGone(JOB)) return false;
    const { conditions = [] } = await this.world.status(JOB);
    return conditions.some((condition) => condition.type === type && condition.status === 'True');
  }

  async #shell(command: string): Promise<void> {
    const { code, output } = await this.run(command);
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${output}`);
  }

  /** In the repository's folder; one that follows something is interrupted once it has said `until`. */
  run(command: string, until: RegExp | null = null): Promise<CommandResult> {
    const home = { HOME: this.#directory, HELM_CACHE_HOME: this.#directory, HELM_CONFIG_HOME: this.#directory };
    const PATH = [join(this.#directory, 'bin'), dirname(process.execPath), process.env.PATH].join(':');
    const env = { ...home, HELM_DATA_HOME: this.#directory, KUBECONFIG: this.#kubeconfig, PATH };
    // A group of its own, so that what the shell has started ends with it.
    const child = spawn('sh', ['-c', command], {
      cwd: REPOSITORY,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const signal = (name: NodeJS.Signals): void => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(-child.pid, name);
    };
    let output = '';
    let isSeen = false;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => signal('SIGKILL'), COMMAND_MS);
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (data: Buffer) => {
          output += data;
          if (until === null || isSeen || !until.test(output)) return;
          isSeen = true;
          signal('SIGTERM');
        });
      }
      child.once('error', reject);
      child.once('close', (code, name) => {
        clearTimeout(timer);
        resolve({ code: isSeen ? 0 : (code ?? name ?? -1), output });
      });
    });
  }

  async end(): Promise<void> {
    try {
      for (const { metadata } of await this.#jobs()) await this.#environment.cluster.delete(PPO_JOBS, metadata);
      await this.clear();
    } finally {
      await this.#operator?.stop();
      await this.#kubelet.stop();
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }

  async #jobs() {
    const { namespace } = this.world;
    return this.#hasCrd ? (await this.#environment.cluster.list(PPO_JOBS, { namespace })).items : [];
  }
}
