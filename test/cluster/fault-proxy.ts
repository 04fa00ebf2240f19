// An HTTP proxy in front of an API server that does harm on demand: requests are cut, left without an answer, refused, or
// carried out while their answer is lost; open watches are ended or fall silent. It remembers the writes that came through,
// and refuses to know what any of it is for.

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request as send } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly isWatch: boolean;
  /** A write to anything but a Lease. */
  readonly isWrite: boolean;
  readonly atMs: number;
}

/** 'cut': no answer, and the server never hears of it. 'stall': the same, but the connection stays open. */
export type Verdict =
  | 'pass'
  | 'cut'
  | 'stall'
  /** The server does it; the answer never arrives. */
  | { readonly loseAnswer: () => void }
  | Refusal;

export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export type Rule = (request: SeenRequest) => Verdict | Promise<Verdict>;

export class FaultProxy {
  /** Asked about every request. */
  rule: Rule = () => 'pass';
  /** Writes that were sent on to the server, in order, and when. */
  readonly writes: SeenRequest[] = [];
  readonly #server: Server;
  readonly #upstream: URL;
  readonly #agent: Agent;
  readonly #sockets = new Set<Socket>();
  /** How to silence each. */
  readonly #watches = new Map<ServerResponse, () => void>();

  private constructor(upstream: string, certificateFile: string) {
    this.#upstream = new URL(upstream);
    this.#agent = new Agent({ keepAlive: true, ca: readFileSync(certificateFile) });
    this.#server = createServer((incoming, response) => void this.#serve(incoming, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** `certificateFile`: whom to trust as the server. */
  static async start(upstream: string, certificateFile: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstream, certificateFile);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Open watches end in the middle of whatever they say. */
  cutWatches(): void {
    for (const response of this.#watches.keys()) response.destroy();
  }

  /** Open watches stay open and never say anything again. */
  silenceWatches(): void {
    for (const silence of this.#watches.values()) silence();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    this.#agent.destroy();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = incoming;
    const isWrite = method !== 'GET' && !url.includes('/leases');
    const seen = { method, path: url, isWatch: url.includes('watch=1'), isWrite, atMs: Date.now() };
    const body = await readAll(incoming);
    if (body === null) return;
    const verdict = await this.rule(seen);
    if (verdict === 'stall') return;
    if (verdict === 'cut') response.destroy();
    else if (verdict === 'pass')
      this.#forward(seen, { incoming, body }, (answer) => this.#answer(seen, answer, response));
    else if ('status' in verdict) refuse(response, verdict);
    else {
      this.#forward(seen, { incoming, body }, (answer) => {
        answer.resume();
        verdict.loseAnswer();
        response.destroy();
      });
    }
  }

  #forward(
    seen: SeenRequest,
    { incoming, body }: { readonly incoming: IncomingMessage; readonly body: Buffer },
    onAnswer: (answer: IncomingMessage) => void,
  ): void {
    if (seen.isWrite) this.writes.push({ ...seen, atMs: Date.now() });
    const { hostname, port } = this.#upstream;
    const { host: _, connection: __, 'transfer-encoding': ___, ...headers } = incoming.headers;
    const sent = { ...headers, 'content-length': body.length };
    const options = { agent: this.#agent, hostname, port, method: seen.method, path: seen.path, headers: sent };
    const onwards = send(options, onAnswer);
    const abandon = (): void => {
      onwards.destroy();
    };
    // The server is away: whoever asked finds out by a closed connection.
    onwards.on('error', () => incoming.socket.destroy());
    incoming.socket.once('close', abandon);
    onwards.once('close', () => incoming.socket.off('close', abandon));
    onwards.end(body);
  }

  #answer(seen: SeenRequest, answer: IncomingMessage, response: ServerResponse): void {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on('error', () => response.destroy());
    answer.pipe(response);
    if (!seen.isWatch) return;
    response.flushHeaders();
    this.#watches.set(response, () => {
      answer.unpipe(response);
      answer.resume();
    });
    response.on('close', () => this.#watches.delete(response));
  }
}

function refuse(response: ServerResponse, { status, headers = {}, body = {} }: Refusal): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(`${JSON.stringify(body)}\n`);
}

/** Null when whoever asked has gone. */
async function readAll(incoming: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch {
    return null;
  }
}
