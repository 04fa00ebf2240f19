/**
 * HTTP in OpenAI's manner: /v1/completions, /v1/models and /health. Bodies are bounded, callers who leave are noticed,
 * slow readers are waited for. Knows HTTP; refuses to know how completions come about.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseCompletionRequest } from './completion-request.ts';
import { Completion, type CompletionsOptions } from './completions.ts';
import { OpenAiError, toOpenAiError } from './openai-error.ts';

const MAX_BODY_BYTES = 4 * 2 ** 20;
/** A request that takes longer to arrive is cut off. */
const REQUEST_TIMEOUT_MS = 30_000;

export interface OpenAiServer {
  readonly port: number;
  /** Refuses new requests, lets running ones finish for `graceMs`, then cuts them off. */
  close(graceMs: number): Promise<void>;
}

export interface OpenAiServerOptions extends CompletionsOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** Rejects when the port is taken. */
export async function startOpenAiServer(options: OpenAiServerOptions): Promise<OpenAiServer> {
  const handlers = handlersOf(options);
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    dispatch(handlers, request, response).catch((error: unknown) => fail(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: (graceMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/** By method and path. */
function handlersOf(options: CompletionsOptions): ReadonlyMap<string, Handler> {
  const { engine, modelName, limits } = options;
  const created = Math.floor(Date.now() / 1000);
  return new Map<string, Handler>([
    ['GET /health', (_request, response) => void response.writeHead(200).end()],
    [
      'GET /v1/models',
      (_request, response) => {
        const model = { id: modelName, object: 'model', created, owned_by: 'ppo-operator' };
        const more = { max_model_len: limits.cacheTokens, policy_version: engine.policyVersion };
        sendJson(response, 200, { object: 'list', data: [{ ...model, ...more }] });
      },
    ],
    ['POST /v1/completions', (request, response) => complete(request, response, options)],
  ]);
}

async function dispatch(
  handlers: ReadonlyMap<string, Handler>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0]!;
  const handler = handlers.get(`${request.method} ${path}`);
  if (handler !== undefined) return handler(request, response);
  const methods = [...handlers.keys()].filter((key) => key.endsWith(` ${path}`)).map((key) => key.split(' ')[0]!);
  if (methods.length === 0) throw new OpenAiError(404, `no ${path}; there are ${[...handlers.keys()].join(', ')}`);
  response.setHeader('allow', methods.join(', '));
  throw new OpenAiError(405, `${path} takes ${methods.join(', ')}, found ${request.method}`);
}

async function complete(
  request: IncomingMessage,
  response: ServerResponse,
  options: CompletionsOptions,
): Promise<void> {
  const completion = new Completion(parseCompletionRequest(await readJson(request)), options);
  response.once('close', () => completion.cancel());
  if (!completion.request.isStreaming) {
    const body = await completion.whole();
    if (!response.destroyed) sendJson(response, 200, body);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  for await (const piece of completion.pieces()) {
    if (response.destroyed) return;
    if (!response.write(`data: ${JSON.stringify(piece)}\n\n`)) await drained(response);
  }
  response.end('data: [DONE]\n\n');
}

/** Until the reader has caught up, or has left. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  await Promise.race([once(response, 'drain'), once(response, 'close')]);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let numBytes = 0;
  // Leaving the loop must not destroy the socket: the refusal still has to be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    numBytes += chunk.length;
    if (numBytes > MAX_BODY_BYTES) break;
    chunks.push(chunk);
  }
  if (numBytes > MAX_BODY_BYTES) {
    // Read to its end, within the request's time, and forgotten: a caller who is still sending hears no answer.
    request.resume();
    throw new OpenAiError(413, `the body exceeds ${MAX_BODY_BYTES} bytes`);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new OpenAiError(400, `the body is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** An error as the answer; where that has begun, as its last event. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return;
  const failure = toOpenAiError(error);
  if (response.headersSent) {
    response.end(`data: ${JSON.stringify(failure.body())}\n\n`);
    return;
  }
  sendJson(response, failure.status, failure.body());
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
