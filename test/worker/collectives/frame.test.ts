/** Frames: the same whatever the pieces they arrive in; each violation named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  controlFrame,
  FRAME_BYTES,
  type Frame,
  FrameDecoder,
  FrameEncoder,
  transferFrame,
} from '../../../worker/collectives/frame.ts';

const communicator = Buffer.from('12345678');
const id = { operation: 2 ** 32 - 1, step: 5, signature: 0xdeadbeef };

function receiver() {
  const frames: Frame[] = [];
  const payload: number[] = [];
  return {
    frames,
    payload,
    onFrame: (frame: Frame) => void frames.push(frame),
    onPayload: (piece: Uint8Array) => void payload.push(...piece),
  };
}

test('frames and payloads come out the same for every size of piece', () => {
  const encoder = new FrameEncoder(communicator);
  const sent = [controlFrame('welcome'), transferFrame('data', id, 100), transferFrame('request', id, 2 ** 40)];
  const payload = Buffer.from(Array.from({ length: 100 }, (_, i) => i));
  const [welcome, data, request] = sent.map((frame) => encoder.encode(frame));
  const stream = Buffer.concat([welcome!, data!, payload, request!, encoder.encode(controlFrame('abort', 'TIMEOUT'))]);
  for (const size of [1, 7, FRAME_BYTES, 64, stream.length]) {
    const got = receiver();
    const decoder = new FrameDecoder(communicator, got);
    for (let at = 0; at < stream.length; at += size) decoder.feed(stream.subarray(at, at + size));
    assert.deepEqual(got.frames, [...sent, controlFrame('abort', 'TIMEOUT')]);
    assert.deepEqual(got.payload, [...payload]);
  }
});

const violations: readonly [name: string, bytes: () => Buffer, message: RegExp][] = [
  ['other bytes', () => Buffer.alloc(FRAME_BYTES, 0x47), /no frame/],
  ['another communicator', () => new FrameEncoder(Buffer.alloc(8)).encode(controlFrame('bye')), /another communicator/],
  ['a repeated frame', () => Buffer.concat([firstFrame(), firstFrame()]), /frame 0 where 1 was due/],
  ['an unknown kind', () => poke(firstFrame(), 5, 99), /unknown kind/],
  ['an unknown code', () => poke(firstFrame(), 6, 99), /unknown kind/],
];
for (const [name, bytes, message] of violations) {
  test(`refused: ${name}`, () => {
    const decoder = new FrameDecoder(communicator, receiver());
    assert.throws(() => decoder.feed(bytes()), { code: 'REMOTE_ERROR', message });
  });
}

function firstFrame(): Buffer {
  return new FrameEncoder(communicator).encode(controlFrame('welcome'));
}

function poke(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value;
  return bytes;
}
