// The page over real HTTP: its routes, its headers, and what it refuses.

import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../../operator/cluster/clock.ts';
import type { Cluster } from '../../../operator/cluster/cluster.ts';
import { UnavailableError } from '../../../operator/cluster/errors.ts';
import type { JobDetail, Overview } from '../../../operator/page/page-api.ts';
import { PageSource } from '../../../operator/page/page-source.ts';
import { type PageServer, startPageServer } from '../../../operator/page/server.ts';
import { STATIC_NAMES } from '../../../operator/page/static-files.ts';
import { overrideCluster } from '../cluster/fixtures.ts';
import { buildWorld, EVIL, HOST } from './fixtures.ts';

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let server: PageServer;
let cluster: Cluster;
const errors: unknown[] = [];

before(async () => {
  cluster = (await buildWorld()).cluster;
  const figures = { read: () => null };
  const read = async () => ({ cluster, host: HOST, figures });
  const source = new PageSource({ clock: systemClock, read });
  const address = { host: '127.0.0.1', port: 0 };
  server = await startPageServer({ address, source, onError: (error) => errors.push(error) });
});
after(() => server.close());

/** The path as it is, which `fetch` would tidy. */
function ask(path: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Reply> {
  const { port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('the page over HTTP', () => {
  it('hands out its files, each with its type and the same strict headers', async () => {
    for (const name of ['', ...STATIC_NAMES.slice(1)]) {
      const { status, headers, body } = await ask(`/${name}`);
      assert.equal(status, 200, name);
      assert.ok(body.length > 0);
      assert.match(String(headers['content-security-policy']), /default-src 'none'/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.match(
        headers['content-type'] ?? '',
        name.endsWith('.js') ? /^text\/javascript/ : /^(text\/(html|css)|image)/,
      );
    }
  });

  it('has no script or style within its HTML, and names no other host', async () => {
    const { body } = await ask('/');
    assert.doesNotMatch(body, /<style|style=|\son\w+=|https?:|<script(?![^>]*src=)/);
  });

  it('tells of jobs, of one job, and of its curves', async () => {
    const overview = JSON.parse((await ask('/api/jobs')).body) as Overview;
    assert.deepEqual(
      overview.jobs.map(({ name }) => name),
      ['evil'],
    );
    assert.deepEqual(overview.host, HOST);
    const detail = JSON.parse((await ask('/api/jobs/default/evil?x=1')).body) as JobDetail;
    assert.equal(detail.events[0]?.message, EVIL);
    assert.match(detail.manifest, /^apiVersion: /);
    assert.deepEqual(JSON.parse((await ask('/api/jobs/default/evil/figures')).body), { revision: null, series: [] });
    assert.deepEqual(JSON.parse((await ask('/healthz')).body), { status: 'ok' });
  });

  it('says JSON is JSON, so that no text of a job is ever taken for a page', async () => {
    const { headers } = await ask('/api/jobs/default/evil');
    assert.match(headers['content-type'] ?? '', /^application\/json/);
  });

  it('knows no other path, however it is written', async () => {
    const paths = [
      ...[
        '/index.html/',
        '/../package.json',
        '/..%2f..%2fpackage.json',
        '/static/main.js',
        '//main.js',
        '/api',
        '/api/jobs/',
      ],
      ...['/api/jobs/default', '/api/jobs/default/none', '/api/jobs/default/evil/secrets', '/api/jobs/..%2f/evil'],
      ...[
        '/api/jobs/default/%65vil',
        '/api/jobs/Default/evil',
        `/api/jobs/default/${'x'.repeat(300)}`,
        '/%00',
        '/metrics',
      ],
    ];
    for (const path of paths) assert.equal((await ask(path)).status, 404, path);
    assert.equal((await ask(`/${'x'.repeat(4000)}`)).status, 414);
  });

  it('sends nothing again that is known, and no body where none is asked for', async () => {
    for (const path of ['/main.js', '/api/jobs']) {
      const first = await ask(path);
      const again = await ask(path, { headers: { 'if-none-match': first.headers.etag ?? '' } });
      assert.deepEqual([again.status, again.body], [304, '']);
      const head = await ask(path, { method: 'HEAD' });
      assert.deepEqual([head.status, head.body], [200, '']);
      assert.equal(head.headers['content-length'], first.headers['content-length']);
    }
  });

  it('refuses other names and other methods, under the same headers', async () => {
    const rebound = await ask('/api/jobs', { headers: { host: 'evil.example' } });
    assert.equal(rebound.status, 421);
    assert.doesNotMatch(rebound.body, /default/);
    const posted = await ask('/api/jobs', { method: 'POST' });
    assert.deepEqual([posted.status, posted.headers.allow], [405, 'GET, HEAD']);
    assert.equal(posted.headers['x-frame-options'], 'DENY');
    assert.equal(
      (await ask('/api/jobs', { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' } })).status,
      403,
    );
  });

  it('says why jobs can’t be read, and reads them again when they can', async () => {
    const sound = cluster;
    cluster = overrideCluster(sound, { get: () => Promise.reject(new UnavailableError('no route to host')) });
    const failed = await ask('/api/jobs/default/another');
    assert.deepEqual([failed.status, failed.headers['retry-after']], [503, '5']);
    assert.deepEqual(JSON.parse(failed.body), { message: "the jobs can't be read: no route to host" });
    assert.equal(errors.length, 1);
    cluster = sound;
    assert.equal((await ask('/api/jobs/default/another')).status, 404);
  });
});
