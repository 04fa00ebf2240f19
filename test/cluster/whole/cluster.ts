// A whole real cluster on this machine, up and down: control plane, kubelet, containerd, services, DNS. Both may be called
// at any time and end in the same state. It refuses to know what runs in the cluster.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Binaries, ensureBinaries, findBinaries } from '../binaries.ts';
import { kubeconfigPath, writeControlPlaneFiles } from '../control-plane-files.ts';
import { kubectlFor } from '../kubectl.ts';
import type { CommandResult } from '../run-command.ts';
import { type ClusterBinaryName, CONTROL_PLANE, NODE } from '../versions.ts';
import { Daemons } from './daemons.ts';
import { checkHost, cleanHost, findProgram, prepareHost } from './host.ts';
import { writeOperatorArchive, writePauseArchive } from './images.ts';
import {
  CONTAINERD_NAMESPACE,
  DEFAULT_DIRECTORY,
  DIRECTORY_VARIABLE,
  type Layout,
  layoutOf,
  NODE_ADDRESS,
} from './layout.ts';
import { writeNodeFiles } from './node-files.ts';
import { clientPrograms, containerdProgram, serverPrograms } from './programs.ts';

export type Say = (line: string) => void;

const START_DEADLINE_MS = 180_000;
const STOP_GRACE_MS = 10_000;
const CONTAINERS_GONE_MS = 20_000;
const POLL_MS = 250;
const LOG_TAIL_CHARACTERS = 2000;
const IMPORT_TIMEOUT_MS = 300_000;
const ALL_BINARIES = [...CONTROL_PLANE, ...NODE];
/** Those that would put pods in the place of deleted ones. */
const WRITERS = ['kube-controller-manager', 'kube-scheduler'];

export class WholeCluster {
  readonly #layout: Layout;
  readonly #daemons: Daemons;
  readonly #say: Say;

  constructor(say: Say = () => {}, directory: string = process.env[DIRECTORY_VARIABLE] ?? DEFAULT_DIRECTORY) {
    this.#layout = layoutOf(directory);
    this.#daemons = new Daemons(this.#layout.state, this.#layout.logs);
    this.#say = say;
  }

  /** Of an administrator. */
  get kubeconfig(): string {
    return kubeconfigPath(this.#layout.directory);
  }

  get directory(): string {
    return this.#layout.directory;
  }

  get containerdSocket(): string {
    return this.#layout.containerdSocket;
  }

  /** Whether it came to be ready, and every one of its programs still runs. */
  get isUp(): boolean {
    return existsSync(this.#layout.ready) && this.#daemons.recorded().length === this.#daemons.running().length;
  }

  /** Ready when its node is, with the images of this working tree. Throws with the last words of what ended. */
  async up(): Promise<void> {
    checkHost();
    if (this.isUp) this.#say(`it is up already: KUBECONFIG=${this.kubeconfig}`);
    else await this.#start();
    await this.importImages();
  }

  /** Leaves no process, mount, address or file; where there is no cluster, does nothing. */
  async down(): Promise<void> {
    if (!existsSync(this.#layout.directory)) return;
    await this.#daemons.stop(STOP_GRACE_MS, (name) => WRITERS.includes(name));
    await this.#deletePods();
    await this.#daemons.stop(STOP_GRACE_MS);
    const { paths } = await findBinaries(['kube-proxy']);
    if (paths['kube-proxy'] !== undefined)
      await promisify(execFile)(paths['kube-proxy'], ['--cleanup']).catch(() => {});
    await cleanHost(this.#layout);
    rmSync(this.#layout.directory, { recursive: true, force: true });
  }

  /** Builds the image of operator and workers from this working tree and gives it to the node. */
  async importImages(): Promise<void> {
    const startMs = Date.now();
    for (const [name, write] of [
      ['pause', writePauseArchive],
      ['operator', writeOperatorArchive],
    ] as const) {
      const path = join(this.#layout.directory, `${name}.tar`);
      await write(path);
      await this.#ctr('images', 'import', path);
      rmSync(path);
    }
    this.#say(`images of this working tree: imported in ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
  }

  async #start(): Promise<void> {
    await this.down();
    const startMs = Date.now();
    const binaries = await ensureBinaries(ALL_BINARIES, { say: this.#say });
    const { directory, logs, files } = this.#layout;
    for (const folder of [directory, logs, files]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      await prepareHost(this.#layout);
      await this.#startPrograms(binaries);
      writeFileSync(this.#layout.ready, '');
    } catch (error) {
      await this.down();
      throw error;
    }
    this.#say(`ready in ${((Date.now() - startMs) / 1000).toFixed(1)} s: KUBECONFIG=${this.kubeconfig}`);
  }

  async #startPrograms(binaries: Binaries<ClusterBinaryName>): Promise<void> {
    const { directory } = this.#layout;
    const place = { directory, host: NODE_ADDRESS, token: randomBytes(16).toString('hex') };
    writeControlPlaneFiles(place);
    writeNodeFiles(this.#layout);
    const containerd = containerdProgram(findProgram('containerd') ?? 'containerd', this.#layout);
    for (const program of serverPrograms(binaries, place, containerd)) this.#daemons.start(program);
    await this.#until('the API server', async () => (await this.#kubectl(binaries, 'get', '--raw=/readyz')).code === 0);
    for (const program of clientPrograms(binaries, this.#layout)) this.#daemons.start(program);
    await this.#until('the node', async () => {
      const nodes = await this.#kubectl(binaries, 'get', 'nodes', '--no-headers');
      return / Ready /.test(nodes.stdout);
    });
  }

  async #deletePods(): Promise<void> {
    const { paths } = await findBinaries(['kubectl']);
    if (paths.kubectl === undefined || this.#daemons.running().length === 0) return;
    const options = ['--all', '--all-namespaces', '--grace-period=1', '--timeout=30s'];
    await this.#kubectl({ kubectl: paths.kubectl }, 'delete', 'pods', ...options);
    const endMs = Date.now() + CONTAINERS_GONE_MS;
    while (Date.now() < endMs && (await this.#ctr('tasks', 'list', '--quiet').catch(() => '')) !== '') {
      await delay(POLL_MS);
    }
  }

  #kubectl(binaries: Pick<Binaries, 'kubectl'>, ...args: readonly string[]): Promise<CommandResult> {
    return kubectlFor(binaries, this.kubeconfig, 'default')(...args);
  }

  async #ctr(...args: readonly string[]): Promise<string> {
    const where = ['--address', this.#layout.containerdSocket, '--namespace', CONTAINERD_NAMESPACE];
    const { stdout } = await promisify(execFile)('ctr', [...where, ...args], { timeout: IMPORT_TIMEOUT_MS });
    return stdout;
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const endMs = Date.now() + START_DEADLINE_MS;
    while (!(await isSo())) {
      const running = new Set(this.#daemons.running().map(({ name }) => name));
      const dead = this.#daemons.recorded().find(({ name }) => !running.has(name));
      if (dead !== undefined) throw new Error(`ended at start: ${this.#lastWords(dead.name)}`);
      if (Date.now() > endMs) throw new Error(`${what} wasn't there after ${START_DEADLINE_MS / 1000} s`);
      await delay(POLL_MS);
    }
  }

  #lastWords(name: string): string {
    return `${name}: ${readFileSync(this.#daemons.logOf(name), 'utf8').slice(-LOG_TAIL_CHARACTERS)}`;
  }
}
