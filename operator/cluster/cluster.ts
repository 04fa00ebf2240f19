// Everything the operator and the process kubelet need from a cluster, as one narrow interface with the API server's
// meaning. It refuses to know PPO, and which implementation stands behind it (in memory, or the Kubernetes API).

import type {
  ConfigMap,
  Event,
  KubernetesObject,
  NetworkPolicy,
  Pod,
  Secret,
  Service,
  Stored,
  WatchEvent,
} from './objects.ts';

/** A kind of object: where it lives in the API and what the server does with it. All kinds here are namespaced. */
export interface ResourceKind<T extends KubernetesObject> {
  readonly apiVersion: T['apiVersion'];
  readonly kind: T['kind'];
  /** Lower-case plural, as in the API's path. */
  readonly plural: string;
  /** Whether `status` is a subresource: then only `updateStatus` writes it, and `update` and `apply` leave it alone. */
  readonly hasStatus: boolean;
  /** What the server itself puts into `status` at creation. */
  readonly initialStatus?: Readonly<Record<string, unknown>>;
}

export const PODS: ResourceKind<Pod> = {
  apiVersion: 'v1',
  kind: 'Pod',
  plural: 'pods',
  hasStatus: true,
  initialStatus: { phase: 'Pending' },
};
export const SERVICES: ResourceKind<Service> = {
  apiVersion: 'v1',
  kind: 'Service',
  plural: 'services',
  hasStatus: false,
};
export const CONFIG_MAPS: ResourceKind<ConfigMap> = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  hasStatus: false,
};
export const SECRETS: ResourceKind<Secret> = {
  apiVersion: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  hasStatus: false,
};
export const NETWORK_POLICIES: ResourceKind<NetworkPolicy> = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  hasStatus: false,
};
export const EVENTS: ResourceKind<Event> = { apiVersion: 'v1', kind: 'Event', plural: 'events', hasStatus: false };

export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

export interface ListOptions {
  /** All namespaces when absent. */
  readonly namespace?: string;
  /** Every label must have exactly this value. */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Every field at such a path must have exactly this value. Servers select by few: `metadata.name`, and of events
   * `involvedObject.*`, `reason` and `type`.
   */
  readonly fields?: Readonly<Record<string, string>>;
}

export interface ObjectList<T extends KubernetesObject> {
  readonly items: readonly Stored<T>[];
  /** Start a watch here to see every later change. */
  readonly resourceVersion: string;
}

export interface WatchOptions extends ListOptions {
  /** Changes after this version are reported: a list's version, or the version of the last event seen. */
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
  /** Told of newer versions to resume from while nothing changes (the API's bookmarks). */
  readonly onBookmark?: (resourceVersion: string) => void;
}

export interface WriteOptions {
  /** Who owns the fields written. */
  readonly fieldManager: string;
}

export interface ApplyOptions extends WriteOptions {
  /** Take fields over that another manager owns with another value, instead of a ConflictError. */
  readonly force: boolean;
}

export interface DeleteOptions {
  /** Pods only: time to stop. The pod's own `terminationGracePeriodSeconds` when absent; 0 removes it at once. */
  readonly gracePeriodSeconds?: number;
  /** A ConflictError when the object found is another one, or has changed. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  /** 'Background' (default): the owner goes first. 'Foreground': it stays until its blocking dependents are gone. */
  readonly propagation?: 'Background' | 'Foreground';
}

/**
 * A cluster. Every method may fail with a ClusterError. Objects handed out are deeply frozen; nobody can change what
 * is stored but through these methods.
 */
export interface Cluster {
  /** NotFoundError when there is none. */
  get<T extends KubernetesObject>(kind: ResourceKind<T>, name: ObjectName): Promise<Stored<T>>;
  list<T extends KubernetesObject>(kind: ResourceKind<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /**
   * Changes in order, none left out. Ends when the signal aborts; may also end by itself (then watch again from the
   * last version seen). GoneError when the version is too old (then list again).
   */
  watch<T extends KubernetesObject>(kind: ResourceKind<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** AlreadyExistsError when the name is taken, also by an object that is being deleted. `status` is ignored. */
  create<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options: WriteOptions): Promise<Stored<T>>;
  /**
   * Server-side apply: creates or merges. Fields that this manager applied before and leaves out now are removed unless
   * somebody else owns them too. ConflictError when another manager owns a field and `force` is off.
   */
  apply<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options: ApplyOptions): Promise<Stored<T>>;
  /** Replaces all but `status`; ConflictError unless uid and resourceVersion are the stored ones. Removes finalizers. */
  update<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: Stored<T>,
    options: WriteOptions,
  ): Promise<Stored<T>>;
  /** Replaces `status` alone; ConflictError unless uid and resourceVersion are the stored ones. */
  updateStatus<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: Stored<T>,
    options: WriteOptions,
  ): Promise<Stored<T>>;
  /**
   * Asks for deletion. A running pod only gets its `deletionTimestamp`; its kubelet stops it and deletes it again with
   * grace 0. An object with finalizers stays until they are removed. NotFoundError when there is none.
   */
  delete<T extends KubernetesObject>(kind: ResourceKind<T>, name: ObjectName, options?: DeleteOptions): Promise<void>;
}
