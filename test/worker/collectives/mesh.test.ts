/**
 * A peer that knows the key and then breaks the protocol: the communicator ends with REMOTE_ERROR that says what it did,
 * and no byte outside the requested range is written.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import {
  controlFrame,
  FRAME_BYTES,
  type Frame,
  FrameDecoder,
  FrameEncoder,
  transferFrame,
} from '../../../worker/collectives/frame.ts';
import { encodeHello, HELLO_BYTES, type Hello } from '../../../worker/collectives/hello.ts';
import { Mesh } from '../../../worker/collectives/mesh.ts';
import { TcpListener } from '../../../worker/collectives/tcp-listener.ts';
import { CopySink, Source } from '../../../worker/collectives/transfer.ts';

const key = randomBytes(32);
const communicator = key.subarray(0, 8);
const id = { operation: 3, step: 0, signature: 77 };

/** Rank 1, played by the test: `server` sends what rank 0 pulls, `reader` pulls from rank 0. */
interface Peer {
  server: Socket;
  encoder: FrameEncoder;
  readerEncoder: FrameEncoder;
  reader: Socket;
  requests: Frame[];
}

let listener: TcpListener;
let server: Server;
let mesh: Mesh;
let peer: Peer;

beforeEach(async () => {
  listener = await TcpListener.start({ host: '127.0.0.1', port: 0, onRefused: () => {} });
  mesh = new Mesh({ rank: 0, worldSize: 2, key, address: listener.address });
  listener.expect({ purpose: 'pull', key, targetRank: 0 }, (hello, socket) => mesh.accept(hello, socket));
  const accepted = Promise.withResolvers<Socket>();
  server = createServer(accepted.resolve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const address = { host: '127.0.0.1', port: typeof bound === 'object' && bound !== null ? bound.port : 0 };
  const connected = mesh.connect([listener.address, address]);
  const hello: Hello = { purpose: 'pull', key, rank: 1, worldSize: 2, targetRank: 0, address };
  const reader = connect(listener.address).on('error', () => {});
  reader.write(encodeHello(hello));
  reader.resume();
  const requests: Frame[] = [];
  const decoder = new FrameDecoder(communicator, { onFrame: (frame) => requests.push(frame), onPayload: () => {} });
  const socket = (await accepted.promise).on('error', () => {});
  let toSkip = HELLO_BYTES;
  socket.on('data', (bytes: Buffer) => {
    const skipped = Math.min(toSkip, bytes.length);
    toSkip -= skipped;
    decoder.feed(bytes.subarray(skipped));
  });
  const encoder = new FrameEncoder(communicator);
  socket.write(encoder.encode(controlFrame('welcome')));
  await connected;
  peer = { server: socket, encoder, readerEncoder: new FrameEncoder(communicator), reader, requests };
});
afterEach(async () => {
  await mesh.leave();
  peer.server.destroy();
  peer.reader.destroy();
  server.close();
  await listener.close();
});

const memory = new Uint8Array(64).fill(1);

/** Rank 0 asks for 16 bytes; the test answers with `bytes`. */
async function pullAnd(answer: (encoder: FrameEncoder) => Buffer): Promise<void> {
  const pulled = mesh.pull(1, id, new CopySink(memory.subarray(16, 32)));
  pulled.catch(() => {});
  while (peer.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  peer.server.write(answer(peer.encoder));
  return pulled;
}

const data = (length: number, change: object = {}) => ({ ...transferFrame('data', id, length), ...change });

test('an honest peer is served', async () => {
  await pullAnd((encoder) =>
    Buffer.concat([encoder.encode(data(6)), Buffer.alloc(6, 9), encoder.encode(data(10)), Buffer.alloc(10, 9)]),
  );
  assert.deepEqual(peer.requests, [transferFrame('request', id, 16)]);
  assert.deepEqual([memory[15], memory[16], memory[31], memory[32]], [1, 9, 9, 1]);
  assert.equal(mesh.failure, null);
});

const breaches: readonly [name: string, answer: (encoder: FrameEncoder) => Buffer, message: RegExp][] = [
  [
    'more than was requested',
    (encoder) => Buffer.concat([encoder.encode(data(17)), Buffer.alloc(17)]),
    /sent 17 bytes where 16 were/,
  ],
  ['an endless frame', (encoder) => encoder.encode(data(2 ** 47)), /sent 140737488355328 bytes/],
  ['another operation', (encoder) => encoder.encode(data(16, { operation: 4 })), /data that nobody requested/],
  ['another signature', (encoder) => encoder.encode(data(16, { signature: 1 })), /data that nobody requested/],
  [
    'a step that only looks the same',
    (encoder) => encoder.encode(data(16, { step: 4096 })),
    /data that nobody requested/,
  ],
  ['a second welcome', (encoder) => encoder.encode(controlFrame('welcome')), /"welcome", which was not due/],
  [
    'a request on the wrong way',
    (encoder) => encoder.encode(transferFrame('request', id, 16)),
    /"request", which was not due/,
  ],
  ['noise', () => Buffer.alloc(FRAME_BYTES, 0x55), /what is no frame/],
];
for (const [name, answer, message] of breaches) {
  test(`ends the communicator: ${name}`, async () => {
    memory.fill(1);
    await assert.rejects(pullAnd(answer), { code: 'REMOTE_ERROR', message });
    assert.match(mesh.failure!.message, /^rank 1 \(127\.0\.0\.1:\d+\) /);
    assert.ok(memory.every((byte) => byte === 1));
  });
}

const readerBreaches: readonly [name: string, say: (encoder: FrameEncoder) => Buffer, message: RegExp][] = [
  ['data from a reader', (encoder) => encoder.encode(data(4)), /"data", which was not due/],
  [
    'the same request twice',
    (encoder) => {
      const request = transferFrame('request', { ...id, operation: 9 }, 4);
      return Buffer.concat([encoder.encode(request), encoder.encode(request)]);
    },
    /"request", which was not due/,
  ],
  [
    'a flood of requests',
    (encoder) =>
      Buffer.concat(
        Array.from({ length: 70_000 }, (_, i) =>
          encoder.encode(transferFrame('request', { ...id, operation: 100 + i }, 1)),
        ),
      ),
    /sent 65536 requests at once/,
  ],
];
for (const [name, say, message] of readerBreaches) {
  test(`ends the communicator: ${name}`, async () => {
    const pushed = mesh.push(1, id, new Source(memory.subarray(0, 16)));
    peer.reader.write(say(peer.readerEncoder));
    await assert.rejects(pushed, { code: 'REMOTE_ERROR', message });
  });
}

test('strangers with the key but as the wrong rank, or twice, are turned away', async () => {
  const address = { host: '127.0.0.1', port: 9 };
  for (const wrong of [
    { rank: 0, worldSize: 2 },
    { rank: 1, worldSize: 2 },
    { rank: 2, worldSize: 3 },
  ]) {
    const socket = connect(listener.address).on('error', () => {});
    socket.write(encodeHello({ purpose: 'pull', key, targetRank: 0, address, ...wrong }));
    await new Promise((resolve) => socket.on('close', resolve));
  }
  assert.equal(mesh.failure, null);
});
