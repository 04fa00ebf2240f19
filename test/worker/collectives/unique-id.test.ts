/** The 128 bytes: what goes in comes out, and every kind of damage is named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUniqueId, parseUniqueId, UNIQUE_ID_BYTES } from '../../../worker/collectives/unique-id.ts';

const address = { host: '127.1.2.3', port: 7002 };

test('a unique id holds its address and a key of its own', () => {
  const id = createUniqueId(address);
  assert.equal(id.length, UNIQUE_ID_BYTES);
  assert.deepEqual(parseUniqueId(id).bootstrap, address);
  assert.deepEqual(parseUniqueId(Uint8Array.from(id)), parseUniqueId(id));
  assert.notDeepEqual(parseUniqueId(createUniqueId(address)).key, parseUniqueId(id).key);
  assert.deepEqual(parseUniqueId(createUniqueId({ host: 'fd00::7', port: 1 })).bootstrap.host, 'fd00::7');
});

test('the secret does not appear in what is shown to a peer', () => {
  const id = createUniqueId(address);
  assert.equal(id.includes(parseUniqueId(id).key), false);
});

const damages: readonly [name: string, damage: (id: Buffer) => Uint8Array, message: RegExp][] = [
  ['too short', (id) => id.subarray(1), /found 127 bytes, expected 128/],
  ['too long', (id) => Buffer.concat([id, id]), /found 256 bytes/],
  ['all zeros', () => new Uint8Array(128), /wrong magic/],
  ['another version', (id) => poke(id, 8, 9), /found version 9, expected 1/],
  ['a length beyond the address', (id) => poke(id, 12, 200), /address is damaged/],
  ['a host that is a name', (id) => poke(id, 13, 'x'.charCodeAt(0)), /address is damaged/],
  ['port 0', (id) => poke(poke(id, 10, 0), 11, 0), /address is damaged/],
  ['padding in use', (id) => poke(id, 127, 1), /padding is damaged/],
];
for (const [name, damage, message] of damages) {
  test(`refused: ${name}`, () => {
    assert.throws(() => parseUniqueId(damage(createUniqueId(address))), { code: 'INVALID_ARGUMENT', message });
  });
}

function poke(id: Buffer, at: number, byte: number): Buffer {
  id[at] = byte;
  return id;
}
