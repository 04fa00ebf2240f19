/** Addresses: stable per pod, blocks that never meet, taken ports found. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { findTakenPorts, PodNetwork } from '../../../operator/local/network.ts';

test('each pod has its own address and keeps it', async () => {
  const network = await PodNetwork.lease(1);
  try {
    const names = Array.from({ length: 600 }, (_, i) => `default/pod-${i}`);
    const addresses = names.map((name) => network.address(name));
    assert.equal(new Set(addresses).size, 600);
    assert.deepEqual(
      names.map((name) => network.address(name)),
      addresses,
    );
    for (const address of addresses) assert.match(address, /^127\.\d+\.[1-3]\.\d+$/);
    assert.ok(!addresses.includes(network.hostAddress));
  } finally {
    await network.close();
  }
});

test('two leases with the same seed get different blocks; a closed one is free again', async () => {
  const first = await PodNetwork.lease(7);
  const second = await PodNetwork.lease(7);
  assert.notEqual(first.address('a'), second.address('a'));
  await second.close();
  const third = await PodNetwork.lease(7);
  assert.equal(third.address('a'), second.address('a'));
  await Promise.all([first.close(), third.close()]);
});

test('platforms without 127/8 are refused with the reason', async () => {
  await assert.rejects(PodNetwork.lease(1, 'darwin'), /darwin doesn't route; run it on Linux/);
});

test('a port that another program has on every address is found', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const network = await PodNetwork.lease(11);
  try {
    assert.deepEqual(await findTakenPorts(network.address('a'), [address.port]), [address.port]);
  } finally {
    await Promise.all([network.close(), new Promise((resolve) => server.close(resolve))]);
  }
  assert.deepEqual(await findTakenPorts('127.0.0.1', [address.port]), []);
});
