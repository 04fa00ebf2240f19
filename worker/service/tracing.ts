/**
 * Spans around what a process does, nested by asynchronous context and carried over calls as W3C traceparent. Knows no
 * exporter: until one is set, and outside of what it samples, everything here only runs what it is given.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A span that has begun. */
export interface Span {
  /** For whoever goes on with the trace: `00-<trace>-<span>-01`. */
  readonly traceparent: string;
  set(attributes: Attributes): void;
  fail(error: unknown): void;
  /** Once. */
  end(): void;
}

export interface SpanStart {
  readonly name: string;
  /** client and server: the two ends of one call. */
  readonly kind: 'internal' | 'client' | 'server';
  readonly attributes: Attributes;
  /** A span of this process, a traceparent from elsewhere, or none: then it begins a trace. */
  readonly parent: Span | string | null;
}

export interface Tracer {
  /** Null for what isn't sampled. Must not throw. */
  start(span: SpanStart): Span | null;
  /** Spans that were lost so far: nobody took them in time. */
  readonly numDropped: number;
}

const active = new AsyncLocalStorage<Span>();
let tracer: Tracer | null = null;

/** Null turns tracing off. */
export function setTracer(next: Tracer | null): void {
  tracer = next;
}

export function numDroppedSpans(): number {
  return tracer?.numDropped ?? 0;
}

/** Runs `run` as a trace of its own, if it is sampled. */
export function traceRoot<T>(name: string, attributes: Attributes, run: () => Promise<T>): Promise<T> {
  return inside(tracer?.start({ name, kind: 'internal', attributes, parent: null }) ?? null, run);
}

/** Runs `run` as a part of what is being traced, if anything is. */
export function traced<T>(name: string, attributes: Attributes, run: () => Promise<T>): Promise<T> {
  return inside(startInside(name, 'internal', attributes), run);
}

/** The same for the serving end of a call; `traceparent` came with it. */
export function tracedCall<T>(
  call: { readonly name: string; readonly attributes: Attributes; readonly traceparent: string | null },
  run: () => Promise<T>,
): Promise<T> {
  const { name, attributes, traceparent } = call;
  const span = traceparent === null ? null : tracer?.start({ name, kind: 'server', attributes, parent: traceparent });
  return inside(span ?? null, run);
}

/** Whether anything is being traced here. */
export function isTraced(): boolean {
  return active.getStore() !== undefined;
}

/** A span for the calling end of a call; null where nothing is being traced. The caller ends it. */
export function startCall(name: string, attributes: Attributes): Span | null {
  return startInside(name, 'client', attributes);
}

/** A part that can't be one function, such as a generator's; the caller ends it. */
export function openSpan(name: string, attributes: Attributes): OpenSpan {
  return new OpenSpan(startInside(name, 'internal', attributes));
}

/** Says more about the span that `run` of it is in. */
export function annotate(attributes: Attributes): void {
  active.getStore()?.set(attributes);
}

export class OpenSpan {
  readonly #span: Span | null;

  constructor(span: Span | null) {
    this.#span = span;
  }

  within<T>(run: () => Promise<T>): Promise<T> {
    return this.#span === null ? run() : active.run(this.#span, run);
  }

  end(): void {
    this.#span?.end();
  }
}

function startInside(name: string, kind: SpanStart['kind'], attributes: Attributes): Span | null {
  const parent = active.getStore();
  return parent === undefined ? null : (tracer?.start({ name, kind, attributes, parent }) ?? null);
}

async function inside<T>(span: Span | null, run: () => Promise<T>): Promise<T> {
  if (span === null) return run();
  try {
    return await active.run(span, run);
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}
