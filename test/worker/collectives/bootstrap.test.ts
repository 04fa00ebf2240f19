/** How ranks meet: who is refused, who is told what when somebody is missing, and that an id works once. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { TcpTransport } from '../../../worker/collectives/tcp-transport.ts';
import type { JoinOptions } from '../../../worker/collectives/transport.ts';
import { closeAll, outcomes, startTransports, TIMEOUT_MS } from './ranks.ts';

let transports: TcpTransport[];
let uniqueId: Uint8Array;
beforeEach(async () => {
  transports = await startTransports(3);
  uniqueId = await transports[0]!.createUniqueId();
});
afterEach(() => closeAll(transports));

function join(transport: number, o: Partial<JoinOptions>) {
  return transports[transport]!.join({ uniqueId, rank: transport, worldSize: 3, timeoutMs: TIMEOUT_MS, ...o });
}

test('a missing rank: TIMEOUT for those who waited too long, REMOTE_ERROR for those they leave', async () => {
  const codes = await outcomes([join(0, {}), join(1, { timeoutMs: 100 })]);
  assert.deepEqual(codes, ['REMOTE_ERROR', 'TIMEOUT']);
});

test('world sizes that differ, and a rank that comes twice, are INVALID_USAGE for all', async () => {
  const calls = [join(0, {}), join(1, { worldSize: 2 })];
  for (const call of calls) {
    await assert.rejects(call, { code: 'INVALID_USAGE', message: /joined with world size/ });
  }
  uniqueId = await transports[0]!.createUniqueId();
  assert.deepEqual(await outcomes([join(0, { rank: 1 }), join(1, {})]), ['INVALID_USAGE', 'INVALID_USAGE']);
});

test('ranks and world sizes out of range are refused before anything is dialled', async () => {
  for (const wrong of [{ rank: 3 }, { rank: -1 }, { rank: 0.5 }, { worldSize: 0 }, { worldSize: 4096 }]) {
    assert.deepEqual(await outcomes([join(0, wrong)]), ['INVALID_ARGUMENT'], JSON.stringify(wrong));
  }
});

test('a unique id works once', async () => {
  await Promise.all([join(0, {}), join(1, {}), join(2, {})]);
  await assert.rejects(join(1, {}), { code: 'REMOTE_ERROR', message: /used up or expired/ });
});

test('a unique id of a process that is gone fails at once', async () => {
  await transports[0]!.close();
  await assert.rejects(join(1, {}), { code: 'REMOTE_ERROR', message: /the bootstrap at 127.0.0.1:\d+ is lost/ });
});

test('joining can be given up', async () => {
  const controller = new AbortController();
  const calls = outcomes([join(0, {}), join(1, { signal: controller.signal })]);
  // Long enough for both to have arrived at the bootstrap.
  await new Promise((resolve) => setTimeout(resolve, 200));
  controller.abort();
  assert.deepEqual(await calls, ['REMOTE_ERROR', 'REMOTE_ERROR']);
  assert.deepEqual(await outcomes([join(2, { signal: controller.signal })]), ['REMOTE_ERROR']);
});

test('a world of one needs nobody', async () => {
  const group = await join(0, { worldSize: 1 });
  assert.equal(group.worldSize, 1);
  await group.destroy();
});

test('closing the transport ends those who wait in it', async () => {
  const calls = outcomes([join(0, {}), join(1, {})]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await transports[0]!.close();
  assert.deepEqual(await calls, ['REMOTE_ERROR', 'REMOTE_ERROR']);
});
