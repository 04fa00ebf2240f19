// What only people at a terminal need of a cluster, beside its objects: what pods write and serve, what they use, and the
// scale of an object. It refuses to know jobs, and how anything is shown.

import { type ObjectName, PODS, type ResourceKind } from './cluster.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { collectionPath, objectPath, objectSubject, podProxyPath, withQuery } from './kubernetes-paths.ts';
import type { KubernetesTransport } from './kubernetes-transport.ts';
import type { KubernetesObject } from './objects.ts';

export interface LogOptions {
  readonly container: string;
  /** What is written from now on, too; until the container ends. */
  readonly isFollowed: boolean;
  /** Of the container before its last restart. */
  readonly isPrevious: boolean;
  readonly sinceSeconds?: number | undefined;
  /** RFC 3339. */
  readonly sinceTime?: string | undefined;
  /** Only the last lines, so many. */
  readonly tailLines?: number | undefined;
}

export interface LogLine {
  /** RFC 3339, as the node's runtime stamped the line; empty where it has not. */
  readonly time: string;
  readonly text: string;
}

/** What a container uses now, as metrics.k8s.io says. */
export interface ContainerUsage {
  readonly pod: string;
  readonly container: string;
  /** Kubernetes quantities. */
  readonly cpu: string;
  readonly memory: string;
}

/** Every method may fail with a ClusterError. */
export interface PodAccess {
  /** Ends when the container has ended, or the signal aborts. */
  logs(pod: ObjectName, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine>;
  /** A page that the pod serves over HTTP, fetched by the API server. */
  fetch(pod: ObjectName, port: number, page: string): Promise<string>;
  /** NotFoundError or UnavailableError where the cluster has no metrics server. */
  usage(namespace: string, labelSelector: string): Promise<readonly ContainerUsage[]>;
  /** Sets the replicas of an object's scale subresource. */
  scale<T extends KubernetesObject>(kind: ResourceKind<T>, name: ObjectName, replicas: number): Promise<void>;
}

const STAMPED = /^(\d{4}-\d\d-\d\dT\S+) (.*)$/s;
const POD_METRICS = { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics', plural: 'pods' } as const;

export class KubernetesPodAccess implements PodAccess {
  readonly #transport: KubernetesTransport;
  readonly #fieldManager: string;

  constructor(transport: KubernetesTransport, fieldManager: string) {
    this.#transport = transport;
    this.#fieldManager = fieldManager;
  }

  async *logs(pod: ObjectName, options: LogOptions, signal: AbortSignal): AsyncGenerator<LogLine> {
    const { container, sinceSeconds, sinceTime, tailLines } = options;
    const path = withQuery(objectPath(PODS, pod, 'log'), {
      ...{ container, sinceSeconds, sinceTime, tailLines, timestamps: true },
      follow: options.isFollowed || undefined,
      previous: options.isPrevious || undefined,
    });
    const subject = { title: `the log of ${pod.name}, container ${container}`, name: pod.name };
    const lines = this.#transport.lines({ path, subject }, { signal, idleMs: 0, keepsRest: true });
    for await (const line of lines) yield parseLogLine(line);
  }

  fetch(pod: ObjectName, port: number, page: string): Promise<string> {
    const subject = { title: `port ${port} of pod ${pod.name}`, name: null };
    return this.#transport.text({ method: 'GET', path: podProxyPath(PODS, pod, port, page), subject, accept: '*/*' });
  }

  async usage(namespace: string, labelSelector: string): Promise<readonly ContainerUsage[]> {
    const path = withQuery(collectionPath(POD_METRICS, namespace), { labelSelector });
    const answer = await this.#transport.request({
      method: 'GET',
      path,
      subject: { title: 'metrics.k8s.io', name: null },
    });
    return ((answer.items ?? []) as JsonObject[]).flatMap(usageOfPod);
  }

  async scale<T extends KubernetesObject>(kind: ResourceKind<T>, name: ObjectName, replicas: number): Promise<void> {
    const path = withQuery(objectPath(kind, name, 'scale'), { fieldManager: this.#fieldManager });
    const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: name, spec: { replicas } };
    await this.#transport.request({ method: 'PUT', path, body, subject: objectSubject(kind, name) });
  }
}

/** Exported for its test. */
export function parseLogLine(line: string): LogLine {
  const match = STAMPED.exec(line);
  return match === null ? { time: '', text: line } : { time: match[1]!, text: match[2]! };
}

function usageOfPod({ metadata, containers }: JsonObject): ContainerUsage[] {
  if (!isJsonObject(metadata) || !Array.isArray(containers)) return [];
  return containers.filter(isJsonObject).map(({ name, usage }) => {
    const { cpu = '0', memory = '0' } = isJsonObject(usage) ? usage : {};
    return { pod: String(metadata.name), container: String(name), cpu: String(cpu), memory: String(memory) };
  });
}
