/**
 * What the sidecar measures, for Prometheus: operations by kind, bytes, seconds, errors by code. Knows no gRPC.
 */
import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Result } from '../api/generated/ppo/v1/Result.ts';
import { SECONDS_BUCKETS, Series } from '../service/series.ts';
import type { FailureCode, Operation, RunResult } from './communicator.ts';

export class SidecarMetrics {
  readonly #operations: Counter<'kind'>;
  readonly #errors: Counter<'code'>;
  readonly #bytes: Counter;
  readonly #seconds: Histogram;
  readonly #refused: Counter;
  readonly #communicators: Gauge;

  constructor(registry: Registry) {
    const series = new Series(registry);
    this.#operations = series.counterBy('ppo_communicator_operations_total', 'Operations completed, by kind', ['kind']);
    this.#errors = series.counterBy('ppo_communicator_errors_total', 'Calls that failed, by result code', ['code']);
    for (const code of Object.values(Result)) if (code !== 'SUCCESS') this.#errors.inc({ code }, 0);
    this.#bytes = series.counter('ppo_communicator_sent_bytes_total', 'Bytes sent to other ranks');
    const runs = 'Length of a group call, with the wait for other ranks';
    this.#seconds = series.histogram('ppo_communicator_run_seconds', runs, SECONDS_BUCKETS);
    this.#refused = series.counter(
      'ppo_communicator_refused_connections_total',
      'Connections to the transport port that belonged to no communicator',
    );
    this.#communicators = series.gauge('ppo_communicator_groups', 'Communicators that this rank holds');
    this.#communicators.set(0);
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
