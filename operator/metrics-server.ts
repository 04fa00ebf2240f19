// Serves the operator's metrics, liveness and readiness, by HTTPS where it has a certificate. A table of contents.

import type { Registry } from 'prom-client';
import { type MetricsServer, startMetricsServer } from '../worker/service/metrics.ts';
import type { OperatorHealth } from './health.ts';
import { readCertificate, watchCertificate } from './metrics-certificate.ts';
import type { OperatorSettings } from './options.ts';

export interface OperatorMetricsServerOptions {
  readonly settings: OperatorSettings['metrics'];
  readonly registry: Registry;
  readonly health: Pick<OperatorHealth, 'problem' | 'whyNotReady'>;
  /** A renewed certificate that can't be used: the old one stays. */
  readonly onCertificateError: (error: unknown) => void;
}

/** Rejects when the port is taken or the certificate can't be used. */
export async function startOperatorMetricsServer(
  options: OperatorMetricsServerOptions,
): Promise<Pick<MetricsServer, 'port' | 'close'>> {
  const { registry, settings, health } = options;
  const { host, port, tls } = settings;
  const served = {
    ...{ host, port, registry, problem: () => health.problem() },
    isReady: () => health.whyNotReady() ?? true,
  };
  if (tls === null) return startMetricsServer(served);
  const certificate = await readCertificate(tls);
  const server = await startMetricsServer({ ...served, certificate });
  const stopWatching = watchCertificate(tls, {
    current: certificate,
    onChange: (renewed) => server.useCertificate(renewed),
    onError: options.onCertificateError,
  });
  return {
    port: server.port,
    close: async () => {
      stopWatching();
      await server.close();
    },
  };
}
