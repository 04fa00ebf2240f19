/**
 * Spans on their way out: sent in batches in the background, bounded in memory and in time, counted where they are lost.
 * A receiver that is slow or gone costs spans and nothing else. Knows no protocol.
 */
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';

const MAX_QUEUED = 4096;
const MAX_BATCH = 512;
const DELAY_MS = 1000;

/** What an exporter says of a batch. */
type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];

export interface SpanQueueOptions {
  readonly exporter: SpanExporter;
  /** Told when sending begins to fail, with why, and, with null, when it works again. */
  readonly onChange: (error: Error | null) => void;
  readonly maxQueued?: number;
  readonly delayMs?: number;
}

export class SpanQueue implements SpanProcessor {
  readonly #options: SpanQueueOptions;
  #queue: ReadableSpan[] = [];
  #sending: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isFailing = false;
  #isClosed = false;
  numDropped = 0;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#isClosed || this.#queue.length >= (this.#options.maxQueued ?? MAX_QUEUED)) {
      this.numDropped++;
      return;
    }
    this.#queue.push(span);
    this.#timer ??= setTimeout(() => this.#send(), this.#options.delayMs ?? DELAY_MS).unref();
  }

  /** Sends what waits. */
  async forceFlush(): Promise<void> {
    while (this.#queue.length > 0 || this.#sending !== null) await this.#send();
  }

  async shutdown(): Promise<void> {
    this.#isClosed = true;
    await this.forceFlush();
    await this.#options.exporter.shutdown();
  }

  /** One after the other: a slow receiver is not asked twice at once. */
  #send(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, MAX_BATCH);
      this.#queue = this.#queue.slice(MAX_BATCH);
      const { code, error } = await this.#export(batch);
      // 0 is success.
      if (code !== 0) this.numDropped += batch.length;
      if (code !== 0 && !this.#isFailing) this.#options.onChange(error ?? new Error('the spans were not taken'));
      if (code === 0 && this.#isFailing) this.#options.onChange(null);
      this.#isFailing = code !== 0;
    }
  }

  #export(batch: ReadableSpan[]): Promise<ExportResult> {
    return new Promise((resolve) => {
      try {
        this.#options.exporter.export(batch, resolve);
      } catch (error) {
        resolve({ code: 1, error: error instanceof Error ? error : new Error(String(error)) });
      }
    });
  }
}
