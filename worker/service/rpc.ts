/**
 * Calls with deadlines, as promises and async generators, on both sides of the wire; and the one error of this boundary.
 * Knows nothing of any particular service.
 */
import { once } from 'node:events';
import * as grpc from '@grpc/grpc-js';
import { currentIteration, hearIteration } from './iteration.ts';
import { type Attributes, isTraced, type Span, startCall, tracedCall } from './tracing.ts';

/** A failed remote call. `code` is gRPC's status; `message` is fit for a user. */
export class RpcError extends Error {
  readonly code: grpc.status;
  constructor(code: grpc.status, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RpcError';
    this.code = code;
  }
}

function isServiceError(error: unknown): error is grpc.ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

/** Turns anything thrown into an RpcError; what is none yet becomes `fallback`. */
export function toRpcError(error: unknown, fallback: grpc.status = grpc.status.INTERNAL): RpcError {
  if (error instanceof RpcError) return error;
  if (isServiceError(error)) return new RpcError(error.code, error.details || error.message, { cause: error });
  if (error instanceof Error) return new RpcError(fallback, error.message, { cause: error });
  return new RpcError(fallback, String(error));
}

export interface UnaryOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** The last overload of a generated client's method, which is the one that TypeScript infers from. */
type UnaryMethod<Req, Rep> = (request: Req, callback: grpc.requestCallback<Rep>) => grpc.ClientUnaryCall;

/** The overload that takes everything. */
type UnaryMethodWithOptions<Req, Rep> = (
  request: Req,
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
  callback: grpc.requestCallback<Rep>,
) => grpc.ClientUnaryCall;

/** One request, one reply. Throws RpcError, DEADLINE_EXCEEDED when `deadlineMs` passed, CANCELLED on abort. */
export function unary<Req, Rep>(
  client: grpc.Client,
  method: UnaryMethod<Req, Rep>,
  request: Req,
  options: UnaryOptions,
): Promise<Rep> {
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) {
      reject(new RpcError(grpc.status.CANCELLED, 'the call was cancelled before it began'));
      return;
    }
    const start = method as unknown as UnaryMethodWithOptions<Req, Rep>;
    const span = startCallSpan(client, method);
    const deadline = Date.now() + options.deadlineMs;
    const call = start.call(client, request, metadataOf(span), { deadline }, (error, reply) => {
      options.signal?.removeEventListener('abort', cancel);
      endCallSpan(span, error);
      if (error) reject(toRpcError(error));
      else if (reply === undefined) reject(new RpcError(grpc.status.INTERNAL, 'the reply was empty'));
      else resolve(reply);
    });
    const cancel = () => call.cancel();
    options.signal?.addEventListener('abort', cancel, { once: true });
  });
}

export interface StreamOptions extends UnaryOptions {
  /** Longest wait between two messages. */
  readonly idleMs: number;
}

type StreamMethod<Req, Rep> = (request: Req, options: grpc.CallOptions) => grpc.ClientReadableStream<Rep>;

/** The overload that takes everything. */
type StreamMethodWithOptions<Req, Rep> = (
  request: Req,
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
) => grpc.ClientReadableStream<Rep>;

/** One request, many replies. Throws RpcError; DEADLINE_EXCEEDED as well when no message came for `idleMs`. */
export async function* stream<Req, Rep>(
  client: grpc.Client,
  method: StreamMethod<Req, Rep>,
  request: Req,
  options: StreamOptions,
): AsyncGenerator<Rep, void, undefined> {
  if (options.signal?.aborted) throw new RpcError(grpc.status.CANCELLED, 'the call was cancelled before it began');
  const span = startCallSpan(client, method);
  const start = method as unknown as StreamMethodWithOptions<Req, Rep>;
  const call = start.call(client, request, metadataOf(span), { deadline: Date.now() + options.deadlineMs });
  let failure: RpcError | null = null;
  let isIdle = false;
  const watchdog = setTimeout(() => {
    isIdle = true;
    call.cancel();
  }, options.idleMs);
  const cancel = () => call.cancel();
  options.signal?.addEventListener('abort', cancel, { once: true });
  try {
    for await (const message of call) {
      watchdog.refresh();
      yield message as Rep;
    }
  } catch (error) {
    if (isIdle) {
      const message = `no message for ${options.idleMs} ms`;
      failure = new RpcError(grpc.status.DEADLINE_EXCEEDED, message, { cause: error });
    }
    failure ??= toRpcError(error);
    throw failure;
  } finally {
    endCallSpan(span, failure);
    clearTimeout(watchdog);
    options.signal?.removeEventListener('abort', cancel);
    call.cancel();
    // grpc-js reports the cancellation of an abandoned stream as an error event; nobody is left to hear it.
    call.on('error', () => {});
  }
}

/** A status travels as a header, some characters as nine bytes: one that is too long takes the whole answer with it. */
const MAX_DETAILS_CHARACTERS = 4000;

function toStatus(error: unknown): { code: grpc.status; details: string } {
  const { code, message } = toRpcError(error);
  const end = message.length > MAX_DETAILS_CHARACTERS ? '…' : '';
  // Half a surrogate pair, too, can't be sent.
  return { code, details: `${message.slice(0, MAX_DETAILS_CHARACTERS)}${end}`.toWellFormed() };
}

/** A unary handler from an async function. The signal aborts when the caller cancels or its deadline passes. */
export function unaryHandler<Req, Rep>(
  handle: (request: Req, signal: AbortSignal) => Promise<Rep>,
): grpc.handleUnaryCall<Req, Rep> {
  return (call, callback) => {
    const controller = new AbortController();
    call.on('cancelled', () => controller.abort());
    tracedCall(servedCall(call), () => handle(call.request, controller.signal)).then(
      (reply) => callback(null, reply),
      (error: unknown) => callback(toStatus(error)),
    );
  };
}

/** A server-streaming handler from an async generator. Waits for the transport when the reader is slow. */
export function streamHandler<Req, Rep>(
  handle: (request: Req, signal: AbortSignal) => AsyncIterable<Rep>,
): grpc.handleServerStreamingCall<Req, Rep> {
  return (call) => {
    const controller = new AbortController();
    call.on('cancelled', () => controller.abort());
    const { signal } = controller;
    tracedCall(servedCall(call), () => pump(call, handle(call.request, signal), signal)).catch((error: unknown) => {
      if (!controller.signal.aborted) call.emit('error', toStatus(error));
    });
  };
}

async function pump<Req, Rep>(
  call: grpc.ServerWritableStream<Req, Rep>,
  replies: AsyncIterable<Rep>,
  signal: AbortSignal,
): Promise<void> {
  for await (const reply of replies) {
    if (signal.aborted) return;
    if (!call.write(reply)) await once(call, 'drain', { signal });
  }
  call.end();
}

/** Headers that carry a trace, and the iteration, over a call. */
const TRACEPARENT = 'traceparent';
const ITERATION = 'ppo-iteration';

/** Of a call's path, `/ppo.v1.Trainer/Train`, as OpenTelemetry's conventions for gRPC have it. */
function describeCall(path: string): { readonly name: string; readonly attributes: Attributes } {
  const name = path.replace(/^\//, '');
  const [service = '', method = ''] = name.split('/');
  return { name, attributes: { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method } };
}

function startCallSpan(client: grpc.Client, method: object): Span | null {
  if (!isTraced()) return null;
  const { name, attributes } = describeCall('path' in method ? String(method.path) : '');
  // `dns:127.0.0.1:7000`
  const [, host = '', port] = /^(?:dns:)?(.*):(\d+)$/.exec(client.getChannel().getTarget()) ?? [];
  return startCall(name, { ...attributes, 'server.address': host, 'server.port': Number(port) });
}

function endCallSpan(span: Span | null, error: unknown): void {
  if (span === null) return;
  span.set({ 'rpc.grpc.status_code': error === null ? grpc.status.OK : toRpcError(error).code });
  if (error !== null) span.fail(error);
  span.end();
}

function metadataOf(span: Span | null): grpc.Metadata {
  const metadata = new grpc.Metadata();
  if (span !== null) metadata.set(TRACEPARENT, span.traceparent);
  const iteration = currentIteration();
  if (iteration !== null) metadata.set(ITERATION, String(iteration));
  return metadata;
}

/** What came with the call beside the request. */
function servedCall(call: { readonly metadata: grpc.Metadata; getPath(): string }): Parameters<typeof tracedCall>[0] {
  hearIteration(call.metadata.get(ITERATION)[0]);
  const [traceparent] = call.metadata.get(TRACEPARENT);
  return { ...describeCall(call.getPath()), traceparent: typeof traceparent === 'string' ? traceparent : null };
}
