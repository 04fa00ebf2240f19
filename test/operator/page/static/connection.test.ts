// One question of the page to its server: an answer, or words for people why there is none.

import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { it } from 'node:test';
import { ask } from '../../../../operator/page/static/connection.js';

async function withServer(respond: RequestListener, body: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(respond);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  try {
    await body(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const json = (status: number, value: unknown): RequestListener => {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
};

it('takes what was found, and that there is none, as an answer', async () => {
  await withServer(json(200, { jobs: [] }), async (url) => {
    const { status, body, serverMs } = await ask(url);
    assert.deepEqual([status, body], [200, { jobs: [] }]);
    assert.ok(Math.abs(serverMs - Date.now()) < 86_400_000);
  });
  await withServer(json(404, { message: 'no' }), async (url) => assert.equal((await ask(url)).status, 404));
});

it('says why there is none', async () => {
  await withServer(json(503, { message: "the jobs can't be read" }), async (url) => {
    await assert.rejects(ask(url), { message: "the jobs can't be read" });
  });
  await withServer(json(500, 'x'), async (url) => {
    await assert.rejects(ask(url), { message: 'the answer was 500' });
  });
  let gone = '';
  await withServer(json(200, {}), async (url) => {
    gone = url;
  });
  await assert.rejects(ask(gone), { message: 'nobody answers' });
});

it('takes an answer that was cut short for none', async () => {
  const cut: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('{"jobs":', () => response.destroy());
  };
  await withServer(cut, async (url) => {
    await assert.rejects(ask(url), { message: 'the answer was cut short' });
  });
});
