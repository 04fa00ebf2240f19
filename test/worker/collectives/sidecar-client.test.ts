/** The client where there is no sidecar, or one that answers nothing: a CommunicatorError within the deadline. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { SidecarClient } from '../../../worker/collectives/sidecar-client.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('no sidecar: SYSTEM_ERROR that says what was not reached', async () => {
  const client = new SidecarClient(`127.0.0.1:${await freePort()}`);
  try {
    const call = client.getUniqueId({ timeoutMs: 5000 });
    await assert.rejects(call, {
      code: 'SYSTEM_ERROR',
      message: /the communicator sidecar did not answer: .*ECONNREFUSED/,
    });
  } finally {
    client.close();
  }
});

test('a sidecar that says nothing: TIMEOUT', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {}).resume()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const client = new SidecarClient(`127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
  try {
    await assert.rejects(client.getUniqueId({ timeoutMs: 200 }), { code: 'TIMEOUT' });
  } finally {
    client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
