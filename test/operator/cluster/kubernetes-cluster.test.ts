// What is sent for each call, and what lists and watches make of a server's less usual answers. That a real API server
// understands it is shown by the contract's tests against one.

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { CONFIG_MAPS, PODS } from '../../../operator/cluster/cluster.ts';
import { answer, type Respond, refuse, ScriptedApiServer, SILENCE } from './api-server.ts';
import { buildConfigMap, buildPod, NAMESPACE, readEvents, WRITER } from './fixtures.ts';

const stored = (name: string, resourceVersion = '5') => ({
  metadata: { namespace: NAMESPACE, name, uid: name, resourceVersion, creationTimestamp: 't', managedFields: [{}] },
});
let server: ScriptedApiServer;
const start = async (...script: Respond[]): Promise<ScriptedApiServer> => {
  server = await ScriptedApiServer.start(...script);
  return server;
};
afterEach(() => server.close());

describe('writes', () => {
  it('keep every field of an object, known here or not, and leave out its status', async () => {
    const client = (await start(answer(201, stored('p')))).connect();
    const pod = { ...buildPod('p'), status: { phase: 'Running' } as const };
    const spec = { ...pod.spec, futureField: { a: [1] } };
    await client.create(PODS, { ...pod, spec }, WRITER);
    const [asked] = server.asked;
    assert.deepEqual(
      [asked?.method, asked?.path, asked?.query],
      ['POST', '/api/v1/namespaces/default/pods', { fieldManager: 'test' }],
    );
    const { status: _, ...rest } = pod;
    assert.deepEqual(asked?.body, { ...rest, spec });
  });

  it('apply as server-side apply', async () => {
    const client = (await start(answer(200, stored('a')))).connect();
    await client.apply(CONFIG_MAPS, buildConfigMap('a'), { fieldManager: 'm', force: true });
    const [asked] = server.asked;
    assert.deepEqual([asked?.method, asked?.path], ['PATCH', '/api/v1/namespaces/default/configmaps/a']);
    assert.deepEqual(asked?.query, { fieldManager: 'm', force: 'true' });
    assert.equal(asked?.headers['content-type'], 'application/apply-patch+yaml');
  });

  it('delete with preconditions, in the background unless told otherwise', async () => {
    const client = (await start(answer(200, {}))).connect();
    await client.delete(
      PODS,
      { namespace: NAMESPACE, name: 'p' },
      { preconditions: { uid: 'u' }, gracePeriodSeconds: 0 },
    );
    assert.deepEqual(server.asked[0]?.body, {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u' },
    });
  });

  it('never leave the path of their kind', async () => {
    const client = (await start(answer(200, stored('a')))).connect();
    for (const name of ['', '..', 'a/status', 'a?x=1', 'a%2fb']) {
      await assert.rejects(client.get(CONFIG_MAPS, { namespace: NAMESPACE, name }), { code: 'Invalid' });
      await assert.rejects(client.get(CONFIG_MAPS, { namespace: name, name: 'a' }), { code: 'Invalid' });
      await assert.rejects(client.list(CONFIG_MAPS, { namespace: name }), { code: 'Invalid' });
    }
    assert.deepEqual(server.asked, []);
  });
});

describe('lists', () => {
  const page = (names: string[], next?: string): Respond =>
    answer(200, {
      metadata: { resourceVersion: '9', ...(next !== undefined && { continue: next }) },
      items: names.map((name) => stored(name)),
    });

  it('come in pages, complete with what lists leave out and without what nobody reads', async () => {
    const client = (await start(page(['a', 'b'], 'more'), page(['c']))).connect();
    const { items, resourceVersion } = await client.list(CONFIG_MAPS, { labels: { x: 'y', z: 'w' } });
    assert.deepEqual([items.map(({ metadata }) => metadata.name), resourceVersion], [['a', 'b', 'c'], '9']);
    const { apiVersion, kind, metadata } = items[0]!;
    assert.deepEqual([apiVersion, kind, 'managedFields' in metadata], ['v1', 'ConfigMap', false]);
    assert.deepEqual(
      server.asked.map(({ path, query }) => [path, query]),
      [
        ['/api/v1/configmaps', { labelSelector: 'x=y,z=w', limit: '500' }],
        ['/api/v1/configmaps', { labelSelector: 'x=y,z=w', limit: '500', continue: 'more' }],
      ],
    );
  });

  it('begin again in one piece when the next page is gone', async () => {
    const client = (await start(page(['a'], 'more'), refuse(410, 'Expired'), page(['a', 'b']))).connect();
    const { items } = await client.list(CONFIG_MAPS, { namespace: NAMESPACE });
    assert.equal(items.length, 2);
    assert.deepEqual(server.asked[2]?.query, {});
  });
});

describe('watches', () => {
  const line = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;
  const lines = (...text: string[]): Respond => answer(200, text.join(''));
  const options = () => ({ resourceVersion: '5', namespace: NAMESPACE, signal: new AbortController().signal });

  it('ask for bookmarks and an end, hand bookmarks on, and end with the server', async () => {
    const respond = lines(line('ADDED', stored('a', '6')), line('BOOKMARK', { metadata: { resourceVersion: '70' } }));
    const client = (await start(respond)).connect();
    const bookmarks: string[] = [];
    const onBookmark = (version: string): number => bookmarks.push(version);
    const seen = await readEvents(client.watch(CONFIG_MAPS, { ...options(), onBookmark }), 2);
    assert.deepEqual([seen, bookmarks], [['ADDED a'], ['70']]);
    const { timeoutSeconds, ...query } = server.asked[0]!.query;
    assert.deepEqual(query, { watch: '1', allowWatchBookmarks: 'true', resourceVersion: '5' });
    assert.ok(Number(timeoutSeconds) >= 300 && Number(timeoutSeconds) <= 600);
  });

  it('put lines together however they are cut', async () => {
    const text = Buffer.from(line('ADDED', stored('ä'.normalize('NFD'), '6')) + line('DELETED', stored('b', '7')));
    const respond: Respond = async (response) => {
      response.writeHead(200);
      for (const byte of text) {
        response.write(Buffer.of(byte));
        if (byte === 0x22) await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    };
    const client = (await start(respond)).connect();
    const name = 'ä'.normalize('NFD');
    assert.deepEqual(await readEvents(client.watch(CONFIG_MAPS, options()), 3), [`ADDED ${name}`, 'DELETED b']);
  });

  it('are Gone by an error event as by an answer', async () => {
    const client = (
      await start(lines(line('ERROR', { code: 410, message: 'too old' })), refuse(410, 'Gone'))
    ).connect();
    await assert.rejects(readEvents(client.watch(CONFIG_MAPS, options()), 1), { code: 'Gone' });
    await assert.rejects(readEvents(client.watch(CONFIG_MAPS, options()), 1), { code: 'Gone' });
  });

  it('fail when nothing comes for too long, when the server ends in the middle, and when it talks nonsense', async () => {
    const silent: Respond = (response) => {
      response.writeHead(200);
      response.flushHeaders();
    };
    const half: Respond = (response) => {
      response.write(line('ADDED', stored('a')).slice(0, 20), () => response.destroy());
    };
    const client = (await start(silent, half, lines('nonsense\n'))).connect({ watchIdleMs: 100 });
    for (let i = 0; i < 3; i += 1) {
      await assert.rejects(readEvents(client.watch(CONFIG_MAPS, options()), 1), { code: 'Unavailable' });
    }
  });

  it('end quietly when they are told to, before and after the answer begins', async () => {
    const client = (await start(SILENCE)).connect();
    const stop = new AbortController();
    const watching = readEvents(client.watch(CONFIG_MAPS, { ...options(), signal: stop.signal }), 1);
    while (server.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    assert.deepEqual(await watching, []);
  });

  it('never keep requests waiting', async () => {
    const respond: Respond = (response, asked) => {
      if (asked.query.watch === '1') response.writeHead(200).flushHeaders();
      else answer(200, stored('a'))(response, asked);
    };
    const client = (await start(respond)).connect();
    const stop = new AbortController();
    const watching = Array.from({ length: 40 }, () =>
      readEvents(client.watch(CONFIG_MAPS, { ...options(), signal: stop.signal }), 1),
    );
    assert.equal((await client.get(CONFIG_MAPS, { namespace: NAMESPACE, name: 'a' })).metadata.uid, 'a');
    stop.abort();
    await Promise.all(watching);
  });
});
