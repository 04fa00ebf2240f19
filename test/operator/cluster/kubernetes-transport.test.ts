// Requests wait when told to, are repeated only where that does no harm, and always come to an end.

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { CONFIG_MAPS } from '../../../operator/cluster/cluster.ts';
import type { Attempt } from '../../../operator/cluster/kubernetes-transport.ts';
import { answer, HANG_UP, type Respond, refuse, ScriptedApiServer, SILENCE } from './api-server.ts';
import { buildConfigMap, ManualClock, NAMESPACE, settle, WRITER } from './fixtures.ts';

const NAME = { namespace: NAMESPACE, name: 'a' };
const STORED = {
  ...buildConfigMap('a'),
  metadata: { ...NAME, uid: 'u', resourceVersion: '5', creationTimestamp: 't' },
};
const FOUND = answer(200, STORED);
let server: ScriptedApiServer;
const start = async (...script: Respond[]): Promise<ScriptedApiServer> => {
  server = await ScriptedApiServer.start(...script);
  return server;
};
afterEach(() => server.close());

describe('requests', () => {
  it('share connections, and say who asks', async () => {
    const client = (await start(FOUND)).connect();
    for (let i = 0; i < 20; i += 1) await client.get(CONFIG_MAPS, NAME);
    // A second one, since an answer's connection is free only a moment after its end; not one for each request.
    assert.ok(server.numConnections <= 2, `${server.numConnections} connections`);
    const { headers } = server.asked[0]!;
    assert.deepEqual([headers.authorization, headers['user-agent']], ['Bearer secret', 'test/1']);
  });

  it('use a bounded number of connections, however many are made at once', async () => {
    const slow: Respond = (response, asked) => setTimeout(() => FOUND(response, asked), 5);
    const client = (await start(slow)).connect();
    await Promise.all(Array.from({ length: 200 }, () => client.get(CONFIG_MAPS, NAME)));
    assert.ok(server.numConnections <= 16, `${server.numConnections} connections`);
  });

  it('wait as long as a busy server says, also those that write', async () => {
    const clock = new ManualClock();
    const client = (await start(refuse(429, 'TooManyRequests'), answer(201, STORED))).connect({ clock });
    const created = client.create(CONFIG_MAPS, buildConfigMap('a'), WRITER);
    while (clock.waitingMs.length === 0) await settle();
    assert.deepEqual(clock.waitingMs, [1000]);
    await clock.advance(1000);
    assert.equal((await created).metadata.uid, 'u');
    assert.equal(server.asked.length, 2);
  });

  it("wait by Retry-After, and end with the server's words when that is beyond the deadline", async () => {
    const clock = new ManualClock();
    const busy = answer(503, { kind: 'Status', message: 'starting' }, { 'retry-after': '7' });
    const client = (await start(busy)).connect({ clock, deadlineMs: 10_000 });
    const failing = assert.rejects(client.get(CONFIG_MAPS, NAME), {
      code: 'Unavailable',
      message: 'ConfigMap default/a: starting (HTTP 503)',
    });
    while (clock.waitingMs.length === 0) await settle();
    assert.deepEqual(clock.waitingMs, [7000]);
    await clock.advance(7000);
    await failing;
    assert.equal(server.asked.length, 2);
  });

  it('fail at their deadline when no answer comes', async () => {
    const client = (await start(SILENCE)).connect({ deadlineMs: 50 });
    await assert.rejects(client.get(CONFIG_MAPS, NAME), { code: 'Unavailable' });
  });

  it('are made again over a new connection when they only read', async () => {
    const client = (await start(HANG_UP, FOUND)).connect();
    assert.equal((await client.get(CONFIG_MAPS, NAME)).metadata.uid, 'u');
  });

  it('are not made again when they write: the server may have done it', async () => {
    const client = (await start(HANG_UP, answer(201, STORED))).connect();
    await assert.rejects(client.create(CONFIG_MAPS, buildConfigMap('a'), WRITER), { code: 'Unavailable' });
    assert.equal(server.asked.length, 1);
  });

  it('read the credentials again once when they are refused', async () => {
    const client = (await start(refuse(401, 'Unauthorized'), FOUND)).connect();
    assert.equal((await client.get(CONFIG_MAPS, NAME)).metadata.uid, 'u');
    await server.close();
    const refused = (await start(refuse(401, 'Unauthorized'))).connect();
    await assert.rejects(refused.get(CONFIG_MAPS, NAME), { code: 'Forbidden' });
    assert.equal(server.asked.length, 2);
  });

  it('fail when nobody listens, and when what answers is no API server', async () => {
    const client = (await start(answer(502, '<html>bad gateway</html>'))).connect();
    await assert.rejects(client.get(CONFIG_MAPS, NAME), {
      code: 'Unavailable',
      message: 'ConfigMap default/a: <html>bad gateway</html> (HTTP 502)',
    });
    await server.close();
    await assert.rejects(server.connect().get(CONFIG_MAPS, NAME), { code: 'Unavailable' });
  });

  it('are told to an observer, attempt by attempt', async () => {
    const attempts: Attempt[] = [];
    const client = (await start(HANG_UP, FOUND)).connect({ onAttempt: (attempt) => attempts.push(attempt) });
    await client.get(CONFIG_MAPS, NAME);
    const host = server.url.replace('http://', '');
    assert.deepEqual(
      attempts.map(({ durationMs, ...attempt }) => ({ ...attempt, isTimed: durationMs >= 0 })),
      [null, 200].map((status) => ({ method: 'GET', host, status, isTimed: true })),
    );
  });
});
