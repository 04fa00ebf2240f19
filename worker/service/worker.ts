/**
 * What every serving worker does the same way: gRPC and metrics up, announced to the coordinator, alive until asked to
 * end, then down in order. Knows nothing of the role.
 */
import type { Registry } from 'prom-client';
import type { WorkerSettings } from '../config.ts';
import type { EpochFence } from './epoch.ts';
import { formatAddress } from './host-port.ts';
import { Closers, untilTerminated } from './lifecycle.ts';
import type { Logger } from './log.ts';
import { startMetricsServer } from './metrics.ts';
import { Registration } from './registration.ts';
import { type ServiceEntry, startGrpcServer } from './server.ts';

const CLOSE_GRACE_MS = 3000;

export interface WorkerOptions {
  readonly settings: WorkerSettings;
  readonly log: Logger;
  readonly fence: EpochFence;
  readonly metrics: Registry;
  readonly services: readonly ServiceEntry[];
  /** Rejects when the role can't go on (its compute thread died): the worker then ends with that error. */
  readonly failed: Promise<never>;
  /** Closes what the role owns; called after the servers have closed. */
  readonly close: () => Promise<void>;
}

/** Serves until SIGTERM. Throws what `failed` rejects with; everything is closed either way. */
export async function serveWorker(options: WorkerOptions): Promise<void> {
  const { settings, log } = options;
  const closers = new Closers(log);
  closers.add('the role', options.close);
  const terminated = untilTerminated();
  try {
    let isReady = false;
    const host = settings.podIp;
    const metrics = await startMetricsServer({
      host,
      port: settings.metricsPort,
      registry: options.metrics,
      isReady: () => isReady,
    });
    closers.add('the metrics server', () => metrics.close());
    const server = await startGrpcServer({ host, port: settings.grpcPort, services: options.services });
    closers.add('the gRPC server', () => server.close(CLOSE_GRACE_MS / 2));
    const address = formatAddress({ host, port: server.port });
    const registration = Registration.start({ settings, fence: options.fence, log, address });
    closers.add('the registration', () => registration.stop());
    isReady = true;
    log.info({ address }, 'serving');
    const reason = await Promise.race([terminated, options.failed]);
    log.info({ reason }, 'ending');
  } finally {
    await closers.closeAll(CLOSE_GRACE_MS);
  }
}
