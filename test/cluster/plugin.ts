// `kubectl ppo` as a user calls it: the real kubectl finds the plugin's programs on the PATH, in a folder like the one that
// npm puts them into. It knows no command of the plugin.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { ControlPlaneBinaries } from './control-plane.ts';
import { type CommandResult, runCommand } from './run-command.ts';

const LAUNCHER = join(import.meta.dirname, '..', '..', 'operator', 'kubectl', 'kubectl-ppo.js');
const TIMEOUT_MS = 120_000;

export class KubectlWithPlugin {
  readonly #kubectl: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ppo-kubectl-'));
  readonly #env: NodeJS.ProcessEnv;

  constructor({ kubectl }: Pick<ControlPlaneBinaries, 'kubectl'>, kubeconfig: string) {
    this.#kubectl = kubectl;
    for (const name of ['kubectl-ppo', 'kubectl_complete-ppo']) symlinkSync(LAUNCHER, join(this.#folder, name));
    const PATH = [this.#folder, dirname(process.execPath), process.env.PATH].join(delimiter);
    this.#env = { ...process.env, PATH, KUBECONFIG: kubeconfig };
  }

  /** A failing command is a result, too. */
  call(...args: readonly string[]): Promise<CommandResult> {
    return runCommand(this.#kubectl, args, { timeoutMs: TIMEOUT_MS, env: this.#env });
  }

  /** Goes on until it is told to stop. */
  spawn(...args: readonly string[]): ChildProcess & { readonly stdout: NodeJS.ReadableStream } {
    return spawn(this.#kubectl, args, { env: this.#env, stdio: ['ignore', 'pipe', 'inherit'] });
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
