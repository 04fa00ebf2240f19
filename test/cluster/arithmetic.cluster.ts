// The arithmetic example against a real control plane, for people who have only kubectl: the operator as a process of its
// own, and nodes whose pods are the real workers, as processes of this machine.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { FiguresView, JobDetail } from '../../operator/page/page-api.ts';
import { ensureBinaries } from './binaries.ts';
import { startOwnEnvironment } from './environment.ts';
import { type ExampleJob, type ExampleStage, NAME, type Spec } from './example.ts';
import { trainsFromApplyToWait } from './example-bodies.ts';
import { kubectlFor } from './kubectl.ts';
import { OperatorProcess } from './operator-process.ts';
import { ProcessNodes } from './process-nodes.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const EXAMPLE = join(REPOSITORY, 'examples', 'arithmetic');
/** As long as `kubectl wait` may take. */
const KUBECTL_TIMEOUT_MS = 450_000;

const environment = await startOwnEnvironment();
const { plane } = environment;
const nodes = await ProcessNodes.start(environment, REPOSITORY);
const output = join(nodes.directory, 'output');
const kubeconfig = readFileSync(plane.kubeconfig, 'utf8');
const options = ['--page-address', '127.0.0.1:0'];
const operators = [0, 1].map(() => new OperatorProcess({ kubeconfig, leaseNamespace: 'default', options }));
environment.beforeClose(async () => {
  const ends = await Promise.all(operators.map((operator) => operator.stop()));
  await nodes.stop();
  assert.deepEqual(ends, [0, 0], operators.map(({ output: log }) => log).join('\n'));
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

trainsFromApplyToWait(stage, async (job) => {
  assert.ok(existsSync(join(output, 'actor', 'model.safetensors')), 'the trained model');
  const lines = readFileSync(join(output, 'metrics.jsonl'), 'utf8').trim().split('\n');
  assert.equal(lines.length, 4);
  await assertShown(job, lines);
});

/** Both operators' pages show the job; the one that leads has heard its curves from the coordinator. */
async function assertShown({ namespace }: ExampleJob, lines: readonly string[]): Promise<void> {
  const pages = operators.map(({ pageUrl }) => `${pageUrl}api/jobs/${namespace}/${NAME}`);
  const details = await Promise.all(pages.map(async (page) => (await (await fetch(page)).json()) as JobDetail));
  assert.deepEqual(details.map(({ host }) => host.mode).sort(), ['following', 'leading']);
  for (const { summary, events, host } of details) {
    assert.equal(summary.condition?.type, 'Succeeded');
    assert.ok(events.some(({ reason }) => reason === 'Finished'));
    if (host.mode === 'following') assert.equal(host.leader, hostname());
  }
  const leader = details.findIndex(({ host }) => host.mode === 'leading');
  const { series } = (await (await fetch(`${pages[leader]}/figures`)).json()) as FiguresView;
  const scores = series.find(({ name }) => name === 'rollout/score');
  assert.deepEqual(scores?.iterations, [1, 2, 3, 4]);
  assert.deepEqual(
    scores.values,
    lines.map((line) => JSON.parse(line)['rollout/score']),
  );
}
