/** Probes: thresholds in a row, eager probing that doesn't count failures early, HTTP outcomes. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type HttpProbe, ProbeResults, probeOnce, sleep } from '../../../operator/local/probes.ts';

const PROBE: HttpProbe = {
  ...{ host: '127.0.0.1', port: 1, path: '/readyz', initialDelaySeconds: 5, periodSeconds: 2 },
  ...{ timeoutSeconds: 1, successThreshold: 2, failureThreshold: 2 },
};

test('success needs its threshold in a row', () => {
  const results = new ProbeResults(PROBE, 0);
  assert.equal(results.add(true, 0), false);
  assert.equal(results.add(false, 1), false);
  assert.equal(results.add(true, 2), false);
  assert.equal(results.verdict, null);
  assert.equal(results.add(true, 3), true);
  assert.equal(results.verdict, true);
  assert.equal(results.add(true, 4), false);
});

test('failures count from the initial delay, once a period', () => {
  const results = new ProbeResults(PROBE, 0);
  for (const nowMs of [0, 4999, 5000, 5250, 6999]) assert.equal(results.add(false, nowMs), false, String(nowMs));
  assert.equal(results.add(false, 7000), true);
  assert.equal(results.verdict, false);
});

test('a success starts the failures anew', () => {
  const results = new ProbeResults(PROBE, 0);
  results.add(false, 5000);
  results.add(true, 6000);
  assert.equal(results.add(false, 7000), false);
  assert.equal(results.add(false, 9000), true);
});

test('2xx and 3xx pass; errors, silence and refusal fail', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/silent') return;
    response.statusCode = Number(request.url?.slice(1));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const probe = (path: string) =>
    probeOnce({ ...PROBE, port, path, timeoutSeconds: 0.2 }, new AbortController().signal);
  try {
    assert.deepEqual(await Promise.all(['/200', '/302', '/404', '/503', '/silent'].map(probe)), [
      true,
      true,
      false,
      false,
      false,
    ]);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  assert.equal(await probe('/200'), false);
});

test('sleep ends with its signal', async () => {
  const controller = new AbortController();
  const sleeping = sleep(3_600_000, controller.signal);
  controller.abort();
  await sleeping;
  await sleep(3_600_000, controller.signal);
});

test('the period counts from start to start, whatever a probe takes', () => {
  const results = new ProbeResults({ ...PROBE, successThreshold: 1 }, 0);
  assert.equal(results.msUntilNext(100, 150), 200);
  results.add(true, 1000);
  assert.equal(results.msUntilNext(1000, 1000), 2000);
  assert.equal(results.msUntilNext(1000, 2500), 500);
  assert.equal(results.msUntilNext(1000, 9000), 0);
});
