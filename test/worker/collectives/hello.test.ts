/** The first bytes of a connection: round trip, and refusal of anything else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeHello, encodeHello, HELLO_BYTES, type Hello } from '../../../worker/collectives/hello.ts';

const hello: Hello = {
  purpose: 'pull',
  key: Buffer.alloc(32, 7),
  rank: 2,
  worldSize: 3,
  targetRank: 1,
  address: { host: '10.0.0.9', port: 7002 },
};

test('a hello survives the wire', () => {
  const bytes = encodeHello(hello);
  assert.equal(bytes.length, HELLO_BYTES);
  assert.deepEqual(decodeHello(bytes), hello);
});

test('a changed byte anywhere but in the key is no hello, or another one', () => {
  for (let at = 0; at < HELLO_BYTES; at++) {
    const bytes = encodeHello(hello);
    bytes[at]! ^= 0xff;
    assert.notDeepEqual(decodeHello(bytes), hello, `byte ${at}`);
  }
});

test('ranks outside the world are refused, and worlds beyond the limit', () => {
  for (const wrong of [{ rank: 3 }, { targetRank: 3 }, { worldSize: 0 }, { worldSize: 5000 }]) {
    assert.equal(decodeHello(encodeHello({ ...hello, ...wrong })), null, JSON.stringify(wrong));
  }
});
