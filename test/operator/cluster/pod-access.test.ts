// What a person reads of pods, as the API server is asked for it: paths, and what comes of the answers.

import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import type { PodAccess } from '../../../operator/cluster/pod-access.ts';
import { KubernetesPodAccess, parseLogLine } from '../../../operator/cluster/pod-access.ts';
import { PPO_JOBS } from '../../../operator/reconcile/ppojob-kind.ts';
import { answer, type Respond, refuse, ScriptedApiServer } from './api-server.ts';

const POD = { namespace: 'default', name: 'tiny-actor-0' };
const WHOLE = { container: 'worker', isFollowed: false, isPrevious: false };
let server: ScriptedApiServer;
afterEach(() => server.close());

async function startAccess(...script: Respond[]): Promise<PodAccess> {
  server = await ScriptedApiServer.start(...script);
  return new KubernetesPodAccess(server.connect().transport, 'test');
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

it('a log comes line by line with its times, the last line too when it has no end', async () => {
  const access = await startAccess(answer(200, '2026-01-01T00:00:00.5Z {"msg":"a"}\n2026-01-01T00:00:01Z half a li'));
  const lines = await collect(access.logs(POD, { ...WHOLE, tailLines: 5 }, new AbortController().signal));
  assert.deepEqual(lines, [
    { time: '2026-01-01T00:00:00.5Z', text: '{"msg":"a"}' },
    { time: '2026-01-01T00:00:01Z', text: 'half a li' },
  ]);
  assert.equal(server.asked[0]?.path, '/api/v1/namespaces/default/pods/tiny-actor-0/log');
  assert.deepEqual(server.asked[0]?.query, { container: 'worker', tailLines: '5', timestamps: 'true' });
});

it('a log is followed, or of the container before, as the API says it', async () => {
  const access = await startAccess(answer(200, ''));
  const options = { ...WHOLE, isFollowed: true, isPrevious: true, sinceSeconds: 60 };
  assert.deepEqual(await collect(access.logs(POD, options, new AbortController().signal)), []);
  const expected = { container: 'worker', follow: 'true', previous: 'true', sinceSeconds: '60', timestamps: 'true' };
  assert.deepEqual(server.asked[0]?.query, expected);
});

it("a refused log is an error with the server's words", async () => {
  const access = await startAccess(refuse(400, 'BadRequest', 'container "worker" is waiting to start'));
  await assert.rejects(collect(access.logs(POD, WHOLE, new AbortController().signal)), {
    code: 'Invalid',
    message: 'the log of tiny-actor-0, container worker: container "worker" is waiting to start (HTTP 400)',
  });
});

it('a page of a pod is fetched through the API server, as it is', async () => {
  const access = await startAccess(answer(200, '12'));
  assert.equal(await access.fetch(POD, 9090, '/metrics'), '12');
  assert.equal(server.asked[0]?.path, '/api/v1/namespaces/default/pods/tiny-actor-0:9090/proxy/metrics');
});

it('usage is read of every container', async () => {
  const containers = [
    { name: 'worker', usage: { cpu: '12m', memory: '3Mi' } },
    { name: 'communicator', usage: {} },
  ];
  const access = await startAccess(answer(200, { items: [{ metadata: { name: 'tiny-actor-0' }, containers }] }));
  assert.deepEqual(await access.usage('default', 'a=b'), [
    { pod: 'tiny-actor-0', container: 'worker', cpu: '12m', memory: '3Mi' },
    { pod: 'tiny-actor-0', container: 'communicator', cpu: '0', memory: '0' },
  ]);
});

it('an object is scaled by its subresource', async () => {
  const access = await startAccess(answer(200, {}));
  await access.scale(PPO_JOBS, { namespace: 'default', name: 'tiny' }, 4);
  const asked = server.asked[0]!;
  assert.equal(`${asked.method} ${asked.path}`, 'PUT /apis/rlhf.dev/v1alpha1/namespaces/default/ppojobs/tiny/scale');
  assert.deepEqual((asked.body as { spec: unknown }).spec, { replicas: 4 });
});

it('a line without a time is kept whole', () => {
  assert.deepEqual(parseLogLine('unable to retrieve container logs'), {
    time: '',
    text: 'unable to retrieve container logs',
  });
});
