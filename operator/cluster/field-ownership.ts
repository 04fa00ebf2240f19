// Server-side apply: who owns which field of one object, and what an apply does to it. Like the API server's rules, kept
// simple: every list that isn't keyed is one value. It refuses to know storage and versions.

import { isDeepStrictEqual } from 'node:util';
import { type Field, flattenFields, removeField, setField } from './field-paths.ts';
import type { JsonObject } from './json.ts';

/** The parts of an object that managers own: all but identity, what the server writes, and `status`. */
export function ownedBody(object: JsonObject, hasStatus: boolean): JsonObject {
  const { apiVersion: _a, kind: _k, metadata, status, ...rest } = object;
  const { labels, annotations, ownerReferences, finalizers } = (metadata ?? {}) as JsonObject;
  const meta: JsonObject = {};
  for (const [name, value] of Object.entries({ labels, annotations, ownerReferences, finalizers })) {
    if (value !== undefined) meta[name] = value;
  }
  const body: JsonObject = hasStatus || status === undefined ? { ...rest } : { ...rest, status };
  return Object.keys(meta).length === 0 ? body : { ...body, metadata: meta };
}

/** Fields owned, by manager. Immutable: every write gives a new one. */
export class FieldOwnership {
  readonly #byManager: ReadonlyMap<string, ReadonlyMap<string, Field>>;

  constructor(byManager: ReadonlyMap<string, ReadonlyMap<string, Field>> = new Map()) {
    this.#byManager = byManager;
  }

  /** Managers that own a field which `applied` wants to set to another value than `live` has: "manager: path". */
  conflicts(live: JsonObject, applied: JsonObject, manager: string): string[] {
    const liveFields = flattenFields(live);
    const found: string[] = [];
    for (const [id, field] of flattenFields(applied)) {
      if (isDeepStrictEqual(liveFields.get(id)?.value, field.value)) continue;
      for (const [other, fields] of this.#byManager) {
        if (other !== manager && fields.has(id)) found.push(`${other}: ${describePath(field)}`);
      }
    }
    return found;
  }

  /** Merges `applied` into `live` (changed in place): sets its fields, drops what `manager` alone applied before. */
  apply(live: JsonObject, applied: JsonObject, manager: string): FieldOwnership {
    const before = flattenFields(live);
    const fields = flattenFields(applied);
    for (const [id, field] of this.#byManager.get(manager) ?? []) {
      if (!fields.has(id) && !this.#isOwnedByOther(id, manager)) removeField(live, field.path);
    }
    for (const field of fields.values()) setField(live, field);
    const changed = [...fields.keys()].filter((id) => !isDeepStrictEqual(before.get(id)?.value, fields.get(id)?.value));
    return this.#withoutFields(changed, manager).#with(manager, fields);
  }

  /** After a plain write from `before` to `after`: what it changed now belongs to `manager`, what it removed to nobody. */
  update(before: JsonObject, after: JsonObject, manager: string): FieldOwnership {
    const was = flattenFields(before);
    const is = flattenFields(after);
    const changed = [...is].filter(([id, field]) => !isDeepStrictEqual(was.get(id)?.value, field.value));
    const removed = [...was.keys()].filter((id) => !is.has(id));
    const own = new Map([...(this.#byManager.get(manager) ?? []), ...changed]);
    for (const id of removed) own.delete(id);
    return this.#withoutFields([...changed.map(([id]) => id), ...removed], manager).#with(manager, own);
  }

  #isOwnedByOther(id: string, manager: string): boolean {
    for (const [other, fields] of this.#byManager) if (other !== manager && fields.has(id)) return true;
    return false;
  }

  #with(manager: string, fields: ReadonlyMap<string, Field>): FieldOwnership {
    return new FieldOwnership(new Map(this.#byManager).set(manager, fields));
  }

  #withoutFields(ids: readonly string[], exceptManager: string): FieldOwnership {
    const next = new Map<string, ReadonlyMap<string, Field>>();
    for (const [manager, fields] of this.#byManager) {
      const kept = new Map(fields);
      if (manager !== exceptManager) for (const id of ids) kept.delete(id);
      next.set(manager, kept);
    }
    return new FieldOwnership(next);
  }
}

function describePath(field: Field): string {
  return field.path
    .map((segment) => (typeof segment === 'string' ? `.${segment}` : `[${segment.key ?? ''}=${segment.value}]`))
    .join('');
}
