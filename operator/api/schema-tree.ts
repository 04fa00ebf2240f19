/** Walks a zod schema as a tree of fields: which keys an object has, what a field is for. Knows no field by name. */
import { z } from 'zod';

export type Schema = z.core.$ZodType;
export type FieldPath = readonly PropertyKey[];

/** The schema behind its defaults and optionality. */
export function unwrap(schema: Schema): Schema {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap();
  }
  return inner;
}

/** An object schema's fields by key; null for every other schema. */
export function fieldsOf(schema: Schema): Readonly<Record<string, Schema>> | null {
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject ? inner.shape : null;
}

/** Whether an object schema keeps keys that it doesn't name. */
export function isOpen(schema: Schema): boolean {
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject && inner.def.catchall instanceof z.ZodUnknown;
}

function childOf(schema: Schema, key: PropertyKey): Schema | undefined {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return Object.hasOwn(inner.shape, key) ? inner.shape[key as string] : undefined;
  if (inner instanceof z.ZodArray) return inner.element;
  if (inner instanceof z.ZodRecord) return inner.valueType;
  return undefined;
}

/** The schema at a path, with its defaults and optionality; undefined where there is no such field. */
export function schemaAt(root: Schema, path: FieldPath): Schema | undefined {
  let schema: Schema | undefined = root;
  for (const key of path) schema = schema && childOf(schema, key);
  return schema;
}

/** What a field is for, in a sentence; empty where the schema doesn't say. */
export function descriptionOf(schema: Schema | undefined): string {
  for (let current = schema; current !== undefined; ) {
    const description = z.globalRegistry.get(current)?.description;
    if (description !== undefined) return description;
    const inner = unwrap(current);
    current = inner === current ? undefined : inner;
  }
  return '';
}

/** Every field's path, parents before children. */
export function allPaths(root: Schema, prefix: FieldPath = []): FieldPath[] {
  return Object.entries(fieldsOf(root) ?? {}).flatMap(([key, schema]) => {
    const path = [...prefix, key];
    return [path, ...allPaths(schema, path)];
  });
}

/** ['spec', 'reward', 'clipRange', 0] -> "spec.reward.clipRange[0]" */
export function formatPath(path: FieldPath): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`)).join('');
}

/** The value at a path of plain data; undefined where something on the way is missing. */
export function valueAt(root: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    root,
  );
}
