// Where the page may be served: on loopback, or nowhere.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parsePageAddress } from '../../../operator/page/page-address.ts';

it('takes loopback addresses of both families, and off', () => {
  assert.equal(parsePageAddress('off'), null);
  assert.deepEqual(parsePageAddress('127.0.0.1:8081'), { host: '127.0.0.1', port: 8081 });
  assert.deepEqual(parsePageAddress('127.9.255.1:0'), { host: '127.9.255.1', port: 0 });
  assert.deepEqual(parsePageAddress('[::1]:80'), { host: '::1', port: 80 });
  assert.deepEqual(parsePageAddress('localhost:80'), { host: 'localhost', port: 80 });
});

it('says why it takes no address that others can reach', () => {
  for (const text of ['0.0.0.0:8081', '10.1.2.3:8081', '[::]:8081', '127.0.0.1.example.com:8081', '127.0.0.256:8081']) {
    assert.match(
      String(parsePageAddress(text)),
      /must be a loopback address, such as 127\.0\.0\.1:8081: the page asks nobody/,
    );
  }
});

it('says what an address looks like', () => {
  for (const text of ['', '8081', 'localhost', '127.0.0.1:70000', '::1:80', 'on']) {
    assert.equal(parsePageAddress(text), `--page-address ${text}: must be HOST:PORT, such as 127.0.0.1:8081, or off`);
  }
});
