// The operator as a process beside a Kubernetes API server: clients, metrics, election, and the operator while it leads.
// It refuses to know jobs, and how its settings were given.

import { type Logger, pino } from 'pino';
import { FIELD_MANAGER } from './api/names.ts';
import { systemClock } from './cluster/clock.ts';
import type { Cluster } from './cluster/cluster.ts';
import { type Credentials, loadCredentials } from './cluster/credentials.ts';
import { KubernetesDiscovery } from './cluster/discovery.ts';
import { fencedCluster } from './cluster/fenced-cluster.ts';
import { KubernetesCluster } from './cluster/kubernetes-cluster.ts';
import { type LeadershipEnd, leadWhenElected } from './cluster/lease.ts';
import { OperatorHealth } from './health.ts';
import { createOperatorMetrics, type OperatorMetrics } from './metrics.ts';
import { startOperatorMetricsServer } from './metrics-server.ts';
import { leaseName, type OperatorSettings } from './options.ts';
import { OperatorPage } from './page/operator-page.ts';
import { namespacePeer } from './plan/network-policy.ts';
import type { Platform } from './plan/platform.ts';
import type { ControllerObserver, RunningController } from './reconcile/controller.ts';
import { runOperator } from './reconcile/operator.ts';

/** Two attempts fit into the time in which a leader must renew its lease. */
const LEASE_REQUEST_DEADLINE_MS = 5000;
/** Kubernetes' own Job controller waits a second. */
const POD_PATIENCE_MS = 500;

/** Runs until the signal aborts or the lease is lost; says which. 'failed': the log says why it can't start or go on. */
export async function runInCluster(settings: OperatorSettings, signal: AbortSignal): Promise<LeadershipEnd | 'failed'> {
  const log = createLog(settings);
  try {
    return await run(settings, log, signal);
  } catch (error) {
    log.fatal({ err: error }, 'failed');
    return 'failed';
  }
}

async function run(settings: OperatorSettings, log: Logger, signal: AbortSignal): Promise<LeadershipEnd> {
  const metrics = createOperatorMetrics();
  const health = new OperatorHealth(systemClock);
  const load = {
    kubeconfigs: settings.kubeconfigs,
    ...(settings.pod !== null && { pod: settings.pod }),
    ...(settings.kubeconfig !== null && { kubeconfig: settings.kubeconfig }),
    ...(settings.context !== null && { context: settings.context }),
  };
  const credentials = await loadCredentials(load, systemClock);
  const client = { credentials, userAgent: FIELD_MANAGER, onAttempt: metrics.onAttempt };
  const cluster = new KubernetesCluster(client);
  // Connections of its own: a burst of pods must not make the leader miss its lease.
  const leaseCluster = new KubernetesCluster({ ...client, deadlineMs: LEASE_REQUEST_DEADLINE_MS });
  const server = await startOperatorMetricsServer({
    ...{ settings: settings.metrics, registry: metrics.registry, health },
    onCertificateError: (error) => log.warn({ err: error }, 'the renewed certificate of the metrics'),
  });
  log.info({ port: server.port, identity: settings.identity }, 'started');
  let page: OperatorPage | null = null;
  try {
    const parts = { settings, log, metrics, health, cluster, leaseCluster, credentials };
    page = await startPage(parts);
    const end = await leadThroughout({ ...parts, page }, signal);
    log.info({ end }, 'ended');
    return end;
  } finally {
    await Promise.all([page?.close(), server.close(), cluster.close(), leaseCluster.close()]);
  }
}

interface Parts {
  readonly settings: OperatorSettings;
  readonly log: Logger;
  readonly metrics: OperatorMetrics;
  readonly health: OperatorHealth;
  readonly cluster: KubernetesCluster;
  readonly leaseCluster: KubernetesCluster;
  readonly credentials: Credentials;
  readonly page: OperatorPage | null;
}

async function startPage({
  settings,
  log,
  cluster,
  leaseCluster,
  credentials,
}: Omit<Parts, 'page'>): Promise<OperatorPage | null> {
  if (settings.page === null) return null;
  const lease = leaseName(settings, credentials.namespace);
  const page = await OperatorPage.start({
    ...{ address: settings.page, clock: systemClock, cluster },
    lease: lease && { name: lease, cluster: leaseCluster },
    ...{ namespace: settings.ownNamespace, jobsOf: settings.namespaces },
    onError: (error) => log.warn({ err: error }, 'the page'),
  });
  log.info({ url: page.url }, 'the page');
  return page;
}

async function leadThroughout(parts: Parts, signal: AbortSignal): Promise<LeadershipEnd> {
  const { settings, log, metrics, health, cluster, leaseCluster, credentials, page } = parts;
  const lead = (leading: AbortSignal, isHeld: () => boolean): Promise<void> => {
    // Somebody else may lead from now on: what is under way must not be written any more.
    leading.addEventListener('abort', () => void (signal.aborted || cluster.close()), { once: true });
    health.onElected(isHeld);
    return runOperator(
      {
        cluster: fencedCluster(cluster, isHeld),
        discovery: new KubernetesDiscovery(cluster.transport, systemClock),
        onError: (error, job) => log.warn({ err: error, ...(job !== null && { job }) }, 'a fault'),
        ...{ observer: observed(metrics, health), jobs: metrics.jobs, onEventDropped: metrics.onEventDropped },
        concurrency: settings.concurrency,
        podPatienceMs: POD_PATIENCE_MS,
        platform: platformOf(settings),
        ...(settings.namespaces !== null && { namespaces: settings.namespaces }),
        ...(page !== null && { figures: page.figures, onCluster: (read: Cluster) => page.lead(read) }),
      },
      leading,
    );
  };
  const lease = leaseName(settings, credentials.namespace);
  if (lease === null) {
    metrics.onLeading(true);
    await lead(signal, () => true);
    return 'stopped';
  }
  const onLeading = (isLeading: boolean): void => {
    log.info({ lease }, isLeading ? 'leading' : 'not leading any more');
    metrics.onLeading(isLeading);
  };
  return leadWhenElected(
    {
      ...{ lease, onLeading, identity: settings.identity, cluster: leaseCluster, clock: systemClock },
      random: Math.random,
      onError: (error) => log.warn({ err: error, lease }, 'the lease'),
      onAttempt: (isAnswered) => health.onElectionAttempt(isAnswered),
    },
    signal,
    lead,
  );
}

function observed({ controller }: OperatorMetrics, health: OperatorHealth): ControllerObserver {
  const onStart = (running: RunningController): void => {
    controller.onStart(running);
    health.onController(running);
  };
  return { ...controller, onStart };
}

function platformOf(settings: OperatorSettings): Platform {
  const { ownNamespace, metricsFromNamespaces, workerImage, podUserId: userId, certificateMs } = settings;
  const metricsFrom = metricsFromNamespaces.map(namespacePeer);
  return { kind: 'Cluster', operatorNamespace: ownNamespace, metricsFrom, workerImage, userId, certificateMs };
}

function createLog({ logLevel, identity }: OperatorSettings): Logger {
  return pino(
    {
      level: logLevel,
      base: { name: FIELD_MANAGER, identity },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 1, sync: true }),
  );
}
