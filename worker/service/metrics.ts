/**
 * Prometheus metrics of one process, with liveness and readiness, over HTTP on the pod's own address.
 * Knows nothing of what is measured.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { collectDefaultMetrics, Registry } from 'prom-client';

/**
 * A registry with Node's own process metrics. Whose they are (namespace, job, role, pod) is said by whoever scrapes, as
 * labels of the target: docs/metrics.md.
 */
export function createMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

function send(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}

async function answer(path: string, options: MetricsServerOptions, response: ServerResponse): Promise<void> {
  if (path === '/healthz') return send(response, 200, 'ok\n');
  if (path === '/readyz') return options.isReady() ? send(response, 200, 'ok\n') : send(response, 503, 'not ready\n');
  if (path !== '/metrics') return send(response, 404, 'known paths: /metrics /healthz /readyz\n');
  send(response, 200, await options.registry.metrics(), options.registry.contentType);
}

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  readonly isReady: () => boolean;
}

/** Serves /metrics, /healthz and /readyz. Rejects when the port is taken. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const server: Server = createServer((request, response) => {
    answer(new URL(request.url ?? '/', 'http://pod').pathname, options, response).catch((error: unknown) =>
      send(response, 500, `${String(error)}\n`),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
