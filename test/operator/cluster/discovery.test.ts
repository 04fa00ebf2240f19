// What a server serves: asked once for a while, known again when it changes, and not guessed when nobody answers.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { KubernetesDiscovery } from '../../../operator/cluster/discovery.ts';
import { answer, type Respond, refuse, ScriptedApiServer } from './api-server.ts';
import { ManualClock } from './fixtures.ts';

const PODS = { apiVersion: 'v1', plural: 'pods' };
const GROUPS = { apiVersion: 'scheduling.k8s.io/v1beta1', plural: 'podgroups' };
const serving = (...names: string[]): Respond => answer(200, { resources: names.map((name) => ({ name })) });
const NOT_FOUND = refuse(404, 'NotFound');

let server: ScriptedApiServer;
afterEach(() => server.close());

async function discover(...script: Respond[]) {
  server = await ScriptedApiServer.start(...script);
  const clock = new ManualClock();
  return { clock, discovery: new KubernetesDiscovery(server.connect().transport, clock) };
}

test('a kind is served where its group and version list it', async () => {
  const { discovery } = await discover(serving('priorityclasses', 'podgroups', 'podgroups/status'));
  assert.equal(await discovery.serves(GROUPS), true);
  assert.equal(await discovery.serves({ ...GROUPS, plural: 'workloads' }), false);
  assert.deepEqual(
    server.asked.map(({ path }) => path),
    ['/apis/scheduling.k8s.io/v1beta1'],
  );
});

test('the core group has a path of its own', async () => {
  const { discovery } = await discover(serving('pods'));
  assert.equal(await discovery.serves(PODS), true);
  assert.equal(server.asked[0]?.path, '/api/v1');
});

test('a group that is not there serves nothing, until it is', async () => {
  const { discovery, clock } = await discover(NOT_FOUND, serving('podgroups'));
  assert.equal(await discovery.serves(GROUPS), false);
  await clock.advance(59_000);
  assert.equal(await discovery.serves(GROUPS), false);
  await clock.advance(2000);
  assert.equal(await discovery.serves(GROUPS), true);
});

test('no answer is no answer, and is not remembered', async () => {
  const { discovery } = await discover(refuse(403, 'Forbidden'), serving('podgroups'));
  await assert.rejects(discovery.serves(GROUPS), { code: 'Forbidden' });
  assert.equal(await discovery.serves(GROUPS), true);
});
