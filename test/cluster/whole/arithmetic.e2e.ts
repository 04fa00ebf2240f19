// The arithmetic example on a whole cluster, for people who have only kubectl: real containers, DNS names, probes, admission,
// and the operator with its own rights alone.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { ExampleJob, NAME, type Spec, shorten } from '../example.ts';
import { trainsFromApplyToWait } from '../example-bodies.ts';
import { succeed } from '../kubectl.ts';
import { Installation, OPERATOR_NAMESPACE } from './installation.ts';
import { claimFolder } from './shared-volume.ts';

const installation = await Installation.start();
after(() => installation.stop());

/** The example with fewer iterations. */
function applyShort(numIterations: number): Promise<ExampleJob> {
  return ExampleJob.apply(installation, (spec) => shorten(spec, numIterations));
}

trainsFromApplyToWait(installation, async (job) => {
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

it('goes on when a pod is evicted, and blames nobody', async () => {
  const job = await applyShort(12);
  await job.waitFor('Running');
  await job.until('an iteration is done', async () => ((await job.status()).progress?.iteration ? null : 'not yet'));
  await installation.evict(job.namespace, 'arithmetic-reference-0');
  await job.waitFor('Succeeded');
  const { roles, restarts = 0, infrastructureRestarts, progress } = await job.status();
  assert.equal(progress?.iteration, 12);
  assert.equal(roles?.reference?.infrastructureRestarts, 1);
  assert.deepEqual({ restarts, infrastructureRestarts }, { restarts: 0, infrastructureRestarts: 1 });
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
    const names = await job.podNames();
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
  assert.deepEqual(await job.podNames(), []);
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
