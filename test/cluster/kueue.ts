// Kueue beside a test's control plane: its CRDs, its webhooks, its program, which makes its own certificates; and queues with
// a quota. Knows no jobs.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import type { JsonObject } from '../../operator/cluster/json.ts';
import type { KubernetesTransport } from '../../operator/cluster/kubernetes-transport.ts';
import type { Binaries } from './binaries.ts';
import type { OwnEnvironment } from './environment.ts';
import { sourceDirectory } from './go-build.ts';
import { until } from './job-world.ts';
import { startWithSchedulers, writeConfiguration } from './schedulers.ts';

const NAMESPACE = 'kueue-system';
const SERVICE = 'kueue-webhook-service';
const SECRET = 'kueue-webhook-server-cert';
const PORT = 9443;
/** Kinds whose versions Kueue converts itself. */
const CONVERTED = ['workloads', 'localqueues', 'clusterqueues', 'cohorts', 'multikueueclusters'];
/** Of the kinds that are here. */
const WEBHOOKS = /^[mv](pod|workload|clusterqueue|localqueue|resourceflavor|cohort)\.kb\.io$/;

/** Kueue with its plain pod groups alone, as its own manifests install it. Whoever asks closes it. */
export async function startKueue(programs: Binaries<'kueue'>): Promise<OwnEnvironment> {
  const webhooks = await readWebhooks();
  const environment = await startWithSchedulers({
    programs,
    crds: 'config/components/crd/bases',
    args: (environment) => ({
      kueue: [
        `--kubeconfig=${environment.plane.kubeconfig}`,
        `--config=${writeConfiguration(environment, 'kueue.json', configurationFor(environment))}`,
      ],
    }),
    prepare: (transport) => prepare(transport, webhooks),
  });
  const { transport } = environment.cluster;
  await createService(environment);
  await handOnCertificates(environment);
  await until('Kueue answers', () => tryTo(() => create(transport, `${KUEUE}/resourceflavors`, FLAVOR)));
  return environment;
}

const KUEUE = '/apis/kueue.x-k8s.io/v1beta2';
const FLAVOR = { apiVersion: 'kueue.x-k8s.io/v1beta2', kind: 'ResourceFlavor', metadata: { name: 'default' } };

/** A LocalQueue of that name, whose ClusterQueue has so much of a resource, and of everything else enough. */
export async function addQueue(
  transport: KubernetesTransport,
  { namespace, name, resource, quota }: { namespace: string; name: string; resource: string; quota: number },
): Promise<void> {
  const { apiVersion } = FLAVOR;
  const quotas = { cpu: 1000, memory: '1000Gi', [resource]: quota };
  const resources = Object.entries(quotas).map(([name, nominalQuota]) => ({ name, nominalQuota }));
  const clusterQueue = `${namespace}-${name}`;
  await create(transport, `${KUEUE}/clusterqueues`, {
    ...{ apiVersion, kind: 'ClusterQueue', metadata: { name: clusterQueue } },
    spec: {
      namespaceSelector: {},
      preemption: { withinClusterQueue: 'LowerPriority' },
      resourceGroups: [{ coveredResources: Object.keys(quotas), flavors: [{ name: 'default', resources }] }],
    },
  });
  await create(transport, `${KUEUE}/namespaces/${namespace}/localqueues`, {
    ...{ apiVersion, kind: 'LocalQueue', metadata: { name } },
    spec: { clusterQueue },
  });
}

async function readWebhooks(): Promise<JsonObject[]> {
  const path = join(await sourceDirectory('kueue'), 'config/components/webhook/manifests.yaml');
  return parseAllDocuments(readFileSync(path, 'utf8')).map((document) => document.toJS() as JsonObject);
}

async function prepare(transport: KubernetesTransport, webhooks: readonly JsonObject[]): Promise<void> {
  await create(transport, '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  await create(transport, `/api/v1/namespaces/${NAMESPACE}/secrets`, { metadata: { name: SECRET } });
  for (const kind of CONVERTED) {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${kind}.kueue.x-k8s.io`;
    const clientConfig = { service: { name: SERVICE, namespace: NAMESPACE, path: '/convert', port: PORT } };
    const webhook = { clientConfig, conversionReviewVersions: ['v1'] };
    const body = { spec: { conversion: { strategy: 'Webhook', webhook } } };
    const contentType = 'application/merge-patch+json';
    await transport.request({ method: 'PATCH', path, contentType, body, subject: { title: path, name: null } });
  }
  for (const configuration of webhooks) {
    const { kind, metadata, webhooks: all } = configuration as unknown as WebhookConfiguration;
    const kept = all.filter(({ name }) => WEBHOOKS.test(name)).map(atOurService);
    const plural = `${kind.toLowerCase()}s`;
    await create(transport, `/apis/admissionregistration.k8s.io/v1/${plural}`, {
      ...{ ...configuration, metadata: { name: `kueue-${metadata.name}` }, webhooks: kept },
    });
  }
}

interface Webhook {
  readonly name: string;
  readonly clientConfig: { readonly service: { readonly path: string } };
}

interface WebhookConfiguration {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly webhooks: readonly Webhook[];
}

function atOurService({ clientConfig, ...webhook }: Webhook): unknown {
  const { path } = clientConfig.service;
  return { ...webhook, clientConfig: { service: { name: SERVICE, namespace: NAMESPACE, path, port: PORT } } };
}

function configurationFor({ plane }: OwnEnvironment): JsonObject {
  return {
    apiVersion: 'config.kueue.x-k8s.io/v1beta2',
    kind: 'Configuration',
    namespace: NAMESPACE,
    health: { healthProbeBindAddress: '0' },
    metrics: { bindAddress: '0' },
    webhook: { host: plane.network.hostAddress, port: PORT, certDir: certificatesOf(plane.directory) },
    leaderElection: { leaderElect: false },
    internalCertManagement: { enable: true, webhookServiceName: SERVICE, webhookSecretName: SECRET },
    integrations: { frameworks: ['pod'] },
    // It would serve an API of its own.
    featureGates: { VisibilityOnDemand: false },
  };
}

function certificatesOf(directory: string): string {
  return join(directory, 'kueue-certificates');
}

/** No proxy brings service addresses to processes here, so the API server is told the address itself. */
function createService({ cluster, plane }: OwnEnvironment): Promise<unknown> {
  return create(cluster.transport, `/api/v1/namespaces/${NAMESPACE}/services`, {
    metadata: { name: SERVICE },
    spec: { type: 'ExternalName', externalName: plane.network.hostAddress, ports: [{ port: PORT }] },
  });
}

/** What a node's kubelet does for its pod: the Secret that Kueue fills comes into the folder from which it reads. */
async function handOnCertificates({ cluster, plane }: OwnEnvironment): Promise<void> {
  const directory = certificatesOf(plane.directory);
  mkdirSync(directory, { recursive: true });
  const path = `/api/v1/namespaces/${NAMESPACE}/secrets/${SECRET}`;
  await until('Kueue has made its certificates', async () => {
    const { data } = await cluster.transport.request({ method: 'GET', path, subject: { title: SECRET, name: null } });
    const entries = Object.entries((data ?? {}) as Record<string, string>);
    for (const [name, text] of entries) writeFileSync(join(directory, name), Buffer.from(text, 'base64'));
    return entries.length > 0 ? null : 'not yet';
  });
}

async function tryTo(step: () => Promise<unknown>): Promise<unknown> {
  try {
    await step();
    return null;
  } catch (error) {
    await delay(200);
    return String(error);
  }
}

export function create(
  transport: KubernetesTransport,
  path: string,
  body: JsonObject | { readonly metadata: { readonly name: string } },
): Promise<JsonObject> {
  const subject = { title: path, name: (body.metadata as { name: string }).name };
  return transport.request({ method: 'POST', path, subject, body: body as JsonObject });
}
