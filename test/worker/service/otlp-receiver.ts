/** A receiver of OTLP/HTTP for tests: takes spans as protobuf, and tells who is whose parent. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findBytes, findField, findInt, findText, readFields } from '../../../worker/graph/protobuf-reader.ts';

export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it begins a trace. */
  readonly parentId: string;
  /** 1 internal, 2 server, 3 client */
  readonly kind: number;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
}

export class OtlpReceiver implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  readonly paths = new Set<string>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<OtlpReceiver> {
    const server = createServer();
    const receiver = new OtlpReceiver(server);
    server.on('request', async (request, response) => {
      receiver.paths.add(request.url ?? '');
      receiver.headers.push(request.headers);
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      receiver.spans.push(...readSpans(Buffer.concat(chunks)));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The names on the way from the root of the trace to `span`, with the service of each. */
  pathOf(span: ReceivedSpan): string[] {
    const parent = this.spans.find(({ spanId }) => spanId === span.parentId);
    const name = `${span.resource['service.name']}: ${span.name}`;
    return parent === undefined ? [name] : [...this.pathOf(parent), name];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function messages(message: Uint8Array, field: number): Uint8Array[] {
  return [...readFields(message)].flatMap((one) => (one.field === field && one.bytes !== null ? [one.bytes] : []));
}

function readSpans(request: Uint8Array): ReceivedSpan[] {
  return messages(request, 1).flatMap((resourceSpans) => {
    const resource = attributesOf(findBytes(resourceSpans, 1) ?? new Uint8Array(), 1);
    const spans = messages(resourceSpans, 2).flatMap((scope) => messages(scope, 2));
    return spans.map((span) => readSpan(span, resource));
  });
}

function readSpan(span: Uint8Array, resource: ReceivedSpan['resource']): ReceivedSpan {
  const id = (field: number) => Buffer.from(findBytes(span, field) ?? []).toString('hex');
  const status = findBytes(span, 15);
  return {
    ...{ name: findText(span, 5), traceId: id(1), spanId: id(2), parentId: id(4), kind: findInt(span, 6) },
    isError: status !== null && findInt(status, 3) === 2,
    attributes: attributesOf(span, 9),
    resource,
  };
}

function attributesOf(message: Uint8Array, field: number): Record<string, string> {
  const entries = messages(message, field).map((entry) => [findText(entry, 1), textOf(findBytes(entry, 2)!)]);
  return Object.fromEntries(entries);
}

/** Texts and whole numbers, as text. */
function textOf(value: Uint8Array): string {
  return findBytes(value, 1) === null ? String(findField(value, 3)?.int ?? '') : findText(value, 1);
}
