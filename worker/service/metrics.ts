/**
 * Prometheus metrics of one process, with liveness and readiness, over HTTP on the pod's own address.
 * Knows nothing of what is measured.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import { numDroppedSpans } from './tracing.ts';

/**
 * A registry with Node's own process metrics. Whose they are (namespace, job, role, pod) is said by whoever scrapes, as
 * labels of the target: docs/metrics.md.
 */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Counter({
    name: 'ppo_tracing_dropped_spans_total',
    help: 'Spans that no receiver took in time',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(numDroppedSpans());
    },
  });
  return registry;
}

/** In PEM. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface MetricsServer {
  readonly port: number;
  /** From the next connection on. Only where it began with one. */
  useCertificate(certificate: ServerCertificate): void;
  close(): Promise<void>;
}

function send(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}

/** `why` not, or null where all is well. */
function sendState(response: ServerResponse, statusIfNot: number, why: string | null): void {
  send(response, why === null ? 200 : statusIfNot, why === null ? 'ok\n' : `${why}\n`);
}

function whyNotReady({ isReady }: MetricsServerOptions): string | null {
  const answer = isReady();
  return typeof answer === 'string' ? `not ready: ${answer}` : answer ? null : 'not ready';
}

async function answer(path: string, options: MetricsServerOptions, response: ServerResponse): Promise<void> {
  if (path === '/healthz') return sendState(response, 500, options.problem?.() ?? null);
  if (path === '/readyz') return sendState(response, 503, whyNotReady(options));
  if (path !== '/metrics') return send(response, 404, 'known paths: /metrics /healthz /readyz\n');
  send(response, 200, await options.registry.metrics(), options.registry.contentType);
}

export interface MetricsServerOptions {
  /** Null: every address, of both families where there are two. */
  readonly host: string | null;
  readonly port: number;
  readonly registry: Registry;
  /** A text says why not. */
  readonly isReady: () => boolean | string;
  /** Why the process should be ended, or null; absent: it is well as long as it answers. */
  readonly problem?: () => string | null;
  /** By HTTPS where there is one. */
  readonly certificate?: ServerCertificate;
}

/** Serves /metrics, /healthz and /readyz. Rejects when the port is taken. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    // What comes is not always a URL: `GET //` is none.
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    answer(path, options, response).catch((error: unknown) => send(response, 500, `${String(error)}\n`));
  };
  const { certificate } = options;
  const secure: HttpsServer | null = certificate === undefined ? null : createHttpsServer(certificate, listener);
  const server: Server = secure ?? createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port, ...(options.host !== null && { host: options.host }) }, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    port,
    useCertificate: (renewed) => secure?.setSecureContext(renewed),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
