// kubectl as a user calls it, against a test cluster. It knows no answers.

import type { ControlPlaneBinaries } from './control-plane.ts';
import { assertSuccess, type CommandResult, runCommand } from './run-command.ts';

/** Longer than a test lets `kubectl wait` wait. */
const TIMEOUT_MS = 200_000;

export type Kubectl = (...args: readonly string[]) => Promise<CommandResult>;

/** Runs kubectl with this kubeconfig in a namespace; a failing command is a result, too. */
export function kubectlFor(
  binaries: Pick<ControlPlaneBinaries, 'kubectl'>,
  kubeconfig: string,
  namespace: string,
  timeoutMs = TIMEOUT_MS,
): Kubectl {
  const target = [`--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`];
  return (...args) => runCommand(binaries.kubectl, [...target, ...args], { timeoutMs });
}

/** What a command says that must not fail. */
export function succeed(kubectl: Kubectl, ...args: readonly string[]): Promise<string> {
  return assertSuccess(`kubectl ${args.join(' ')}`, kubectl(...args));
}
