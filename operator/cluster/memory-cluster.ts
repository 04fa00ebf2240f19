// A cluster in memory, for a single machine and for tests: it behaves as the API server does where the operator and a
// kubelet can tell. It refuses to know PPO, admission, several API versions, and anything that runs.

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Clock, systemClock, timestamp } from './clock.ts';
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
import { AlreadyExistsError, ConflictError, InvalidError, NotFoundError } from './errors.ts';
import { FieldOwnership, ownedBody } from './field-ownership.ts';
import { FOREGROUND_FINALIZER, findGarbage } from './garbage.ts';
import { checkIdentity, describe } from './identity.ts';
import { copyJson, deepFreeze, type JsonObject } from './json.ts';
import { isSelected } from './object-cache.ts';
import type { KubernetesObject, ObjectMeta, Pod, Stored, StoredMeta, WatchEvent, WatchEventType } from './objects.ts';
import { WatchHistory } from './watch-history.ts';

type Kind = ResourceKind<KubernetesObject>;
interface Entry {
  readonly kind: Kind;
  readonly object: Stored<KubernetesObject>;
  readonly ownership: FieldOwnership;
}

export interface MemoryClusterOptions {
  readonly clock?: Clock;
  /** Changes that a watch may be behind. */
  readonly historyLimit?: number;
}

/** As the API server: a pod may take this long to stop when its spec doesn't say. */
const DEFAULT_GRACE_SECONDS = 30;

export class MemoryCluster implements Cluster {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #history: WatchHistory;
  #version = 1;
  #collecting = false;

  constructor(options: MemoryClusterOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#history = new WatchHistory({ limit: options.historyLimit ?? 4096, start: this.#version });
  }

  async get<T extends KubernetesObject>(kind: ResourceKind<T>, name: ObjectName): Promise<Stored<T>> {
    return this.#find(kind, name).object as Stored<T>;
  }

  async list<T extends KubernetesObject>(kind: ResourceKind<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const items = [...this.#entries.values()]
      .filter((entry) => entry.kind.plural === kind.plural && isSelected(entry.object, options))
      .map((entry) => entry.object as Stored<T>);
    return { items, resourceVersion: String(this.#version) };
  }

  watch<T extends KubernetesObject>(kind: ResourceKind<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    const changes = this.#history.follow(Number(options.resourceVersion), options.signal);
    return selectChanges<T>(changes, kind.plural, options);
  }

  async create<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: T,
    options: WriteOptions,
  ): Promise<Stored<T>> {
    const name = describe(kind, object.metadata);
    checkIdentity(kind, object);
    if (this.#entries.has(keyOf(kind, object.metadata))) throw new AlreadyExistsError(`${name} already exists`);
    const body = copyJson(object);
    const ownership = new FieldOwnership().update({}, ownedBody(body, kind.hasStatus), options.fieldManager);
    return this.#insert(kind, body, ownership) as Stored<T>;
  }

  async apply<T extends KubernetesObject>(kind: ResourceKind<T>, object: T, options: ApplyOptions): Promise<Stored<T>> {
    checkIdentity(kind, object);
    const applied = copyJson(object);
    const appliedBody = ownedBody(applied, kind.hasStatus);
    const entry = this.#entries.get(keyOf(kind, object.metadata));
    if (entry === undefined) {
      const ownership = new FieldOwnership().apply({}, appliedBody, options.fieldManager);
      return this.#insert(kind, applied, ownership) as Stored<T>;
    }
    const live = ownedBody(copyJson(entry.object), kind.hasStatus);
    const conflicts = options.force ? [] : entry.ownership.conflicts(live, appliedBody, options.fieldManager);
    if (conflicts.length > 0) {
      throw new ConflictError(`${describe(kind, object.metadata)}: fields owned by others: ${conflicts.join(', ')}`);
    }
    const ownership = entry.ownership.apply(live, appliedBody, options.fieldManager);
    return this.#replaceBody(entry, live, ownership) as Stored<T>;
  }

  async update<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: Stored<T>,
    options: WriteOptions,
  ): Promise<Stored<T>> {
    const entry = this.#findUnchanged(kind, object);
    const before = ownedBody(copyJson(entry.object), kind.hasStatus);
    const body = ownedBody(copyJson(object), kind.hasStatus);
    return this.#replaceBody(entry, body, entry.ownership.update(before, body, options.fieldManager)) as Stored<T>;
  }

  async updateStatus<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    object: Stored<T>,
    _options: WriteOptions,
  ): Promise<Stored<T>> {
    const entry = this.#findUnchanged(kind, object);
    const next = copyJson(entry.object);
    const { status } = copyJson(object);
    if (status === undefined) delete next.status;
    else next.status = status;
    return this.#write({ ...entry, object: next as unknown as Stored<KubernetesObject> }, entry) as Stored<T>;
  }

  async delete<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    name: ObjectName,
    options: DeleteOptions = {},
  ): Promise<void> {
    const entry = this.#find(kind, name);
    const { uid, resourceVersion } = entry.object.metadata;
    const wanted = options.preconditions ?? {};
    if (wanted.uid !== undefined && wanted.uid !== uid) {
      throw new ConflictError(`${describe(kind, name)} has uid ${uid}, not ${wanted.uid}`);
    }
    if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion) {
      throw new ConflictError(`${describe(kind, name)} has changed since version ${wanted.resourceVersion}`);
    }
    this.#delete(entry, options);
  }

  #find(kind: Pick<Kind, 'kind' | 'plural'>, name: ObjectName): Entry {
    const entry = this.#entries.get(keyOf(kind, name));
    if (entry === undefined) throw new NotFoundError(`${describe(kind, name)} not found`);
    return entry;
  }

  #findUnchanged(kind: Pick<Kind, 'kind' | 'plural'>, object: Stored<KubernetesObject>): Entry {
    const entry = this.#find(kind, object.metadata);
    const { uid, resourceVersion } = entry.object.metadata;
    if (object.metadata.uid !== uid || object.metadata.resourceVersion !== resourceVersion) {
      throw new ConflictError(
        `${describe(kind, object.metadata)} has been modified: version ${resourceVersion}, not ${object.metadata.resourceVersion}`,
      );
    }
    return entry;
  }

  #insert(kind: Kind, object: JsonObject, ownership: FieldOwnership): Stored<KubernetesObject> {
    const { name, namespace, labels, annotations, ownerReferences, finalizers } =
      object.metadata as unknown as ObjectMeta;
    const metadata = copyJson({
      ...{ name, namespace, labels, annotations, ownerReferences, finalizers },
      uid: randomUUID(),
      generation: 1,
      creationTimestamp: timestamp(this.#clock.nowMs()),
    });
    const next: JsonObject = { ...object, metadata };
    if (kind.hasStatus) delete next.status;
    if (kind.initialStatus !== undefined) next.status = copyJson(kind.initialStatus);
    const written = this.#write({ kind, object: next as unknown as Stored<KubernetesObject>, ownership }, null);
    // The owner may be gone already.
    if (ownerReferences !== undefined) this.#scheduleCollection();
    return written;
  }

  /** Puts `body` in place of everything that managers own; bumps the generation when more than metadata changed. */
  #replaceBody(entry: Entry, body: JsonObject, ownership: FieldOwnership): Stored<KubernetesObject> {
    const { kind, object } = entry;
    const { metadata: bodyMeta, ...rest } = body;
    const { metadata: _m, ...before } = ownedBody(copyJson(object), kind.hasStatus);
    const isChanged = !isDeepStrictEqual(rest, before);
    if (isChanged && kind.plural === 'pods') {
      throw new InvalidError(`${describe(kind, object.metadata)}: a pod's spec can't be changed; delete it instead`);
    }
    const { labels: _l, annotations: _a, ownerReferences: _o, finalizers: _f, ...identity } = object.metadata;
    const { apiVersion, kind: kindName, status } = copyJson(object);
    const next: JsonObject = {
      ...{ apiVersion: apiVersion!, kind: kindName!, ...rest },
      metadata: {
        ...copyJson(identity),
        ...(bodyMeta as JsonObject | undefined),
        generation: identity.generation + (isChanged ? 1 : 0),
      },
    };
    if (kind.hasStatus && status !== undefined) next.status = status;
    const written = this.#write({ kind, object: next as unknown as Stored<KubernetesObject>, ownership }, entry);
    this.#removeWhenFinal(written, kind);
    return written;
  }

  /** Stores an entry under a new version; a write that changes nothing isn't one. */
  #write(entry: Entry, previous: Entry | null): Stored<KubernetesObject> {
    const key = keyOf(entry.kind, entry.object.metadata);
    if (previous !== null && isDeepStrictEqual(entry.object, previous.object)) {
      this.#entries.set(key, { ...entry, object: previous.object });
      return previous.object;
    }
    const stored = this.#record(previous === null ? 'ADDED' : 'MODIFIED', entry, previous?.object ?? null);
    this.#entries.set(key, { ...entry, object: stored });
    return stored;
  }

  #record(type: WatchEventType, entry: Entry, previous: Stored<KubernetesObject> | null): Stored<KubernetesObject> {
    this.#version += 1;
    const metadata: StoredMeta = { ...entry.object.metadata, resourceVersion: String(this.#version) };
    const object: Stored<KubernetesObject> = deepFreeze({ ...entry.object, metadata });
    this.#history.append({ version: this.#version, plural: entry.kind.plural, type, object, previous });
    return object;
  }

  #delete(entry: Entry, options: DeleteOptions): void {
    const { metadata } = entry.object;
    const asked = graceSeconds(entry.object, options);
    const grace = Math.min(asked, metadata.deletionGracePeriodSeconds ?? asked);
    const finalizers = new Set(metadata.finalizers);
    if (options.propagation === 'Foreground') finalizers.add(FOREGROUND_FINALIZER);
    const deletionTimestamp = metadata.deletionTimestamp ?? timestamp(this.#clock.nowMs() + grace * 1000);
    const next: StoredMeta = {
      ...metadata,
      deletionTimestamp,
      deletionGracePeriodSeconds: grace,
      ...(finalizers.size > 0 && { finalizers: [...finalizers] }),
    };
    if (grace === 0 && finalizers.size === 0) {
      this.#remove(entry);
      return;
    }
    this.#write({ ...entry, object: { ...entry.object, metadata: next } }, entry);
    if (options.propagation === 'Foreground') this.#scheduleCollection();
  }

  #removeWhenFinal(object: Stored<KubernetesObject>, kind: Kind): void {
    const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
    const isFinal = deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && !finalizers?.length;
    if (isFinal) this.#remove(this.#find(kind, object.metadata));
  }

  #remove(entry: Entry): void {
    this.#entries.delete(keyOf(entry.kind, entry.object.metadata));
    this.#record('DELETED', entry, entry.object);
    this.#scheduleCollection();
  }

  /** Collects after the present call has returned, as the API server's collector does. */
  #scheduleCollection(): void {
    if (this.#collecting) return;
    this.#collecting = true;
    queueMicrotask(() => {
      this.#collecting = false;
      this.#collectGarbage();
    });
  }

  #collectGarbage(): void {
    const entries = [...this.#entries.values()];
    const garbage = findGarbage(entries.map((entry) => entry.object));
    for (const entry of entries) {
      const verdict = garbage.get(entry.object.metadata.uid);
      if (verdict === 'finish') this.#finishForeground(entry);
      else if (verdict !== undefined) this.#delete(entry, { propagation: verdict });
    }
  }

  #finishForeground(entry: Entry): void {
    const { finalizers = [], ...metadata } = entry.object.metadata;
    const kept = finalizers.filter((finalizer) => finalizer !== FOREGROUND_FINALIZER);
    const next: StoredMeta = kept.length === 0 ? metadata : { ...metadata, finalizers: kept };
    const written = this.#write({ ...entry, object: { ...entry.object, metadata: next } }, entry);
    this.#removeWhenFinal(written, entry.kind);
  }
}

/** A pod that runs gets time to stop; one that has ended, and any other object, none. */
function graceSeconds(object: Stored<KubernetesObject>, options: DeleteOptions): number {
  if (object.kind !== 'Pod') return 0;
  const pod = object as Stored<Pod>;
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') return 0;
  return options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
}

/** What a watch with a selector sees: an object that stops matching looks deleted, one that starts matching, added. */
async function* selectChanges<T extends KubernetesObject>(
  changes: AsyncGenerator<{
    plural: string;
    type: WatchEventType;
    object: Stored<KubernetesObject>;
    previous: Stored<KubernetesObject> | null;
  }>,
  plural: string,
  options: ListOptions,
): AsyncGenerator<WatchEvent<T>> {
  for await (const change of changes) {
    if (change.plural !== plural) continue;
    const object = change.object as Stored<T>;
    const was = change.previous !== null && isSelected(change.previous, options);
    const is = change.type !== 'DELETED' && isSelected(change.object, options);
    if (is) yield { type: was ? 'MODIFIED' : 'ADDED', object };
    else if (was) yield { type: 'DELETED', object };
  }
}

function keyOf(kind: Pick<Kind, 'plural'>, name: ObjectName): string {
  return `${kind.plural}/${name.namespace}/${name.name}`;
}
