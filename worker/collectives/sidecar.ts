/**
 * The communicator sidecar's process: a table of contents. It serves the worker of its pod over gRPC and the other ranks
 * over the transport port, and ends in good order when asked to.
 */
import type { WorkerSettings } from '../config.ts';
import { processCredentials } from '../service/credentials.ts';
import { Closers, HopelessError, untilTerminated } from '../service/lifecycle.ts';
import { createLogger } from '../service/log.ts';
import { createMetrics, startMetricsServer } from '../service/metrics.ts';
import { definitions } from '../service/protos.ts';
import { startGrpcServer } from '../service/server.ts';
import { SharedFolder } from './shared-folder.ts';
import { SidecarMetrics } from './sidecar-metrics.ts';
import { SidecarService } from './sidecar-service.ts';
import { socketsOf } from './sockets.ts';
import { TcpTransport } from './tcp-transport.ts';

const CLOSE_GRACE_MS = 2000;

/** Serves until SIGTERM. Throws HopelessError where its environment lacks something. */
export async function runCommunicator(settings: WorkerSettings): Promise<void> {
  const { communicatorPort, transportPort, sharedDir } = required(settings);
  const host = settings.podIp;
  const log = createLogger(settings);
  const terminated = untilTerminated();
  const closers = new Closers(log);
  let isReady = false;
  try {
    const registry = createMetrics();
    const metrics = await startMetricsServer({ host, port: settings.metricsPort, registry, isReady: () => isReady });
    closers.add('the metrics server', () => metrics.close());
    const store = new SharedFolder(sharedDir);
    closers.add('the shared folder', async () => store.close());
    const sidecarMetrics = new SidecarMetrics(registry);
    const onRefused = (reason: string): void => {
      sidecarMetrics.countRefused();
      log.warn({ reason }, 'refused a connection to the transport port');
    };
    const sockets = socketsOf(processCredentials().sockets);
    const transport = await TcpTransport.start({ host, port: transportPort, onRefused, sockets });
    closers.add('the transport', () => transport.close());
    const service = new SidecarService({ transport, store, log, metrics: sidecarMetrics });
    const services = [[definitions.Communicator, service.handlers]] as const;
    const server = await startGrpcServer({ host, port: communicatorPort, services });
    closers.add('the gRPC server', () => server.close(CLOSE_GRACE_MS / 2));
    isReady = true;
    log.info({ port: server.port, transportPort }, 'serving');
    log.info({ reason: await terminated }, 'ending');
    isReady = false;
  } finally {
    await closers.closeAll(CLOSE_GRACE_MS);
  }
}

function required(settings: WorkerSettings) {
  const { communicatorPort, transportPort, sharedDir } = settings;
  if (communicatorPort === null || transportPort === null || sharedDir === null) {
    throw new HopelessError(
      'the communicator needs PPO_COMMUNICATOR_PORT, PPO_TRANSPORT_PORT and PPO_SHARED_DIR in its environment: ' +
        `found ${communicatorPort}, ${transportPort}, ${sharedDir}`,
    );
  }
  return { communicatorPort, transportPort, sharedDir };
}
