/** Turns tracing on where the settings say so. What fails here is logged, and costs the process nothing more. */
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkerSettings } from '../config.ts';
import { createLogger } from './log.ts';
import { setTracer } from './tracing.ts';

/** Of a process that ends: for the last spans. */
const FAREWELL_MS = 2000;

/** Resolves with how to end: the last spans are sent, as far as somebody takes them in time. */
export async function startTracing(settings: WorkerSettings): Promise<() => Promise<void>> {
  const { tracing, role, podName } = settings;
  if (tracing === null) return async () => {};
  const log = createLogger(settings, 'tracing');
  try {
    const { OtlpTracer } = await import('./otlp-tracer.ts');
    const tracer = new OtlpTracer({ ...tracing, role, podName, log });
    setTracer(tracer);
    return async () => {
      const late = delay(FAREWELL_MS, 'nobody took them in time', { ref: false });
      const lost = await Promise.race([tracer.close().then(() => null, String), late]);
      if (lost !== null) log.warn({ reason: lost }, 'the last spans are lost');
    };
  } catch (error) {
    log.warn({ err: error }, 'tracing can not be turned on; the job goes on without it');
    return async () => {};
  }
}
