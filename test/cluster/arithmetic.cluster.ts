// The arithmetic example against a real control plane, for people who have only kubectl: the operator as a process of its
// own, and nodes whose pods are the real workers, as processes of this machine.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ProcessFolders } from '../../operator/local/run-folders.ts';
import { ensureBinaries } from './binaries.ts';
import { startOwnEnvironment } from './environment.ts';
import type { ExampleStage, Spec } from './example.ts';
import { trainsFromApplyToWait } from './example-bodies.ts';
import { kubectlFor } from './kubectl.ts';
import { TestNode } from './nodes.ts';
import { OperatorProcess } from './operator-process.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const EXAMPLE = join(REPOSITORY, 'examples', 'arithmetic');
/** As long as `kubectl wait` may take. */
const KUBECTL_TIMEOUT_MS = 450_000;

const environment = await startOwnEnvironment();
const { cluster, plane } = environment;
const directory = mkdtempSync(join(tmpdir(), 'ppo-arithmetic-'));
const output = join(directory, 'output');
const folders = ProcessFolders.create();
const faults: unknown[] = [];
const processes = {
  folders,
  logDirectory: join(directory, 'logs'),
  workingDirectory: REPOSITORY,
  environment: { PATH: process.env.PATH ?? '' },
  onFault: (fault: unknown) => faults.push(fault),
};
const nodes: TestNode[] = [];
for (const name of ['node-a', 'node-b']) {
  nodes.push(await TestNode.start({ cluster, network: plane.network, name, processes }));
}
const kubeconfig = readFileSync(plane.kubeconfig, 'utf8');
const operator = new OperatorProcess({ kubeconfig, leaseNamespace: 'default' });
environment.beforeClose(async () => {
  const end = await operator.stop();
  for (const node of nodes) await node.stop(1000);
  folders.remove();
  rmSync(directory, { recursive: true, force: true });
  assert.deepEqual(faults, []);
  assert.equal(end, 0, operator.output);
});

/** Processes have no workspace of their own: they see this machine's files. */
function withAbsolutePaths({ models, reward, dataset, ...spec }: Spec): Spec {
  const at = <T extends { readonly path: string }>(value: T): T => ({ ...value, path: resolve(EXAMPLE, value.path) });
  return {
    ...spec,
    models: { ...models, actor: at(models.actor), ...(models.critic && { critic: at(models.critic) }) },
    reward: { ...reward, ...(reward.model && { model: at(reward.model) }) },
    dataset: {
      ...dataset,
      train: at(dataset.train),
      ...(dataset.evaluation && { evaluation: at(dataset.evaluation) }),
    },
    output: { path: output },
  };
}

const stage: ExampleStage = {
  adapt: withAbsolutePaths,
  newNamespace: () => environment.newNamespace(),
  kubectl: async (namespace) =>
    kubectlFor(await ensureBinaries(['kubectl']), plane.kubeconfig, namespace, KUBECTL_TIMEOUT_MS),
};

trainsFromApplyToWait(stage, async () => {
  assert.ok(existsSync(join(output, 'actor', 'model.safetensors')), 'the trained model');
  const lines = readFileSync(join(output, 'metrics.jsonl'), 'utf8').trim().split('\n');
  assert.equal(lines.length, 4);
});
