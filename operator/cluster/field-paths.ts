// An object's fields as a flat map of paths, in the way server-side apply counts them: members of objects by name, items
// of keyed lists by their key, other lists as one value. It refuses to know who owns a field.

import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** A member's name, or a list item by the value of its key field (`key: null` is a list of scalars used as a set). */
export type Segment = string | { readonly key: string | null; readonly value: Json };
export interface Field {
  readonly path: readonly Segment[];
  readonly value: Json;
}

/** Lists whose items have an identity, by the list's name; the first key that an item has counts. */
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  volumeMounts: ['mountPath'],
  ports: ['containerPort', 'port'],
  ownerReferences: ['uid'],
  conditions: ['type'],
};
const SET_LISTS: ReadonlySet<string> = new Set(['finalizers']);

function itemSegment(listName: string, item: Json): Segment | null {
  if (SET_LISTS.has(listName)) return { key: null, value: item };
  if (!isJsonObject(item)) return null;
  const key = LIST_KEYS[listName]?.find((candidate) => item[candidate] !== undefined);
  return key === undefined ? null : { key, value: item[key]! };
}

/** The items' segments, or null when the list counts as one value. */
function itemSegments(listName: string, items: readonly Json[]): Segment[] | null {
  const segments: Segment[] = [];
  for (const item of items) {
    const segment = itemSegment(listName, item);
    if (segment === null) return null;
    segments.push(segment);
  }
  return segments.length === 0 ? null : segments;
}

/** Every leaf of `root`, by a text form of its path. Empty objects are leaves. */
export function flattenFields(root: JsonObject): Map<string, Field> {
  const fields = new Map<string, Field>();
  const visit = (value: Json, path: readonly Segment[]): void => {
    const name = path.at(-1);
    if (isJsonObject(value) && Object.keys(value).length > 0) {
      for (const [key, member] of Object.entries(value)) visit(member, [...path, key]);
      return;
    }
    const segments = Array.isArray(value) && typeof name === 'string' ? itemSegments(name, value) : null;
    if (segments === null) fields.set(JSON.stringify(path), { path, value });
    else for (const [index, segment] of segments.entries()) visit((value as Json[])[index]!, [...path, segment]);
  };
  for (const [key, member] of Object.entries(root)) visit(member, [key]);
  return fields;
}

function findItem(list: readonly Json[], segment: Exclude<Segment, string>): number {
  return list.findIndex((item) =>
    segment.key === null ? item === segment.value : isJsonObject(item) && item[segment.key] === segment.value,
  );
}

/** The container at `path`, made where it is missing; what stands in the way with another type is replaced. */
function containerAt(root: JsonObject, path: readonly Segment[], leaf: Segment): JsonObject | Json[] {
  let current: JsonObject | Json[] = root;
  for (const [index, segment] of path.entries()) {
    const next = path[index + 1] ?? leaf;
    const isList = typeof next !== 'string';
    let member = readMember(current, segment);
    if (isList ? !Array.isArray(member) : !isJsonObject(member)) {
      member = isList
        ? []
        : typeof segment === 'string' || segment.key === null
          ? {}
          : { [segment.key]: segment.value };
      writeMember(current, segment, member);
    }
    current = member as JsonObject | Json[];
  }
  return current;
}

function readMember(container: JsonObject | Json[], segment: Segment): Json | undefined {
  if (typeof segment === 'string') return isJsonObject(container) ? container[segment] : undefined;
  return Array.isArray(container) ? container[findItem(container, segment)] : undefined;
}

function writeMember(container: JsonObject | Json[], segment: Segment, value: Json): void {
  if (typeof segment === 'string') {
    (container as JsonObject)[segment] = value;
    return;
  }
  const list = container as Json[];
  const index = findItem(list, segment);
  if (index >= 0) list[index] = value;
  else list.push(value);
}

/** Writes one leaf. An empty object or keyed list only makes sure that there is one: its members are others' leaves. */
export function setField(root: JsonObject, field: Field): void {
  const leaf = field.path.at(-1)!;
  const container = containerAt(root, field.path.slice(0, -1), leaf);
  const known = readMember(container, leaf);
  if (isEmpty(field.value) && (isJsonObject(known) || (Array.isArray(known) && isKeyedList(leaf)))) return;
  writeMember(container, leaf, structuredClone(field.value));
}

function isEmpty(value: Json): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function isKeyedList(segment: Segment): boolean {
  return typeof segment === 'string' && (SET_LISTS.has(segment) || LIST_KEYS[segment] !== undefined);
}

function isEmptyItem(value: Json, segment: Segment): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (!isJsonObject(value)) return false;
  const names = Object.keys(value);
  return names.length === 0 || (typeof segment !== 'string' && names.length === 1 && names[0] === segment.key);
}

/** Removes one leaf, and the containers that are empty then. A list item keeps its key until nothing else is in it. */
export function removeField(root: JsonObject, path: readonly Segment[]): void {
  const item = path.at(-2);
  const isKey = typeof item === 'object' && item.key === path.at(-1);
  removeChain(root, isKey ? path.slice(0, -1) : path, !isKey);
}

/** Removes from the innermost out, as long as what is left is empty; the innermost in any case if `isForced`. */
function removeChain(root: JsonObject, path: readonly Segment[], isForced: boolean): void {
  const chain: { container: JsonObject | Json[]; segment: Segment }[] = [];
  let current: Json | undefined = root;
  for (const segment of path) {
    if (typeof current !== 'object' || current === null) return;
    chain.push({ container: current, segment });
    current = readMember(current, segment);
  }
  for (const [depth, { container, segment }] of chain.reverse().entries()) {
    const member = readMember(container, segment);
    if (member === undefined || ((depth > 0 || !isForced) && !isEmptyItem(member, segment))) return;
    if (typeof segment === 'string') delete (container as JsonObject)[segment];
    else (container as Json[]).splice(findItem(container as Json[], segment), 1);
  }
}
