// The page over HTTP: its files, and what its source knows, as JSON. Reads only. It refuses to know clusters, and who may
// reach it: that is decided by the address on which it listens.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { nameProblems } from '../cluster/identity.ts';
import { HEADERS, type Refusal, refuse } from './guard.ts';
import type { PageAddress } from './page-address.ts';
import type { PageSource } from './page-source.ts';
import { etagOf, readStaticFiles, type StaticFile } from './static-files.ts';

export interface PageServerOptions {
  readonly address: PageAddress;
  readonly source: PageSource;
  /** An answer that could not be given. */
  readonly onError: (error: unknown) => void;
}

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 128;
const MAX_URL_CHARACTERS = 2048;
const REQUEST_TIMEOUT_MS = 10_000;
const JSON_TYPE = 'application/json; charset=utf-8';

type Answer = StaticFile | Refusal;

/** Rejects when the port is taken. */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const files = readStaticFiles();
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(request, files, options.source).then(
      (found) => send(request, response, found),
      (error: unknown) => {
        options.onError(error);
        send(request, response, unavailable(error));
      },
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  const { host, port } = options.address;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  // Such as one connection too many for the process: no reason to end with it.
  server.on('error', options.onError);
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { method, headers, url = '/' }: IncomingMessage,
  files: ReadonlyMap<string, StaticFile>,
  source: PageSource,
): Promise<Answer> {
  const refusal = refuse(method, headers);
  if (refusal !== null) return refusal;
  if (url.length > MAX_URL_CHARACTERS) return { status: 414, message: 'this address is too long' };
  const path = url.split('?', 1)[0] as string;
  const file = files.get(path);
  if (file !== undefined) return file;
  const found = await read(path, source);
  if (found === undefined) return { status: 404, message: 'there is no such page' };
  if (found === null) return { status: 404, message: 'there is no such job' };
  const body = Buffer.from(JSON.stringify(found));
  return { type: JSON_TYPE, body, etag: etagOf(body) };
}

/** Undefined: no such path. Null: no such job. */
async function read(path: string, source: PageSource): Promise<object | null | undefined> {
  if (path === '/healthz') return { status: 'ok' };
  if (path === '/api/jobs') return source.jobs();
  const [, namespace, name, figures] = /^\/api\/jobs\/([^/]+)\/([^/]+)(\/figures)?$/.exec(path) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  const job = { namespace, name };
  if (nameProblems(job).length > 0) return null;
  return figures === undefined ? source.job(job) : source.figures(job);
}

function unavailable(error: unknown): Refusal {
  const cause = error instanceof Error ? error.message : String(error);
  return { status: 503, message: `the jobs can't be read: ${cause}`, headers: { 'retry-after': '5' } };
}

function send({ method, headers }: IncomingMessage, response: ServerResponse, found: Answer): void {
  if ('status' in found) {
    const body = JSON.stringify({ message: found.message });
    response.writeHead(found.status, { ...HEADERS, ...found.headers, ...contentOf(JSON_TYPE, body) });
    response.end(method === 'HEAD' ? undefined : body);
    return;
  }
  if (headers['if-none-match'] === found.etag) {
    response.writeHead(304, { ...HEADERS, etag: found.etag }).end();
    return;
  }
  response.writeHead(200, { ...HEADERS, etag: found.etag, ...contentOf(found.type, found.body) });
  response.end(method === 'HEAD' ? undefined : found.body);
}

function contentOf(type: string, body: Buffer | string): Record<string, string | number> {
  return { 'content-type': type, 'content-length': Buffer.byteLength(body) };
}
