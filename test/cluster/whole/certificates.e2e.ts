// Certificates of a running job are renewed on a whole cluster: the operator writes the Secret, the kubelet replaces the
// mounted files, and the workers use them with no restart. With certificates that are good for two minutes.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { MOUNTS, PORTS } from '../../../operator/api/names.ts';
import type { Secret } from '../../../operator/cluster/objects.ts';
import { certificatesSecretName } from '../../../operator/plan/children.ts';
import { type Holder, secretKeysOf } from '../../../operator/plan/tls.ts';
import { ExampleJob, NAME } from '../example.ts';
import { succeed } from '../kubectl.ts';
import { Installation, OPERATOR_NAMESPACE } from './installation.ts';

const OPTION = '--certificate-lifetime=2m';
const LEADING_WITHIN_MS = 120_000;
const DEPLOYMENT = 'deployment/ppo-operator';
/** Whose servers are looked at, and as whom they present themselves. */
const SERVERS = { 'arithmetic-coordinator-0': 'coordinator', 'arithmetic-generation-0': 'worker' } as const;
/** Looks as a worker does at a peer; prints the serial number of what it is shown. */
const LOOK = `
  const { readFileSync } = require('node:fs');
  const [host, port, folder] = process.argv.slice(1);
  const read = (name) => readFileSync(folder + '/' + name);
  const options = { host, port, ca: read('ca.crt'), cert: read('tls.crt'), key: read('tls.key'), ALPNProtocols: ['h2'] };
  const socket = require('node:tls').connect({ ...options, checkServerIdentity: () => undefined }, () => {
    console.log(socket.getPeerX509Certificate().serialNumber);
    socket.destroy();
  });
  socket.setTimeout(10000, () => socket.destroy(new Error('no answer')));`;

const installation = await Installation.start();
after(() => installation.stop());

interface Deployment {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly OperatorContainer[] } } };
}

interface OperatorContainer {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

/** The operator again, with an option more. */
async function restartOperator(option: string): Promise<void> {
  const kubectl = await installation.kubectl(OPERATOR_NAMESPACE);
  const { spec } = JSON.parse(await succeed(kubectl, 'get', DEPLOYMENT, '-o', 'json')) as Deployment;
  const [{ name, args = [] }] = spec.template.spec.containers as [OperatorContainer];
  const template = { spec: { containers: [{ name, args: [...args, option] }] } };
  await succeed(kubectl, 'patch', DEPLOYMENT, '-p', JSON.stringify({ spec: { template } }));
  await succeed(kubectl, 'rollout', 'status', DEPLOYMENT, '--timeout=180s');
}

/** Until then the operator from before makes the certificates. */
async function isLeading(): Promise<boolean> {
  const kubectl = await installation.kubectl(OPERATOR_NAMESPACE);
  const pods = [
    'get',
    'pods',
    '--selector=app.kubernetes.io/name=ppo-operator',
    '-o',
    'jsonpath={.items[*].metadata.name}',
  ];
  const holder = ['get', 'lease', 'ppo-operator', '-o', 'jsonpath={.spec.holderIdentity}'];
  const [names, leader] = [await succeed(kubectl, ...pods), await succeed(kubectl, ...holder)];
  return leader.startsWith(`${names.trim()}_`);
}

async function serialInSecret({ kubectl }: ExampleJob, holder: Holder): Promise<string> {
  const text = await succeed(kubectl, 'get', 'secret', certificatesSecretName(NAME), '-o', 'json');
  const data = (JSON.parse(text) as Secret).data?.[secretKeysOf(holder).certificate] ?? '';
  return new X509Certificate(Buffer.from(data, 'base64')).serialNumber;
}

/** What the server of a pod shows to a peer that connects now; null where the peer can't. */
async function serialShown(job: ExampleJob, pod: string): Promise<string | null> {
  const address = (await succeed(job.kubectl, 'get', 'pod', pod, '-o', 'jsonpath={.status.podIP}')).trim();
  const command = ['node', '--eval', LOOK, '--', address, `${PORTS.grpc}`, MOUNTS.tls];
  const from = ['exec', 'arithmetic-reference-0', '--container=worker', '--'];
  const { code, stdout } = await job.kubectl(...from, ...command);
  return code === 0 ? stdout.trim() : null;
}

it('renews certificates under a running job', async (context) => {
  if (installation.own === null) return context.skip('its kubelet is in no hurry');
  await restartOperator(OPTION);
  const endMs = Date.now() + LEADING_WITHIN_MS;
  while (!(await isLeading())) {
    assert.ok(Date.now() < endMs, 'the new operator leads');
    await delay(500);
  }
  const job = await ExampleJob.apply(installation, (spec) => ({
    ...spec,
    algorithm: { ...spec.algorithm, numIterations: 5000 },
    evaluation: { everyIterations: 5000 },
  }));
  await job.waitFor('Running');
  const first: Record<string, string | null> = {};
  for (const pod of Object.keys(SERVERS)) first[pod] = await serialShown(job, pod);
  for (const serial of Object.values(first)) assert.match(serial ?? '', /^[0-9A-F]{2,}$/);
  for (const [pod, holder] of Object.entries(SERVERS)) {
    await job.until(`${pod} shows the renewed certificate`, async () => {
      const [shown, stored] = [await serialShown(job, pod), await serialInSecret(job, holder)];
      return shown === stored && shown !== first[pod] ? null : { shown, stored, first: first[pod] };
    });
  }
  const { progress, restarts = 0, infrastructureRestarts = 0 } = await job.status();
  assert.deepEqual({ restarts, infrastructureRestarts }, { restarts: 0, infrastructureRestarts: 0 });
  const iteration = progress?.iteration ?? 0;
  // A container that starts now dials everybody anew, and everybody dials it.
  await installation.kill(job.namespace, 'arithmetic-generation-1');
  await job.until('it goes on with a replica that came later', async () => {
    const status = await job.status();
    const isBack = status.restarts === 1 && status.roles?.generation?.ready === 2;
    const isFurther = (status.progress?.iteration ?? 0) > iteration + 1;
    return isBack && isFurther ? null : { restarts: status.restarts, roles: status.roles?.generation, iteration };
  });
  for (const pod of ['arithmetic-actor-0', 'arithmetic-reward-0']) {
    assert.match(await succeed(job.kubectl, 'logs', pod, '--container=worker'), /certificates renewed/);
  }
  await succeed(job.kubectl, 'delete', 'ppojob', NAME, '--cascade=foreground', '--timeout=120s');
});
