// The arithmetic example on a whole cluster, for people who have only kubectl: real containers, DNS names, probes, admission,
// and the operator with its own rights alone.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, it } from 'node:test';
import type { PPOJobManifest } from '../../../operator/api/ppojob.ts';
import { ExampleJob, NAME } from './example.ts';
import { Installation, OPERATOR_NAMESPACE, succeed } from './installation.ts';
import { claimFolder } from './shared-volume.ts';

const NUM_ITERATIONS = 4;
const POD_NAMES = [
  ...['arithmetic-actor-0', 'arithmetic-coordinator-0', 'arithmetic-critic-0'],
  ...['arithmetic-generation-0', 'arithmetic-generation-1', 'arithmetic-reference-0', 'arithmetic-reward-0'],
];

const installation = await Installation.start();
after(() => installation.stop());

type Spec = PPOJobManifest['spec'];

function shorten(spec: Spec, numIterations: number): Spec {
  const evaluation = { everyIterations: numIterations };
  return { ...spec, algorithm: { ...spec.algorithm, numIterations }, evaluation };
}

/** The example with fewer iterations. */
function applyShort(numIterations = NUM_ITERATIONS): Promise<ExampleJob> {
  return ExampleJob.apply(installation, (spec) => shorten(spec, numIterations));
}

async function podNames(job: ExampleJob): Promise<string[]> {
  return (await job.pods()).map(({ metadata }) => metadata.name).sort();
}

it('trains in containers from kubectl apply to kubectl wait, and tells how', async () => {
  const job = await applyShort();
  await job.waitFor('Running');
  assert.deepEqual(await podNames(job), POD_NAMES);
  await job.waitFor('Succeeded');
  const { roles, progress, restarts } = await job.status();
  assert.equal(progress?.iteration, NUM_ITERATIONS);
  assert.equal(restarts ?? 0, 0, await job.story());
  assert.deepEqual(roles?.generation?.desired, 2);
  assert.match(progress?.accuracy ?? '', /^0\.\d+/);
  const [titles = '', line = ''] = (await succeed(job.kubectl, 'get', 'ppo')).split('\n');
  assert.match(titles, /^NAME +STATUS +ITERATION +SCORE +KL +TOKENS\/S +RESTARTS +AGE/);
  assert.match(line, /^arithmetic +Succeeded +4 +-?\d/);
  const description = await succeed(job.kubectl, 'describe', 'ppojob', NAME);
  for (const reason of ['PodsCreated', 'PodsReady', 'Finished'])
    assert.match(description, new RegExp(`Normal +${reason}`));
  await job.until('only the coordinator is left, for its log', async () => {
    const names = await podNames(job);
    return names.join() === 'arithmetic-coordinator-0' ? null : names;
  });
  assert.match(await succeed(job.kubectl, 'logs', 'arithmetic-coordinator-0'), /"level":"info"/);
});

it('goes on when a generation container is killed', async () => {
  const job = await applyShort(12);
  await job.waitFor('Running');
  await job.until('an iteration is done', async () => ((await job.status()).progress?.iteration ? null : 'not yet'));
  await installation.kill(job.namespace, 'arithmetic-generation-1');
  await job.waitFor('Succeeded');
  const { roles, restarts, progress } = await job.status();
  assert.equal(progress?.iteration, 12);
  assert.equal(roles?.generation?.restarts, 1);
  assert.equal(restarts, 1);
});

it('keeps its checkpoints on a volume of its pods: suspended, and resumed where it was', async (context) => {
  const { own } = installation;
  if (own === null) return context.skip('the volume lies on this machine');
  const namespace = await installation.newNamespace();
  const folder = join(own.directory, 'volumes', namespace);
  await claimFolder(await installation.kubectl(namespace), 'results', folder);
  const volume = { name: 'results', persistentVolumeClaim: { claimName: 'results' } };
  const change = (spec: Spec): Spec => ({
    ...shorten(spec, 12),
    checkpoint: { everyIterations: 2, keep: 2 },
    podTemplate: { volumes: [volume], volumeMounts: [{ name: 'results', mountPath: '/output' }] },
  });
  const job = await ExampleJob.apply(installation, change, namespace);
  const suspend = (value: boolean) =>
    succeed(job.kubectl, 'patch', 'ppojob', NAME, '--type=merge', '-p', JSON.stringify({ spec: { suspend: value } }));
  const lastCheckpoint = async () => (await job.status()).progress?.lastCheckpointIteration ?? 0;
  await job.until('a checkpoint', async () => ((await lastCheckpoint()) > 0 ? null : 'none'));
  await suspend(true);
  await job.waitFor('Suspended');
  await job.until('no pods', async () => {
    const names = await podNames(job);
    return names.length === 0 ? null : names;
  });
  await suspend(false);
  await job.waitFor('Succeeded');
  assert.match(await succeed(job.kubectl, 'logs', 'arithmetic-coordinator-0'), /resumed from a checkpoint/);
  assert.deepEqual(readdirSync(join(folder, 'arithmetic', 'checkpoints')).sort(), [
    'iteration-000010',
    'iteration-000012',
  ]);
  assert.ok(existsSync(join(folder, 'arithmetic', 'actor', 'model.safetensors')));
  await succeed(job.kubectl, 'delete', 'ppojob', NAME, '--cascade=foreground', '--timeout=120s');
  const kinds = 'pods,services,configmaps,secrets,networkpolicies';
  const query = ['get', kinds, '--selector', `rlhf.dev/job=${NAME}`, '-o', 'name'];
  assert.equal(await succeed(job.kubectl, ...query), '');
});

it('is deleted while it runs', async () => {
  const job = await applyShort(100);
  await job.waitFor('Running');
  await succeed(job.kubectl, 'delete', 'ppojob', NAME, '--cascade=foreground', '--timeout=120s');
  assert.deepEqual(await podNames(job), []);
});

it('the operator may do what it must, and nothing else', async () => {
  const kubectl = await installation.kubectl('default');
  const user = `--as=system:serviceaccount:${OPERATOR_NAMESPACE}:ppo-operator`;
  const mayI = async (...what: string[]): Promise<string> =>
    (await kubectl('auth', 'can-i', ...what, user)).stdout.trim();
  assert.equal(await mayI('create', 'pods'), 'yes');
  for (const what of [
    ['get', 'nodes'],
    ['create', 'pods', '--subresource=exec'],
    ['delete', 'namespaces'],
    ['create', 'clusterroles'],
  ]) {
    assert.equal(await mayI(...what), 'no', what.join(' '));
  }
  const logs = await succeed(await installation.kubectl(OPERATOR_NAMESPACE), 'logs', 'deployment/ppo-operator');
  assert.doesNotMatch(logs, /forbidden/i);
});
