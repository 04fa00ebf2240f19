/**
 * Takes null for a field that is left out, as the API server does: it drops the nulls of known fields before it fills in
 * defaults. So a manifest means the same on one machine and in a cluster. Knows no field by name.
 */
import { z } from 'zod';
import { isMapping } from './metadata.ts';
import { fieldsOf, type Schema, unwrap } from './schema-tree.ts';

/** A copy of `value` without the nulls of fields and map entries. Nulls in lists and of unknown keys stay. */
export function withoutNulls(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutNullsOfItem(schema, item));
  if (!isMapping(value)) return value;
  const fields = fieldsOf(schema);
  const inner = unwrap(schema);
  const values = inner instanceof z.ZodRecord ? inner.valueType : undefined;
  const kept = Object.entries(value).flatMap(([key, child]): [string, unknown][] => {
    const field = fields !== null && Object.hasOwn(fields, key) ? fields[key] : values;
    if (field === undefined) return [[key, child]];
    return child === null ? [] : [[key, withoutNulls(field, child)]];
  });
  return Object.fromEntries(kept);
}

function withoutNullsOfItem(list: Schema, item: unknown): unknown {
  const inner = unwrap(list);
  return inner instanceof z.ZodArray ? withoutNulls(inner.element, item) : item;
}
