// What is known of some kinds of objects: fed by lists and watches, and by the answers to our own writes, so that nobody
// here decides on less than what we ourselves have done. Tells objects of one name apart by uid. It refuses to know where
// its updates come from.

import type { ListOptions, ObjectName, ResourceKind } from './cluster.ts';
import type { Update } from './list-watch.ts';
import type { KubernetesObject, Stored } from './objects.ts';

type Kind = Pick<ResourceKind<KubernetesObject>, 'apiVersion' | 'plural'>;
type Known = Stored<KubernetesObject>;

/**
 * Objects that have gone are remembered: an answer that comes late must not bring one back. One that has only lost the labels
 * by which it is followed may come back, with a newer version.
 */
const MAX_GONE = 10_000;

export interface ObjectCacheOptions {
  /** Lists that select by this label don't look at every object. */
  readonly indexLabel: string;
  /** Each kind is listed in each of these; absent: in all at once. */
  readonly namespaces?: readonly string[];
  /** What is remembered of an object, where that is less than all. */
  readonly trim?: <T extends KubernetesObject>(object: Stored<T>) => Stored<T>;
}

export class ObjectCache {
  readonly #options: ObjectCacheOptions;
  readonly #stores = new Map<string, KindStore>();

  constructor(options: ObjectCacheOptions) {
    this.#options = options;
  }

  /**
   * A list or a change, in the order in which they came. False where a change tells of no more than is known already.
   * `namespace` is the one that was listed or watched; null: all.
   */
  apply<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    update: Update<T>,
    namespace: string | null = null,
  ): boolean {
    const store = this.#store(kind);
    if (update.type === 'LISTED') store.replace(update.items, { resourceVersion: update.resourceVersion, namespace });
    else if (update.type === 'DELETED') store.remove(update.object);
    else return store.put(update.object);
    return true;
  }

  /** The answer to a write of our own. Ignored for kinds that aren't followed. */
  remember<T extends KubernetesObject>(kind: ResourceKind<T>, object: Stored<T>): void {
    if (this.isSynced(kind, object.metadata.namespace)) this.#store(kind).put(object);
  }

  /** Whether the kind's objects have been listed in `namespace`; absent: in every one. */
  isSynced(kind: Kind, namespace?: string): boolean {
    return this.#stores.get(nameOf(kind))?.isSynced(namespace) ?? false;
  }

  get<T extends KubernetesObject>(kind: ResourceKind<T>, name: ObjectName): Stored<T> | null {
    return (this.#store(kind).objects.get(keyOf(name)) as Stored<T> | undefined) ?? null;
  }

  list<T extends KubernetesObject>(kind: ResourceKind<T>, options: ListOptions = {}): Stored<T>[] {
    const objects = this.#store(kind).select(options.labels?.[this.#options.indexLabel]);
    return objects.filter((object) => isSelected(object, options)) as Stored<T>[];
  }

  #store(kind: Kind): KindStore {
    const known = this.#stores.get(nameOf(kind));
    if (known !== undefined) return known;
    const store = new KindStore(this.#options);
    this.#stores.set(nameOf(kind), store);
    return store;
  }
}

interface Listed {
  readonly resourceVersion: string;
  readonly namespace: string | null;
}

/** Kinds of different groups may have the same name. */
function nameOf({ apiVersion, plural }: Kind): string {
  return `${apiVersion}/${plural}`;
}

class KindStore {
  readonly objects = new Map<string, Known>();
  readonly #namespaces: readonly (string | null)[];
  readonly #listed = new Set<string | null>();
  readonly #indexLabel: string;
  readonly #trim: (object: Known) => Known;
  readonly #byLabel = new Map<string, Map<string, Known>>();
  /** By uid: the version at which it was gone. */
  readonly #gone = new Map<string, string>();

  constructor({ indexLabel, namespaces, trim = (object) => object }: ObjectCacheOptions) {
    this.#namespaces = namespaces ?? [null];
    this.#indexLabel = indexLabel;
    this.#trim = trim;
  }

  isSynced(namespace?: string): boolean {
    if (namespace === undefined) return this.#namespaces.every((one) => this.#listed.has(one));
    return this.#listed.has(null) || this.#listed.has(namespace);
  }

  select(label: string | undefined): Known[] {
    const selected = label === undefined ? this.objects : this.#byLabel.get(label);
    return selected === undefined ? [] : [...selected.values()];
  }

  /** What isn't listed has gone, unless we wrote it after the list was made. */
  replace(items: readonly Known[], { resourceVersion, namespace }: Listed): void {
    this.#listed.add(namespace);
    const listed = new Set(items.map((item) => item.metadata.uid));
    for (const known of [...this.objects.values()]) {
      if (namespace !== null && known.metadata.namespace !== namespace) continue;
      if (!listed.has(known.metadata.uid) && !isNewer(known.metadata.resourceVersion, resourceVersion)) {
        this.remove(known, resourceVersion);
      }
    }
    for (const item of items) this.put(item);
  }

  /** Whether it is newer than what was known. */
  put(object: Known): boolean {
    const key = keyOf(object.metadata);
    const goneAt = this.#gone.get(object.metadata.uid);
    if (goneAt !== undefined && !isNewer(object.metadata.resourceVersion, goneAt)) return false;
    const known = this.objects.get(key);
    if (known !== undefined) {
      if (!isNewer(object.metadata.resourceVersion, known.metadata.resourceVersion)) return false;
      this.#unindex(key, known);
    }
    const kept = this.#trim(object);
    this.objects.set(key, kept);
    this.#index(key, kept);
    return true;
  }

  remove(object: Known, goneAt = object.metadata.resourceVersion): void {
    this.#gone.set(object.metadata.uid, goneAt);
    if (this.#gone.size > MAX_GONE) this.#gone.delete(this.#gone.keys().next().value!);
    const key = keyOf(object.metadata);
    const known = this.objects.get(key);
    if (known?.metadata.uid !== object.metadata.uid) return;
    this.objects.delete(key);
    this.#unindex(key, known);
  }

  #index(key: string, object: Known): void {
    const label = object.metadata.labels?.[this.#indexLabel];
    if (label === undefined) return;
    const group = this.#byLabel.get(label);
    if (group === undefined) this.#byLabel.set(label, new Map([[key, object]]));
    else group.set(key, object);
  }

  #unindex(key: string, object: Known): void {
    const label = object.metadata.labels?.[this.#indexLabel];
    const group = label === undefined ? undefined : this.#byLabel.get(label);
    group?.delete(key);
    if (group?.size === 0) this.#byLabel.delete(label!);
  }
}

/** Whether an object with these labels and fields, in this namespace, is asked for. */
export function isSelected(object: KubernetesObject, options: ListOptions): boolean {
  if (options.namespace !== undefined && object.metadata.namespace !== options.namespace) return false;
  for (const [path, value] of Object.entries(options.fields ?? {})) if (fieldAt(object, path) !== value) return false;
  return Object.entries(options.labels ?? {}).every(([name, value]) => object.metadata.labels?.[name] === value);
}

/** A field that isn't there counts as empty, as in Kubernetes. */
function fieldAt(object: KubernetesObject, path: string): unknown {
  let value: unknown = object;
  for (const name of path.split('.')) value = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  return value ?? '';
}

/** Resource versions of one kind are decimal numbers that grow (Kubernetes 1.35 made that a promise). */
function isNewer(version: string, than: string): boolean {
  if (version.length !== than.length) return version.length > than.length;
  return version > than;
}

function keyOf(name: ObjectName): string {
  return `${name.namespace}/${name.name}`;
}
