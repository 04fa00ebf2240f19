// The CRD on a real API server: it is taken without complaint, says yes and no exactly when the operator's own check does,
// shows and scales a job as promised, and holds a running job's spec still.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { CRD_NAME } from '../../operator/api/crd.ts';
import { API_VERSION, PLURAL } from '../../operator/api/names.ts';
import { parsePPOJob } from '../../operator/api/parse.ts';
import { formatProblems } from '../../operator/api/problems.ts';
import { ClusterError, InvalidError } from '../../operator/cluster/errors.ts';
import type { JsonObject } from '../../operator/cluster/json.ts';
import type { ApiRequest } from '../../operator/cluster/kubernetes-transport.ts';
import { manifestWith } from '../operator/api/manifest.ts';
import { generateManifest } from '../operator/api/manifest-generator.ts';
import { ensureBinaries } from './binaries.ts';
import { KUBECONFIG_VARIABLE, startEnvironment } from './environment.ts';
import { installCrds } from './manifests.ts';

const NUM_MANIFESTS = 1000;
const SEED = 1;
const NUM_AT_ONCE = 8;
const TIME = '2026-01-01T00:00:00Z';

const environment = await startEnvironment();
const { transport } = environment.cluster;
await installCrds(transport);
const namespace = await environment.newNamespace();
const jobs = `/apis/${API_VERSION}/namespaces/${namespace}/${PLURAL}`;

function send(method: ApiRequest['method'], path: string, body?: unknown): Promise<JsonObject> {
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return transport.request({ method, path, subject: { title: path, name: null }, body, contentType });
}

/** What `kubectl` prints, with words parted by single spaces. */
async function kubectl(...args: string[]): Promise<string> {
  const binaries = await ensureBinaries(['kubectl']);
  const kubeconfig = environment.plane?.kubeconfig ?? process.env[KUBECONFIG_VARIABLE] ?? '';
  const options = { env: { ...process.env, KUBECONFIG: kubeconfig }, timeout: 60_000 };
  const { stdout } = await promisify(execFile)(binaries.kubectl, ['--namespace', namespace, ...args], options);
  return stdout.replace(/ +/g, ' ');
}

/** Null where the server accepts; else what it says. Nothing is stored. */
async function refusalOf(manifest: unknown): Promise<string | null> {
  try {
    await send('POST', `${jobs}?dryRun=All&fieldValidation=Strict`, manifest);
    return null;
  } catch (error) {
    if (error instanceof InvalidError) return error.message;
    throw error;
  }
}

/** What is wrong with the equivalence at one manifest; null where both sides agree. */
async function disagreement(manifest: unknown): Promise<string | null> {
  const parsed = parsePPOJob(manifest);
  const refusal = await refusalOf(manifest);
  if (parsed.ok === (refusal === null)) return null;
  const ours = parsed.ok ? 'accepted here' : formatProblems(parsed.problems);
  return `${JSON.stringify(manifest).slice(0, 2000)}\n${ours}\nserver: ${refusal ?? 'accepted'}`;
}

async function inBatches<T>(count: number, run: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let start = 0; start < count; start += NUM_AT_ONCE) {
    const indices = Array.from({ length: Math.min(NUM_AT_ONCE, count - start) }, (_, i) => start + i);
    results.push(...(await Promise.all(indices.map(run))));
  }
  return results;
}

async function createJob(name: string, changes: Readonly<Record<string, unknown>> = {}): Promise<JsonObject> {
  return send('POST', jobs, manifestWith({ 'metadata.name': name, ...changes }));
}

function setStatus(name: string, status: JsonObject): Promise<JsonObject> {
  return send('PATCH', `${jobs}/${name}/status`, { status });
}

/** Changes one field of a spec; the server's message where it refuses. */
async function change(name: string, field: string, value: unknown): Promise<string | null> {
  const spec = field.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  try {
    await send('PATCH', `${jobs}/${name}`, { spec });
    return null;
  } catch (error) {
    if (error instanceof ClusterError) return error.message;
    throw error;
  }
}

describe('the CRD on an API server', () => {
  it('is established, structural and within the cost budget of its rules', async () => {
    const { status } = await send('GET', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${CRD_NAME}`);
    const conditions = (status as JsonObject).conditions as { type: string; status: string }[];
    const states = conditions.map((condition) => `${condition.type}=${condition.status}`).sort();
    assert.deepEqual(states, ['Established=True', 'NamesAccepted=True']);
  });

  it(`accepts exactly what the operator accepts, for ${NUM_MANIFESTS} generated manifests`, async () => {
    const verdicts = await inBatches(NUM_MANIFESTS, (index) => disagreement(generateManifest(SEED, index)));
    const disagreements = verdicts.filter((verdict) => verdict !== null);
    assert.equal(
      disagreements.length,
      0,
      `${disagreements.length} disagreements:\n${disagreements.slice(0, 5).join('\n\n')}`,
    );
  });

  it('fills in the same defaults as the operator', async () => {
    const { spec } = await createJob('defaults');
    const parsed = parsePPOJob(manifestWith({}));
    assert.ok(parsed.ok);
    const { models, checkpoint, ...others } = parsed.job.spec;
    // Two defaults follow from other fields, and stay the operator's.
    const { reference: _reference, ...given } = models;
    const { path: _path, ...rest } = checkpoint;
    assert.deepEqual(spec, { ...others, models: given, checkpoint: rest });
    const stored = parsePPOJob(await send('GET', `${jobs}/defaults`));
    assert.deepEqual(stored.ok && stored.job.spec, parsed.job.spec);
  });

  it('names the field and what to do when it refuses', async () => {
    const refusal = await refusalOf(manifestWith({ 'spec.training.microbatchSize': 48 }));
    assert.match(refusal ?? '', /spec\.training\.microbatchSize: .*times roles\.actor\.replicas must divide/);
    assert.match(
      (await refusalOf(manifestWith({ 'metadata.name': 'a.b' }))) ?? '',
      /metadata\.name must be a DNS label/,
    );
  });
});

describe('a PPOJob on an API server', () => {
  it('scales its generation replicas by the scale subresource', async () => {
    await createJob('scaled');
    await setStatus('scaled', {
      generationSelector: 'a=b',
      roles: { generation: { desired: 1, ready: 1, restarts: 0 } },
    });
    await send('PATCH', `${jobs}/scaled/scale`, { spec: { replicas: 4 } });
    const scale = await send('GET', `${jobs}/scaled/scale`);
    assert.deepEqual([scale.spec, scale.status], [{ replicas: 4 }, { replicas: 1, selector: 'a=b' }]);
    await assert.rejects(send('PATCH', `${jobs}/scaled/scale`, { spec: { replicas: 0 } }), InvalidError);
  });

  it('is shown, explained and scaled by kubectl', async () => {
    await createJob('shown');
    const condition = { status: 'True', message: '', lastTransitionTime: TIME };
    await setStatus('shown', {
      conditions: [
        { ...condition, type: 'Running', reason: 'PodsReady' },
        { ...condition, type: 'Accepted', reason: 'Valid' },
      ],
      restarts: 2,
      progress: { ...PROGRESS, metrics: { 'rollout/score': '0.8125', 'policy/kl': '-0.01' } },
    });
    const [header, row] = (await kubectl('get', 'ppo', 'shown')).split('\n');
    assert.equal(header, 'NAME STATUS ITERATION SCORE KL TOKENS/S RESTARTS AGE');
    assert.match(row ?? '', /^shown Running 3 0\.8125 -0\.01 100 2 \d+s$/);
    assert.match(await kubectl('get', 'ppo', 'shown', '-o', 'wide'), / PodsReady 10 /);
    assert.match(await kubectl('get', 'all'), /ppojob\.rlhf\.dev\/shown Running/);
    assert.match(await kubectl('explain', 'ppojob.spec.algorithm.kl.coef'), /Weight of the KL penalty/);
    assert.match(await kubectl('wait', 'ppojob/shown', '--for=condition=Running', '--timeout=5s'), /condition met/);
    assert.match(await kubectl('scale', 'ppojob/shown', '--replicas=3'), /scaled/);
  });

  it('keeps status out of ordinary writes', async () => {
    const { status } = await createJob('status', { status: { restarts: 7 } });
    assert.equal(status, undefined);
  });

  it('may change in every field before it starts', async () => {
    await createJob('waiting');
    await setStatus('waiting', { conditions: [] });
    for (const [field, value] of [...BEFORE_START, ...WHILE_SUSPENDED, ...ALWAYS]) {
      assert.equal(await change('waiting', field, value), null, field);
    }
  });

  it('holds still while it runs, but for what the operator can act on', async () => {
    await createJob('running');
    await setStatus('running', { startTime: TIME });
    for (const [field, value] of BEFORE_START) {
      assert.match((await change('running', field, value)) ?? '', /can't change once the job has started/, field);
    }
    for (const [field, value] of WHILE_SUSPENDED) {
      assert.match((await change('running', field, value)) ?? '', /can't change while the job runs/, field);
    }
    for (const [field, value] of ALWAYS) assert.equal(await change('running', field, value), null, field);
  });

  it('takes other pods, but no other task, while it is suspended halfway', async () => {
    await createJob('halfway', { 'spec.suspend': true });
    await setStatus('halfway', { progress: PROGRESS });
    for (const [field, value] of BEFORE_START) {
      assert.match((await change('halfway', field, value)) ?? '', /can't change once the job has started/, field);
    }
    for (const [field, value] of WHILE_SUSPENDED) assert.equal(await change('halfway', field, value), null, field);
  });
});

const PROGRESS = {
  ...{ phase: 'Rollout', iteration: 3, numIterations: 10, policyVersion: 3, elapsedSeconds: 5, tokens: 9_000_000_000 },
  ...{ tokensPerSecond: '100', maxLogprobDifference: '1e-7', lastCheckpointIteration: 0 },
};
const BEFORE_START: readonly (readonly [string, unknown])[] = [
  ['seed', 1],
  ['models.reference', { path: '/other' }],
  ['reward.clipRange', ['-1', '1']],
  ['dataset.promptField', 'question'],
  ['algorithm.numIterations', 11],
  ['algorithm.dualClip', '3'],
  ['training.minibatchSize', 64],
  ['roles.actor.replicas', 2],
  ['output.path', '/elsewhere'],
];
const WHILE_SUSPENDED: readonly (readonly [string, unknown])[] = [
  ['image', 'other:1'],
  ['roles.actor.threads', 4],
  ['roles.actor.resources', { limits: { cpu: '2' } }],
  ['deadlines.callSeconds', 60],
  ['terminationGracePeriodSeconds', 5],
];
const ALWAYS: readonly (readonly [string, unknown])[] = [
  ['roles.generation.replicas', 3],
  ['roles.generation.maxRestarts', 9],
  ['activeDeadlineSeconds', 3600],
  ['suspend', true],
];
