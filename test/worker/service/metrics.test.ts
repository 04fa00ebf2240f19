// Metrics, liveness and readiness over HTTP: what is answered, and that nothing that is asked ends the process.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { Gauge, Registry } from 'prom-client';
import { formatAddress } from '../../../worker/service/host-port.ts';
import { type MetricsServerOptions, startMetricsServer } from '../../../worker/service/metrics.ts';

const HOST = '127.0.0.1';

async function ask(
  paths: readonly string[],
  options: Partial<MetricsServerOptions> = {},
): Promise<{ status: number; text: string }[]> {
  const registry = new Registry();
  const server = await startMetricsServer({ host: HOST, port: 0, registry, isReady: () => true, ...options });
  try {
    const base = `http://${HOST}:${server.port}`;
    const replies = await Promise.all(paths.map((path) => fetch(base + path)));
    return await Promise.all(replies.map(async (reply) => ({ status: reply.status, text: await reply.text() })));
  } finally {
    await server.close();
  }
}

/** As written, which a client of HTTP would not do. */
async function send(port: number, words: string): Promise<string> {
  const socket = connect(port, HOST);
  socket.end(words);
  return (await text(socket)).split('\r\n')[0]!;
}

test('answers at every address where it is told none', async () => {
  const server = await startMetricsServer({ host: null, port: 0, registry: new Registry(), isReady: () => true });
  try {
    const own = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
    const loopback = ['127.0.0.1', '::1'].filter((address) => own.includes(address));
    for (const host of loopback) {
      const { status } = await fetch(`http://${formatAddress({ host, port: server.port })}/healthz`);
      assert.equal(status, 200, host);
    }
    assert.ok(loopback.length > 0);
  } finally {
    await server.close();
  }
});

test('serves the series of its registry', async () => {
  const registry = new Registry();
  new Gauge({ name: 'depth', help: 'Depth', registers: [registry] }).set(3);
  const [plain, withQuery] = await ask(['/metrics', '/metrics?name=x'], { registry });
  assert.equal(plain!.status, 200);
  assert.match(plain!.text, /^# HELP depth Depth\n# TYPE depth gauge\ndepth 3\n/);
  assert.deepEqual(withQuery, plain);
});

test('says why it is not ready, and why it should be ended', async () => {
  assert.deepEqual(await ask(['/readyz', '/healthz']), [
    { status: 200, text: 'ok\n' },
    { status: 200, text: 'ok\n' },
  ]);
  const unwell = { isReady: () => 'no weights', problem: () => 'stuck' };
  assert.deepEqual(await ask(['/readyz', '/healthz'], unwell), [
    { status: 503, text: 'not ready: no weights\n' },
    { status: 500, text: 'stuck\n' },
  ]);
  assert.deepEqual(await ask(['/readyz'], { isReady: () => false }), [{ status: 503, text: 'not ready\n' }]);
});

test('says what can be asked', async () => {
  const [reply] = await ask(['/metric']);
  assert.deepEqual(reply, { status: 404, text: 'known paths: /metrics /healthz /readyz\n' });
});

test('answers that it failed where a series cannot be read', async () => {
  const registry = new Registry();
  const collect = (): never => {
    throw new Error('no such file');
  };
  new Gauge({ name: 'depth', help: 'Depth', registers: [registry], collect });
  assert.deepEqual(await ask(['/metrics'], { registry }), [{ status: 500, text: 'Error: no such file\n' }]);
});

test('lives on whatever it is asked', async () => {
  const server = await startMetricsServer({ host: HOST, port: 0, registry: new Registry(), isReady: () => true });
  try {
    for (const target of ['//', 'http://', '*', '/%', '/metrics/..'])
      assert.match(await send(server.port, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`), / 404 /);
    assert.match(await send(server.port, 'nonsense\r\n\r\n'), / 400 /);
    assert.match(await send(server.port, 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), / 200 /);
  } finally {
    await server.close();
  }
});
