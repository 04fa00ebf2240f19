/** CRC-32C against published vectors, and its mask against TensorBoard's files (see tensorboard.test.ts). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c, maskedCrc32c } from '../../../../worker/coordinator/tracking/crc32c.ts';

const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);

test('RFC 3720, B.4, and the check value of the catalogue of CRCs', () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(ascending), 0x46dd794e);
  assert.equal(crc32c(ascending.toReversed()), 0x113fdb5c);
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(new Uint8Array()), 0);
});

test('the mask of LevelDB turns right by 15 and adds its constant', () => {
  // 0xe3069283 turned right by 15 is 0x2507c60d.
  assert.equal(maskedCrc32c(Buffer.from('123456789')), (0x2507c60d + 0xa282ead8) >>> 0);
  assert.equal(maskedCrc32c(new Uint8Array()), 0xa282ead8);
});
