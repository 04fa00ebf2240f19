// The part of a kubelet that an API server asks for the logs of containers: a test says what stands in them. It knows no pods
// beyond their names.

import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { issueAuthority } from '../../operator/security/certificates.ts';

/** As a node's container runtime keeps them: each line with its time. */
interface Line {
  readonly time: string;
  readonly text: string;
}

const PATH = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/;
const DAY_MS = 86_400_000;

export class KubeletLogs {
  readonly #server: Server;
  readonly #lines = new Map<string, Line[]>();
  readonly #followers = new Map<string, Set<ServerResponse>>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(host: string): Promise<KubeletLogs> {
    const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
    const { certificate: cert, key } = issueAuthority({ commonName: 'node', ...validity });
    const server = createServer({ cert, key }, (request, response) => logs.#answer(request.url ?? '', response));
    const logs = new KubeletLogs(server);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
    return logs;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** `container`: "namespace/pod/container". */
  write(container: string, text: string, time = new Date().toISOString()): void {
    this.#lines.set(container, [...(this.#lines.get(container) ?? []), { time, text }]);
    for (const follower of this.#followers.get(container) ?? []) follower.write(`${time} ${text}\n`);
  }

  /** Ends the container's log for those who follow it. */
  end(container: string): void {
    for (const follower of this.#followers.get(container) ?? []) follower.end();
    this.#followers.delete(container);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #answer(url: string, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'https://node');
    const container = PATH.exec(pathname)?.slice(1).join('/') ?? '';
    const tail = Number(searchParams.get('tailLines') ?? Number.POSITIVE_INFINITY);
    const lines = (this.#lines.get(container) ?? []).slice(-tail);
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write(lines.map(({ time, text }) => `${time} ${text}\n`).join(''));
    if (searchParams.get('follow') !== 'true') {
      response.end();
      return;
    }
    const followers = this.#followers.get(container) ?? new Set();
    this.#followers.set(container, followers.add(response));
    response.once('close', () => followers.delete(response));
  }
}
