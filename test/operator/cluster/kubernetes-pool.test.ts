// Connections are replaced with certificates: what is under way ends where it began.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { request } from 'undici';
import type { ServerAccess } from '../../../operator/cluster/credentials.ts';
import { ConnectionPool } from '../../../operator/cluster/kubernetes-pool.ts';
import { answer, type Respond, ScriptedApiServer } from './api-server.ts';

let server: ScriptedApiServer;
let answerNow: () => void;
beforeEach(async () => {
  const held: Respond = (response, asked) => {
    answerNow = () => answer(200, 'late')(response, asked);
  };
  server = await ScriptedApiServer.start(held);
});
afterEach(() => server.close());

function access(connectionKey: string): ServerAccess {
  return { server: server.url, headers: {}, dispatcher: { type: 'agent', connect: {} }, connectionKey };
}

async function untilAsked(count: number): Promise<void> {
  while (server.asked.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

it('is one for equal keys, and another for other certificates', async () => {
  const pool = new ConnectionPool();
  const first = pool.use(access('a'));
  assert.equal(pool.use(access('a')), first);
  assert.notEqual(pool.use(access('b')), first);
  await pool.close();
  assert.throws(() => pool.use(access('a')), /closed/);
});

it('lets what is under way end on the connections before', async () => {
  const pool = new ConnectionPool();
  const under = request(server.url, { dispatcher: pool.use(access('a')).requests });
  await untilAsked(1);
  pool.use(access('b'));
  answerNow();
  assert.equal(await (await under).body.text(), 'late');
  await pool.close();
});

it('ends what is under way when it closes', async () => {
  const pool = new ConnectionPool();
  const under = assert.rejects(request(server.url, { dispatcher: pool.use(access('a')).requests }));
  await untilAsked(1);
  await pool.close();
  await under;
});
