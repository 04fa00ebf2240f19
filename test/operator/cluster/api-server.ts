// An HTTP server that answers what a test says, in place of an API server; it counts connections and keeps what it was asked.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../../operator/cluster/clock.ts';
import { systemClock } from '../../../operator/cluster/clock.ts';
import { KubernetesCluster } from '../../../operator/cluster/kubernetes-cluster.ts';
import { KubernetesCredentials } from '../../../operator/cluster/kubernetes-credentials.ts';
import type { Attempt } from '../../../operator/cluster/kubernetes-transport.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export type Respond = (response: ServerResponse, asked: Asked) => void;

export interface ClientOptions {
  readonly deadlineMs?: number;
  readonly watchIdleMs?: number;
  readonly clock?: Clock;
  readonly onAttempt?: (attempt: Attempt) => void;
}

export class ScriptedApiServer {
  readonly asked: Asked[] = [];
  numConnections = 0;
  /** Of each request, in order; the last one answers all further requests. */
  #script: Respond[] = [];
  readonly #server: Server;
  readonly #clients: KubernetesCluster[] = [];

  private constructor() {
    this.#server = createServer((request, response) => void this.#handle(request, response));
    this.#server.on('connection', () => {
      this.numConnections += 1;
    });
  }

  static async start(...script: Respond[]): Promise<ScriptedApiServer> {
    const server = new ScriptedApiServer();
    server.#script = script;
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  connect(options: ClientOptions = {}): KubernetesCluster {
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: 'c', server: this.url, skipTLSVerify: true }, { name: 'u', token: 'secret' });
    const credentials = new KubernetesCredentials(config, options.clock ?? systemClock);
    const client = new KubernetesCluster({ credentials, userAgent: 'test/1', ...options });
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.close();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url ?? '/', this.url);
    const asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: text === '' ? null : JSON.parse(text),
    };
    const respond = this.#script[Math.min(this.asked.length, this.#script.length - 1)];
    this.asked.push(asked);
    respond?.(response, asked);
  }
}

export function answer(status: number, body: unknown, headers: Record<string, string> = {}): Respond {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

export function refuse(status: number, reason: string, message = 'no'): Respond {
  return answer(status, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: status });
}

/** The connection is lost without an answer. */
export const HANG_UP: Respond = (response) => response.destroy();
/** No answer comes. */
export const SILENCE: Respond = () => {};
