// The cluster that is a Kubernetes API server. It refuses to know connections and credentials, and it keeps nothing: every
// call is a request.

import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import type {
  ApplyOptions,
  Cluster,
  DeleteOptions,
  ListOptions,
  ObjectList,
  ObjectName,
  ResourceKind,
  WatchOptions,
  WriteOptions,
} from './cluster.ts';
import type { Credentials } from './credentials.ts';
import { GoneError } from './errors.ts';
import { checkIdentity } from './identity.ts';
import { deepFreeze, isJsonObject, type JsonObject } from './json.ts';
import { toClusterError } from './kubernetes-errors.ts';
import {
  collectionPath,
  collectionSubject,
  fieldSelector,
  labelSelector,
  objectPath,
  objectSubject,
  withQuery,
} from './kubernetes-paths.ts';
import { type Attempt, KubernetesTransport } from './kubernetes-transport.ts';
import type { KubernetesObject, Stored, WatchEvent, WatchEventType } from './objects.ts';

export interface KubernetesClusterOptions {
  readonly credentials: Credentials;
  readonly userAgent: string;
  readonly clock?: Clock;
  /** Of every request, waits for a busy server included. */
  readonly deadlineMs?: number;
  /** A watch that brings neither change nor bookmark (one a minute) for so long has lost its connection. */
  readonly watchIdleMs?: number;
  readonly onAttempt?: (attempt: Attempt) => void;
}

const DEFAULT_DEADLINE_MS = 30_000;
const DEFAULT_WATCH_IDLE_MS = 120_000;
const PAGE_SIZE = 500;
/** Watches end after a time of their own between these, so that they don't all come back at once. */
const MIN_WATCH_SECONDS = 300;
const MAX_WATCH_SECONDS = 600;
const APPLY_PATCH = 'application/apply-patch+yaml';

export class KubernetesCluster implements Cluster {
  /** For what isn't namespaced, and for kinds that this interface doesn't have. */
  readonly transport: KubernetesTransport;
  readonly #watchIdleMs: number;

  constructor(options: KubernetesClusterOptions) {
    const { credentials, userAgent, clock = systemClock, deadlineMs = DEFAULT_DEADLINE_MS, onAttempt } = options;
    this.#watchIdleMs = options.watchIdleMs ?? DEFAULT_WATCH_IDLE_MS;
    this.transport = new KubernetesTransport({
      ...{ credentials, userAgent, clock, deadlineMs },
      ...(onAttempt !== undefined && { onAttempt }),
    });
  }

  /** Ends every connection; requests and watches under way fail. */
  close(): Promise<void> {
    return this.transport.close();
  }

  async get<T extends KubernetesObject>(kind: ResourceKind<T>, name: ObjectName): Promise<Stored<T>> {
    const path = objectPath(kind, name);
    return toStored(kind, await this.transport.request({ method: 'GET', path, subject: objectSubject(kind, name) }));
  }

  async list<T extends KubernetesObject>(kind: ResourceKind<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    try {
      return await this.#list(kind, options, PAGE_SIZE);
    } catch (error) {
      // History was cleared away between two pages: then all in one.
      if (error instanceof GoneError) return this.#list(kind, options, undefined);
      throw error;
    }
  }

  async *watch<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const { resourceVersion, namespace, signal, onBookmark } = options;
    const timeoutSeconds = Math.round(MIN_WATCH_SECONDS + Math.random() * (MAX_WATCH_SECONDS - MIN_WATCH_SECONDS));
    const path = withQuery(collectionPath(kind, namespace), {
      ...{ watch: 1, allowWatchBookmarks: true, resourceVersion, timeoutSeconds },
      ...{ labelSelector: labelSelector(options), fieldSelector: fieldSelector(options) },
    });
    const subject = collectionSubject(kind, namespace);
    const lines = this.transport.stream({ path, subject }, { signal, idleMs: this.#watchIdleMs });
    for await (const { type, object } of lines) {
      if (!isJsonObject(object)) continue;
      if (type === 'ERROR') throw toClusterError(Number(object.code), object, subject);
      if (type === 'BOOKMARK') onBookmark?.(String((object.metadata as JsonObject).resourceVersion));
      else yield { type: type as WatchEventType, object: toStored(kind, object) };
    }
  }

  async create<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: T,
    { fieldManager }: WriteOptions,
  ): Promise<Stored<T>> {
    checkIdentity(kind, object);
    const { metadata } = object;
    const path = withQuery(collectionPath(kind, metadata.namespace), { fieldManager });
    const subject = objectSubject(kind, metadata);
    return toStored(
      kind,
      await this.transport.request({ method: 'POST', path, subject, body: withoutStatus(kind, object) }),
    );
  }

  async apply<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: T,
    { fieldManager, force }: ApplyOptions,
  ): Promise<Stored<T>> {
    checkIdentity(kind, object);
    const path = withQuery(objectPath(kind, object.metadata), { fieldManager, force });
    const answer = await this.transport.request({
      ...{ method: 'PATCH', path, contentType: APPLY_PATCH },
      subject: objectSubject(kind, object.metadata),
      body: withoutStatus(kind, object),
    });
    return toStored(kind, answer);
  }

  update<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: Stored<T>,
    options: WriteOptions,
  ): Promise<Stored<T>> {
    return this.#put(kind, object, objectPath(kind, object.metadata), options);
  }

  updateStatus<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: Stored<T>,
    options: WriteOptions,
  ): Promise<Stored<T>> {
    return this.#put(kind, object, objectPath(kind, object.metadata, 'status'), options);
  }

  async delete<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    name: ObjectName,
    { gracePeriodSeconds, preconditions, propagation = 'Background' }: DeleteOptions = {},
  ): Promise<void> {
    await this.transport.request({
      ...{ method: 'DELETE', path: objectPath(kind, name), subject: objectSubject(kind, name) },
      body: {
        ...{ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: propagation },
        ...{ gracePeriodSeconds, preconditions },
      },
    });
  }

  async #list<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    options: ListOptions,
    limit: number | undefined,
  ): Promise<ObjectList<T>> {
    const subject = collectionSubject(kind, options.namespace);
    const items: Stored<T>[] = [];
    let next: string | undefined;
    for (;;) {
      const path = withQuery(collectionPath(kind, options.namespace), {
        ...{ labelSelector: labelSelector(options), fieldSelector: fieldSelector(options), limit, continue: next },
      });
      const page = await this.transport.request({ method: 'GET', path, subject });
      for (const item of (page.items ?? []) as JsonObject[]) items.push(toStored(kind, item));
      const metadata = page.metadata as JsonObject;
      // The last page's version is the one that all pages show.
      if (!metadata.continue) return { items, resourceVersion: String(metadata.resourceVersion) };
      next = String(metadata.continue);
    }
  }

  async #put<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: Stored<T>,
    path: string,
    { fieldManager }: WriteOptions,
  ): Promise<Stored<T>> {
    const answer = await this.transport.request({
      ...{ method: 'PUT', path: withQuery(path, { fieldManager }), body: object },
      subject: objectSubject(kind, object.metadata),
    });
    return toStored(kind, answer);
  }
}

/** As callers get it: frozen, without the bulky `managedFields`, and with what lists leave out. */
function toStored<T extends KubernetesObject>(kind: ResourceKind<T>, object: JsonObject): Stored<T> {
  const { managedFields: _, ...metadata } = object.metadata as JsonObject;
  // Kinds whose changes the server doesn't count have no generation.
  const stored = { ...object, apiVersion: kind.apiVersion, kind: kind.kind, metadata: { generation: 0, ...metadata } };
  return deepFreeze(stored) as unknown as Stored<T>;
}

/** `status` is only written through its subresource; the server would refuse or drop it. */
function withoutStatus<T extends KubernetesObject>(kind: ResourceKind<T>, object: T): unknown {
  if (!kind.hasStatus) return object;
  const { status: _, ...rest } = object as T & { status?: unknown };
  return rest;
}
