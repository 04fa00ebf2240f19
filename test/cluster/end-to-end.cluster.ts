// From `kubectl apply` to `kubectl wait`: a real control plane, the operator as a process of its own, and nodes whose pods
// are processes. The workers are stand-ins that compute nothing.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { stringify } from 'yaml';
import { PODS } from '../../operator/cluster/cluster.ts';
import { ensureBinaries } from './binaries.ts';
import { startOwnEnvironment } from './environment.ts';
import { JobWorld, until } from './job-world.ts';
import { kubectlFor } from './kubectl.ts';
import { OperatorProcess } from './operator-process.ts';
import { ProcessNodes } from './process-nodes.ts';
import { CONTROL_PLANE } from './versions.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const STAND_INS = join(REPOSITORY, 'test', 'operator', 'local', 'fixtures', 'repository');
/** Long enough for every pod to have been seen ready, and restarted. */
const NUM_ITERATIONS = 30;
const WAIT = '--timeout=180s';
/** The stand-in coordinator's script, by seed. */
const SEEDS = { goesWell: 1, hopeless: 2, generationFailsOnce: 4 };

const environment = await startOwnEnvironment();
const { cluster, plane } = environment;
const nodes = await ProcessNodes.start(environment, STAND_INS);
const kubeconfig = readFileSync(plane.kubeconfig, 'utf8');
const operator = new OperatorProcess({ kubeconfig, leaseNamespace: 'default' });
environment.beforeClose(async () => {
  const end = await operator.stop();
  await nodes.stop();
  assert.equal(end, 0, operator.output);
});

/** A job with a folder of its own, as a manifest. */
function manifest(name: string, seed: number): string {
  const path = (...parts: string[]): string => join(nodes.directory, name, ...parts);
  for (const folder of ['model', 'output']) mkdirSync(path(folder), { recursive: true });
  writeFileSync(path('train.jsonl'), '{}\n');
  const model = { path: path('model') };
  const job = {
    apiVersion: 'rlhf.dev/v1alpha1',
    kind: 'PPOJob',
    metadata: { name },
    spec: {
      seed,
      models: { actor: model, critic: model },
      reward: { model },
      dataset: { train: { path: path('train.jsonl') } },
      algorithm: { numIterations: NUM_ITERATIONS },
      output: { path: path('output') },
      roles: { generation: { replicas: 2, maxRestarts: 4 } },
    },
  };
  writeFileSync(path('job.yaml'), stringify(job));
  return path('job.yaml');
}

async function start(name: string, seed: number) {
  const world = new JobWorld(cluster, await environment.newNamespace());
  const kubectl = kubectlFor(await ensureBinaries(CONTROL_PLANE), plane.kubeconfig, world.namespace);
  const applied = await kubectl('apply', '-f', manifest(name, seed));
  assert.equal(applied.stdout, `ppojob.rlhf.dev/${name} created\n`, applied.stderr);
  return { world, kubectl };
}

it('runs to its end for people who have only kubectl', async () => {
  const { world, kubectl } = await start('tiny', SEEDS.goesWell);
  const waited = await kubectl('wait', '--for=condition=Succeeded', WAIT, 'ppojob/tiny');
  assert.equal(waited.stdout, 'ppojob.rlhf.dev/tiny condition met\n', waited.stderr);
  const table = (await kubectl('get', 'ppo')).stdout.trim().split('\n');
  assert.match(table[0] ?? '', /^NAME +STATUS +ITERATION +SCORE +KL +TOKENS\/S +RESTARTS +AGE/);
  assert.match(table[1] ?? '', /^tiny +Succeeded +30 /);
  assert.match((await kubectl('get', 'all')).stdout, /ppojob\.rlhf\.dev\/tiny/);
  // Events follow the status that they tell of.
  await until('its story is told', async () => {
    const story = (await kubectl('describe', 'ppojob', 'tiny')).stdout;
    const isTold = (reason: string): boolean => new RegExp(`Normal +${reason}`).test(story);
    return ['PodsCreated', 'PodsReady', 'Finished'].every(isTold) ? null : story;
  });
  await until('the workers are gone', async () => {
    const { items } = await cluster.list(PODS, { namespace: world.namespace });
    const names = items.map((item) => item.metadata.name);
    return names.join() === 'tiny-coordinator-0' ? null : names;
  });
  const deleted = await kubectl('delete', 'ppojob', 'tiny', '--cascade=foreground', WAIT);
  assert.equal(deleted.code, 0, deleted.stderr);
  const { items } = await cluster.list(PODS, { namespace: world.namespace });
  assert.deepEqual(items, []);
});

it('replaces pods that fail', async () => {
  const { world, kubectl } = await start('restarted', SEEDS.generationFailsOnce);
  const waited = await kubectl('wait', '--for=condition=Succeeded', WAIT, 'ppojob/restarted');
  assert.equal(waited.code, 0, waited.stderr);
  const restarts = (await world.status('restarted')).roles?.generation?.restarts ?? 0;
  assert.ok(restarts >= 1 && restarts <= 2, `one or both of the generation pods were restarted: ${restarts}`);
});

it('says in its condition why it failed', async () => {
  const { kubectl } = await start('hopeless', SEEDS.hopeless);
  const waited = await kubectl('wait', '--for=condition=Failed', WAIT, 'ppojob/hopeless');
  assert.equal(waited.code, 0, waited.stderr);
  const query = 'jsonpath={.status.conditions[?(@.type=="Failed")].message}';
  assert.match((await kubectl('get', 'ppojob', 'hopeless', '-o', query)).stdout, /the reward model has no head/);
});

it('explains its fields, and refuses what is wrong with every cause', async () => {
  const { kubectl } = await start('explained', SEEDS.goesWell);
  assert.match((await kubectl('explain', 'ppojob.spec.algorithm')).stdout, /numIterations/);
  const patch = JSON.stringify({ spec: { algorithm: { numIterations: 0 }, roles: { actor: { replicas: -1 } } } });
  const refused = await kubectl('patch', 'ppojob', 'explained', '--type=merge', '-p', patch);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /numIterations/);
  assert.match(refused.stderr, /replicas/);
});
