// The operator's own settings: what may be given on its command line and in its environment, and what they mean. Pure; it
// refuses to know what is done with them.

import { parseArgs } from 'node:util';
import { DEFAULT_IMAGE, USER_ID } from './api/names.ts';
import type { ObjectName } from './cluster/cluster.ts';
import { kubeconfigPaths } from './cluster/credentials.ts';
import type { PodEnvironment } from './cluster/service-account.ts';
import { type PageAddress, parsePageAddress } from './page/page-address.ts';

export interface OperatorSettings {
  /** Null: as kubectl finds one, then the pod's service account. */
  readonly kubeconfig: string | null;
  /** The files that KUBECONFIG names. */
  readonly kubeconfigs: readonly string[];
  readonly context: string | null;
  /** Null: this is no pod, or its environment names a kubeconfig. */
  readonly pod: PodEnvironment | null;
  /** Null: jobs of all namespaces. */
  readonly namespaces: readonly string[] | null;
  /** Null: nobody else runs. A lease without a namespace lies where the operator runs. */
  readonly lease: { readonly name: string; readonly namespace: string | null } | null;
  /** Of this process, unlike any other's. */
  readonly identity: string;
  readonly metrics: { readonly host: string | null; readonly port: number; readonly tls: TlsFiles | null };
  /** Where the page of jobs is served; null: nowhere. */
  readonly page: PageAddress | null;
  readonly concurrency: number;
  readonly logLevel: string;
  /** Null: the operator is in no pod. */
  readonly ownNamespace: string | null;
  /** Namespaces whose pods may read metrics of jobs that don't say it themselves. */
  readonly metricsFromNamespaces: readonly string[];
  /** Image of the pods of jobs that name none. */
  readonly workerImage: string;
  /** As which pods of jobs run; null: the cluster chooses. */
  readonly podUserId: number | null;
  /** How long the certificates of a job's pods are good for. */
  readonly certificateMs: number;
}

/** PEM files. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

export type ParsedOptions =
  | { readonly kind: 'run'; readonly settings: OperatorSettings }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

export const HELP = `Runs PPOJobs on a Kubernetes cluster.

  node operator/main.ts [options]

  --kubeconfig FILE       default: KUBECONFIG, ~/.kube/config, or the pod's service account
  --context NAME          default: the kubeconfig's current one
  --namespace NAMES       only jobs of these namespaces, parted by commas; default: all
  --lease-name NAME       of the Lease by which one operator at a time is elected; default: ppo-operator
  --lease-namespace NAME  default: POD_NAMESPACE, or the context's
  --no-leader-election    when no other operator runs
  --metrics-address H:P   of /metrics, /healthz and /readyz; without H on every address; default: :8080
  --metrics-from NAMES    namespaces whose pods may read the metrics of jobs, parted by commas; default: none
  --metrics-tls-cert FILE --metrics-tls-key FILE
                          serve those paths by HTTPS (PEM; both are read again when they change)
  --worker-image IMAGE    of the pods of jobs that name none; default: ${DEFAULT_IMAGE}
  --pod-user-id ID        as which user, group and group of volumes the pods of jobs run; none: as which the cluster
                          says, as OpenShift does; default: ${USER_ID}, the image's own
  --certificate-lifetime D
                          of the pods of a job, such as 12h; renewed when a third is left, and the job's authority
                          lasts six times as long; nodes take up to 2 minutes to hand them out; default: 30d
  --page-address H:P      of a page that shows jobs, their curves, pods and events, such as 127.0.0.1:8081, on a
                          loopback address only, since it asks nobody who they are: kubectl port-forward reaches it;
                          default: off
  --concurrency N         jobs worked on at the same time; default: 16
  --log-level LEVEL       debug, info, warn or error; default: info
  --help

Exit code: 0 it was asked to end, 1 it lost its lease or failed, 2 the options are wrong.
`;

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'];
const MAX_CONCURRENCY = 256;
const MAX_PORT = 65_535;
const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const MIN_CERTIFICATE_MS = 60_000;
const MAX_CERTIFICATE_MS = 365 * 86_400_000;
const NO_USER = 'none';
/** Of Linux. */
const MAX_USER_ID = 2 ** 31 - 1;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const LEASE = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const OPTIONS = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  namespace: { type: 'string' },
  'lease-name': { type: 'string', default: 'ppo-operator' },
  'lease-namespace': { type: 'string' },
  'no-leader-election': { type: 'boolean', default: false },
  'metrics-address': { type: 'string', default: ':8080' },
  'metrics-from': { type: 'string', default: '' },
  'metrics-tls-cert': { type: 'string' },
  'metrics-tls-key': { type: 'string' },
  'certificate-lifetime': { type: 'string', default: '30d' },
  'worker-image': { type: 'string', default: DEFAULT_IMAGE },
  'pod-user-id': { type: 'string', default: String(USER_ID) },
  'page-address': { type: 'string', default: 'off' },
  concurrency: { type: 'string', default: '16' },
  'log-level': { type: 'string', default: 'info' },
  help: { type: 'boolean', default: false },
} as const;

export interface OptionsInput {
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Makes the identity of this process unlike that of the one before it in the same pod. */
  readonly uniqueId: string;
  readonly hostName: string;
}

export function parseOptions(input: OptionsInput): ParsedOptions {
  try {
    const { values } = parseArgs({ args: [...input.args], options: OPTIONS });
    return values.help ? { kind: 'help' } : interpret(values, input);
  } catch (error) {
    return { kind: 'wrong', problems: [error instanceof Error ? error.message : String(error)] };
  }
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

function interpret(values: Values, { environment, uniqueId, hostName }: OptionsInput): ParsedOptions {
  const problems: string[] = [];
  const concurrency = Number(values.concurrency);
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
    problems.push(`--concurrency ${values.concurrency}: must be a whole number from 1 to ${MAX_CONCURRENCY}`);
  }
  const metrics = parseAddress(values['metrics-address']);
  if (metrics === null) {
    problems.push(`--metrics-address ${values['metrics-address']}: must be HOST:PORT or :PORT, such as :8080`);
  }
  const page = parsePageAddress(values['page-address']);
  if (typeof page === 'string') problems.push(page);
  const namespaces = namespacesOf(values);
  const metricsFromNamespaces = values['metrics-from'].split(',').filter((name) => name !== '');
  const names = { namespaces: namespaces ?? [], metricsFrom: metricsFromNamespaces };
  problems.push(...logProblems(values['log-level']), ...nameProblems(values, names));
  const tls = tlsFiles(values);
  problems.push(
    ...tlsProblems(values),
    ...imageProblems(values['worker-image']),
    ...userProblems(values['pod-user-id']),
  );
  const certificateMs = parseDuration(values['certificate-lifetime']);
  if (certificateMs === null) {
    problems.push(
      `--certificate-lifetime ${values['certificate-lifetime']}: must be from 1m to 365d, such as 90m, 12h or 30d`,
    );
  }
  if (problems.length > 0 || typeof page === 'string' || metrics === null || certificateMs === null)
    return { kind: 'wrong', problems };
  const leaseNamespace = values['lease-namespace'] ?? environment.POD_NAMESPACE ?? null;
  return {
    kind: 'run',
    settings: {
      kubeconfig: values.kubeconfig ?? null,
      kubeconfigs: kubeconfigPaths(environment.KUBECONFIG),
      context: values.context ?? null,
      pod: podEnvironment(environment),
      namespaces,
      lease: values['no-leader-election'] ? null : { name: values['lease-name'], namespace: leaseNamespace },
      identity: `${environment.POD_NAME ?? hostName}_${uniqueId}`,
      metrics: { ...metrics, tls },
      page,
      concurrency,
      logLevel: values['log-level'],
      ownNamespace: environment.POD_NAMESPACE ?? null,
      metricsFromNamespaces,
      workerImage: values['worker-image'],
      podUserId: values['pod-user-id'] === NO_USER ? null : Number(values['pod-user-id']),
      certificateMs,
    },
  };
}

/** Null: all. Each once: whoever is named twice would be followed twice. */
function namespacesOf({ namespace }: Values): readonly string[] | null {
  return namespace === undefined ? null : [...new Set(namespace.split(','))];
}

function tlsFiles({ 'metrics-tls-cert': certificate, 'metrics-tls-key': key }: Values): TlsFiles | null {
  return certificate === undefined || key === undefined ? null : { certificate, key };
}

function tlsProblems({ 'metrics-tls-cert': certificate, 'metrics-tls-key': key }: Values): string[] {
  const isHalf = (certificate === undefined) !== (key === undefined);
  return isHalf ? ['--metrics-tls-cert and --metrics-tls-key: give both, or neither'] : [];
}

function logProblems(level: string): string[] {
  return LOG_LEVELS.includes(level) ? [] : [`--log-level ${level}: must be one of ${LOG_LEVELS.join(', ')}`];
}

function imageProblems(image: string): string[] {
  return image === '' ? [`--worker-image: must name an image, such as ${DEFAULT_IMAGE}`] : [];
}

function userProblems(id: string): string[] {
  const isUser = /^[1-9]\d*$/.test(id) && Number(id) <= MAX_USER_ID;
  return isUser || id === NO_USER ? [] : [`--pod-user-id ${id}: must be a number from 1 to ${MAX_USER_ID}, or none`];
}

function podEnvironment(environment: NodeJS.ProcessEnv): PodEnvironment | null {
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  return KUBECONFIG || !host || !port ? null : { host, port };
}

type Name = [option: string, name: string | undefined, pattern: RegExp, rule: string];

interface Namespaces {
  readonly namespaces: readonly string[];
  readonly metricsFrom: readonly string[];
}

function nameProblems(values: Values, { namespaces, metricsFrom }: Namespaces): string[] {
  const list = 'names of namespaces, parted by commas';
  const names: Name[] = [
    ...namespaces.map((name): Name => ['--namespace', name, NAMESPACE, list]),
    ['--lease-name', values['lease-name'], LEASE, "a Lease's name: lower case, digits, '-' and '.', at most 253"],
    ['--lease-namespace', values['lease-namespace'], NAMESPACE, "a namespace's name"],
    ...metricsFrom.map((name): Name => ['--metrics-from', name, NAMESPACE, list]),
  ];
  return names.flatMap(([option, name, pattern, rule]) =>
    name === undefined || pattern.test(name) ? [] : [`${option} ${name}: must be ${rule}`],
  );
}

/** Null where it is no duration, or one that makes no sense for certificates. */
function parseDuration(text: string): number | null {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS_MS[unit] ?? Number.NaN);
  return ms >= MIN_CERTIFICATE_MS && ms <= MAX_CERTIFICATE_MS ? ms : null;
}

/** HOST:PORT, the host of IPv6 in brackets, or :PORT. */
function parseAddress(text: string): { host: string | null; port: number } | null {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+))?:(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  return match === null || port > MAX_PORT ? null : { host: match[1] ?? match[2] ?? null, port };
}

/** Where the election's Lease lies; `fallback` is the namespace that the context names. */
export function leaseName({ lease }: OperatorSettings, fallback: string): ObjectName | null {
  return lease === null ? null : { name: lease.name, namespace: lease.namespace ?? fallback };
}
