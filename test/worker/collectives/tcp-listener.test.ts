/** Strangers on the transport port: cut off, counted, and without effect on a communicator that is at work. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { encodeHello } from '../../../worker/collectives/hello.ts';
import { TcpListener } from '../../../worker/collectives/tcp-listener.ts';

const key = randomBytes(32);
const address = { host: '127.0.0.1', port: 1 };
const hello = { purpose: 'pull', key, rank: 0, worldSize: 2, targetRank: 1, address } as const;

async function withListener(run: (listener: TcpListener, refusals: string[], accepted: Socket[]) => Promise<void>) {
  const refusals: string[] = [];
  const accepted: Socket[] = [];
  const listener = await TcpListener.start({
    host: '127.0.0.1',
    port: 0,
    onRefused: (reason) => refusals.push(reason),
  });
  listener.expect({ purpose: 'pull', key, targetRank: 1 }, (_, socket) => accepted.push(socket));
  try {
    await run(listener, refusals, accepted);
  } finally {
    for (const socket of accepted) socket.destroy();
    await listener.close();
  }
}

/** What the listener answers before it closes the connection. */
async function say(listener: TcpListener, bytes: Buffer): Promise<Buffer> {
  const socket = connect(listener.address);
  const answer: Buffer[] = [];
  socket.on('data', (piece) => answer.push(piece as Buffer));
  socket.on('error', () => {});
  socket.write(bytes);
  await new Promise((resolve) => socket.on('close', resolve));
  return Buffer.concat(answer);
}

const strangers: readonly [name: string, bytes: Buffer, reason: string][] = [
  ['HTTP', Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\n${'X-Long: y\r\n'.repeat(20)}\r\n`), 'more than a hello'],
  ['128 random bytes', randomBytes(128), 'no sound hello'],
  ['a hello with a guessed key', encodeHello({ ...hello, key: randomBytes(32) }), 'unknown or used key'],
  ['the right key for another purpose', encodeHello({ ...hello, purpose: 'join' }), 'unknown or used key'],
  ['the right key for another rank', encodeHello({ ...hello, rank: 1, targetRank: 0 }), 'unknown or used key'],
  ['a sound hello and more', Buffer.concat([encodeHello(hello), Buffer.alloc(1)]), 'more than a hello'],
  ['a megabyte', Buffer.alloc(1024 * 1024, 0x41), 'more than a hello'],
];
for (const [name, bytes, reason] of strangers) {
  test(`cut off without a word: ${name}`, () =>
    withListener(async (listener, refusals, accepted) => {
      assert.equal((await say(listener, bytes)).length, 0);
      assert.deepEqual(refusals, [reason]);
      assert.equal(accepted.length, 0);
    }));
}

test('a hello may come in pieces, and is handed over whole', () =>
  withListener(async (listener, refusals, accepted) => {
    const socket = connect(listener.address);
    const bytes = encodeHello(hello);
    for (const at of [0, 50, 100]) {
      socket.write(bytes.subarray(at, at + 50));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    while (accepted.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.write('more');
    const [more] = await once(accepted[0]!, 'data');
    assert.equal(String(more), 'more');
    assert.deepEqual(refusals, []);
    socket.destroy();
  }));

test('silent strangers do not add up', () =>
  withListener(async (listener, refusals) => {
    const sockets = Array.from({ length: 300 }, () => connect(listener.address).on('error', () => {}));
    while (refusals.length < 44) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(refusals.every((reason) => reason === 'too many connections without a hello'));
    for (const socket of sockets) socket.destroy();
  }));
