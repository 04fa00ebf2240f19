// JSON over HTTP to one API server: every request has a deadline, waits when the server says so, and ends in an answer or a
// ClusterError. It refuses to know kinds of objects. Objects travel as they are: client-node's models would drop fields
// that they don't know.

import { type Dispatcher, request as send } from 'undici';
import type { Clock } from './clock.ts';
import type { Credentials, ServerAccess } from './credentials.ts';
import { ClusterError, UnavailableError } from './errors.ts';
import type { JsonObject } from './json.ts';
import { type Subject, toClusterError } from './kubernetes-errors.ts';
import { ConnectionPool, type Pool } from './kubernetes-pool.ts';
import { readLines, readText } from './kubernetes-stream.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query. */
  readonly path: string;
  readonly subject: Subject;
  readonly body?: unknown;
  /** application/json when absent. */
  readonly contentType?: string;
  /** The form of the answer; application/json when absent. */
  readonly accept?: string;
}

/** One attempt that has got an answer, or (`status` null) none. */
export interface Attempt {
  readonly method: string;
  readonly host: string;
  readonly status: number | null;
  readonly durationMs: number;
}

export interface TransportOptions {
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly userAgent: string;
  /** A request fails when it has no answer after this time, waits included. */
  readonly deadlineMs: number;
  readonly onAttempt?: (attempt: Attempt) => void;
}

interface Answer {
  readonly status: number;
  readonly retryAfterMs: number | null;
  readonly text: string;
}

export interface StreamOptions {
  readonly signal: AbortSignal;
  /** An answer that brings nothing for so long has lost its connection; 0: it may be silent for ever. */
  readonly idleMs: number;
}

const JSON_TYPE = 'application/json';
const MAX_BODY_BYTES = 256 * 2 ** 20;
const MAX_ATTEMPTS = 10;
const DEFAULT_RETRY_AFTER_MS = 1000;
/** A server that says 0 is busy all the same. */
const MIN_RETRY_AFTER_MS = 100;

export class KubernetesTransport {
  readonly #options: TransportOptions;
  readonly #pool = new ConnectionPool();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** The answer's body. Throws a ClusterError. */
  async request(request: ApiRequest): Promise<JsonObject> {
    return parseJson(await this.text(request)) as JsonObject;
  }

  /** The answer's body as it is, of what isn't JSON. Throws a ClusterError. */
  async text(request: ApiRequest): Promise<string> {
    const endMs = this.#options.clock.monotonicMs() + this.#options.deadlineMs;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#attempt(request, endMs, attempt);
      if (answer !== null && answer.status < 300) return answer.text;
      const waitMs = answer === null ? 0 : this.#waitBeforeRetry(answer, attempt);
      const leftMs = endMs - this.#options.clock.monotonicMs();
      if (waitMs === null || waitMs >= leftMs) throw failure(answer, request);
      await this.#sleep(waitMs);
    }
  }

  /** The JSON lines of a long answer; for its end and its errors see `lines`. */
  async *stream(request: Pick<ApiRequest, 'path' | 'subject'>, options: StreamOptions): AsyncGenerator<JsonObject> {
    for await (const line of this.lines(request, options)) yield parseLine(line, request.subject);
  }

  /**
   * The lines of a long answer, until the server ends it, the signal aborts, or nothing came for `idleMs`. A last line
   * without an end is left out unless `keepsRest`. Throws a ClusterError, not for the signal.
   */
  async *lines(
    request: Pick<ApiRequest, 'path' | 'subject'>,
    options: StreamOptions & { readonly keepsRest?: boolean },
  ): AsyncGenerator<string> {
    const { signal, idleMs, keepsRest = false } = options;
    try {
      const { access, pool } = await this.#connect();
      const sent = { headersTimeout: this.#options.deadlineMs, bodyTimeout: idleMs, signal };
      const response = await this.#send({ ...request, method: 'GET' }, { access, dispatcher: pool.watches, ...sent });
      if (response.statusCode !== 200) {
        const body = parseJson(await readText(response.body, MAX_BODY_BYTES));
        if (response.statusCode === 401) this.#options.credentials.forget();
        throw toClusterError(response.statusCode, body, request.subject);
      }
      yield* readLines(response.body, keepsRest);
    } catch (error) {
      if (!signal.aborted) throw toUnavailable(error, request.subject);
    }
  }

  /** Ends every connection; requests under way fail. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Null: nothing was answered over a connection that may have been stale, and asking again does no harm. */
  async #attempt(request: ApiRequest, endMs: number, attempt: number): Promise<Answer | null> {
    try {
      const { access, pool } = await this.#connect();
      const leftMs = Math.max(1, Math.ceil(endMs - this.#options.clock.monotonicMs()));
      const timeouts = { headersTimeout: leftMs, bodyTimeout: leftMs, signal: AbortSignal.timeout(leftMs) };
      const response = await this.#send(request, { access, dispatcher: pool.requests, ...timeouts });
      return {
        status: response.statusCode,
        retryAfterMs: parseRetryAfter(response.headers['retry-after']),
        text: await readText(response.body, MAX_BODY_BYTES),
      };
    } catch (error) {
      const isStale = (error as { code?: unknown }).code === 'UND_ERR_SOCKET';
      if (isStale && request.method === 'GET' && attempt === 1) return null;
      throw toUnavailable(error, request.subject);
    }
  }

  async #connect(): Promise<{ access: ServerAccess; pool: Pool }> {
    const access = await this.#options.credentials.access();
    return { access, pool: this.#pool.use(access) };
  }

  async #send(
    { method, path, body, contentType = JSON_TYPE, accept = JSON_TYPE }: Omit<ApiRequest, 'subject'>,
    { access, ...options }: { access: ServerAccess; dispatcher: Dispatcher; signal: AbortSignal; bodyTimeout: number },
  ): Promise<Dispatcher.ResponseData> {
    const { clock, userAgent, onAttempt } = this.#options;
    const headers: Record<string, string | string[]> = { ...access.headers, accept, 'user-agent': userAgent };
    if (body !== undefined) headers['content-type'] = contentType;
    const startMs = clock.monotonicMs();
    let status: number | null = null;
    try {
      const text = body === undefined ? null : JSON.stringify(body);
      const response = await send(`${access.server}${path}`, { ...options, method, headers, body: text });
      status = response.statusCode;
      return response;
    } finally {
      const durationMs = clock.monotonicMs() - startMs;
      onAttempt?.({ method, host: new URL(access.server).host, status, durationMs });
    }
  }

  /** By the server's word, as client-go: 429, and errors that name a time. Null: don't. */
  #waitBeforeRetry({ status, retryAfterMs }: Answer, attempt: number): number | null {
    if (attempt >= MAX_ATTEMPTS) return null;
    if (status === 401 && attempt === 1) {
      this.#options.credentials.forget();
      return 0;
    }
    if (status === 429) return retryAfterMs ?? DEFAULT_RETRY_AFTER_MS;
    return status >= 500 ? retryAfterMs : null;
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(delayMs, resolve);
    });
  }
}

/** Seconds; the other form, a date, isn't used by API servers. */
function parseRetryAfter(header: string | string[] | undefined): number | null {
  const seconds = Number(Array.isArray(header) ? header[0] : header);
  if (header === undefined || !Number.isFinite(seconds) || seconds < 0) return null;
  return Math.max(seconds * 1000, MIN_RETRY_AFTER_MS);
}

/** JSON where it is JSON; else the text, for a message. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // a proxy's page, or a plain word
  }
}

function parseLine(line: string, subject: Subject): JsonObject {
  try {
    return JSON.parse(line) as JsonObject;
  } catch (error) {
    throw new UnavailableError(`${subject.title}: the server sent no JSON: ${line.slice(0, 200)}`, { cause: error });
  }
}

function failure(answer: Answer | null, { subject }: ApiRequest): ClusterError {
  if (answer === null) return new UnavailableError(`${subject.title}: no answer before the deadline`);
  return toClusterError(answer.status, parseJson(answer.text), subject);
}

function toUnavailable(error: unknown, subject: Subject): ClusterError {
  if (error instanceof ClusterError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  return new UnavailableError(`${subject.title}: ${cause.message}`, { cause });
}
