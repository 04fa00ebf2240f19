// kubectl as a user calls it, against a test cluster. It knows no answers.

import { execFile } from 'node:child_process';
import type { ControlPlaneBinaries } from './control-plane.ts';

/** Longer than a test lets `kubectl wait` wait. */
const TIMEOUT_MS = 200_000;

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Kubectl = (...args: readonly string[]) => Promise<KubectlResult>;

/** Runs kubectl with this kubeconfig in a namespace; a failing command is a result, too. */
export function kubectlFor(
  binaries: Pick<ControlPlaneBinaries, 'kubectl'>,
  kubeconfig: string,
  namespace: string,
  timeoutMs = TIMEOUT_MS,
): Kubectl {
  return (...args) =>
    new Promise((resolve) => {
      const full = [`--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`, ...args];
      execFile(binaries.kubectl, full, { timeout: timeoutMs }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      });
    });
}

/** What a command says that must not fail. */
export async function succeed(kubectl: Kubectl, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await kubectl(...args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr || stdout}`);
  return stdout;
}
