/**
 * What the sidecar measures, for Prometheus: operations by kind, bytes, seconds, errors by code. Knows no gRPC.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { FailureCode, Operation, RunResult } from './communicator.ts';

const SECONDS_BUCKETS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];

export class SidecarMetrics {
  readonly #operations: Counter<'kind'>;
  readonly #errors: Counter<'code'>;
  readonly #bytes: Counter;
  readonly #seconds: Histogram;
  readonly #refused: Counter;
  readonly #communicators: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#operations = new Counter({
      name: 'ppo_communicator_operations_total',
      help: 'Operations completed, by kind.',
      labelNames: ['kind'],
      registers,
    });
    this.#errors = new Counter({
      name: 'ppo_communicator_errors_total',
      help: 'Calls that failed, by result code.',
      labelNames: ['code'],
      registers,
    });
    this.#bytes = new Counter({
      name: 'ppo_communicator_sent_bytes_total',
      help: 'Bytes sent to other ranks.',
      registers,
    });
    this.#seconds = new Histogram({
      name: 'ppo_communicator_run_seconds',
      help: 'Time of a group call, waiting for other ranks included.',
      buckets: SECONDS_BUCKETS,
      registers,
    });
    this.#refused = new Counter({
      name: 'ppo_communicator_refused_connections_total',
      help: 'Connections to the transport port that did not know a communicator.',
      registers,
    });
    this.#communicators = new Gauge({
      name: 'ppo_communicator_communicators',
      help: 'Communicators this rank holds.',
      registers,
    });
  }

  countRun(operations: readonly Operation[], result: RunResult): void {
    for (const { kind } of operations) this.#operations.inc({ kind });
    this.#bytes.inc(result.bytes);
    this.#seconds.observe(result.seconds);
  }

  countError(code: FailureCode): void {
    this.#errors.inc({ code });
  }

  setCommunicators(numCommunicators: number): void {
    this.#communicators.set(numCommunicators);
  }

  countRefused(): void {
    this.#refused.inc();
  }
}
