/**
 * The tracer that sends spans as OTLP over HTTP, by OpenTelemetry's own libraries. Loaded only where tracing is on. Knows
 * nothing of what the spans are about.
 */
import { type Span as OtelSpan, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Logger } from './log.ts';
import { SpanQueue } from './span-queue.ts';
import type { Attributes, Span, SpanStart, Tracer } from './tracing.ts';

/** Of one request, its repetitions included. */
const SEND_TIMEOUT_MS = 5000;
const KINDS = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT, server: SpanKind.SERVER };
/** https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

export interface OtlpTracerOptions {
  /** Base address; /v1/traces is added. Headers and certificates come by OpenTelemetry's own variables. */
  readonly endpoint: string;
  readonly sampleRatio: number;
  readonly role: string;
  readonly podName: string;
  readonly log: Logger;
}

export class OtlpTracer implements Tracer {
  readonly #queue: SpanQueue;
  readonly #provider: TracerProvider;
  readonly #tracer: ReturnType<TracerProvider['getTracer']>;

  constructor({ endpoint, sampleRatio, role, podName, log }: OtlpTracerOptions) {
    const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
    this.#queue = new SpanQueue({
      exporter: new OTLPTraceExporter({ url, timeoutMillis: SEND_TIMEOUT_MS }),
      onChange: (error) => {
        if (error === null) log.info({ url }, 'spans are taken again');
        else log.warn({ err: error, url }, 'spans are lost: the receiver does not take them; the job goes on');
      },
    });
    const own = { 'service.name': role, 'service.instance.id': podName, 'k8s.pod.name': podName };
    this.#provider = new TracerProvider({
      resource: defaultResource()
        .merge(resourceFromAttributes(own))
        .merge(detectResources({ detectors: [envDetector] })),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
      spanProcessors: [this.#queue],
    });
    this.#tracer = this.#provider.getTracer('ppo-operator');
  }

  get numDropped(): number {
    return this.#queue.numDropped;
  }

  start({ name, kind, attributes, parent }: SpanStart): Span | null {
    const context = contextOf(parent);
    if (context === null) return null;
    const span = this.#tracer.startSpan(name, { kind: KINDS[kind], attributes: { ...attributes } }, context);
    return span.isRecording() ? new OtlpSpan(span) : null;
  }

  /** Sends what waits, as far as the receiver takes it. */
  close(): Promise<void> {
    return this.#queue.shutdown();
  }
}

class OtlpSpan implements Span {
  readonly span: OtelSpan;

  constructor(span: OtelSpan) {
    this.span = span;
  }

  get traceparent(): string {
    const { traceId, spanId } = this.span.spanContext();
    return `00-${traceId}-${spanId}-01`;
  }

  set(attributes: Attributes): void {
    this.span.setAttributes({ ...attributes });
  }

  fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.span.setStatus({ code: SpanStatusCode.ERROR, message });
  }

  end(): void {
    this.span.end();
  }
}

/** Null for a traceparent that is none. */
function contextOf(parent: SpanStart['parent']) {
  if (parent === null) return ROOT_CONTEXT;
  if (parent instanceof OtlpSpan) return trace.setSpan(ROOT_CONTEXT, parent.span);
  const found = TRACEPARENT.exec(typeof parent === 'string' ? parent : parent.traceparent);
  if (found === null) return null;
  const [, traceId, spanId, flags] = found;
  const traceFlags = Number.parseInt(flags!, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId: traceId!, spanId: spanId!, traceFlags, isRemote: true });
}
