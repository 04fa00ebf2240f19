/**
 * From a zod schema to a structural schema, the part of OpenAPI 3 that CRDs allow. Refuses, by throwing, what zod can
 * say and a structural schema can't: it is found when the CRD is generated, not when it is applied. Knows no field by
 * name.
 */
import { z } from 'zod';
import type { Schema } from './schema-tree.ts';

/** One node of a structural schema, in the order in which it is written. */
export type StructuralSchema = { readonly [keyword: string]: unknown };

/** Keywords that a node may have, in the order in which people read them. */
const KEYWORDS = [
  ...['description', 'type', 'format', 'nullable', 'default', 'enum', 'pattern', 'minLength', 'maxLength'],
  ...['minimum', 'exclusiveMinimum', 'maximum', 'exclusiveMaximum', 'multipleOf', 'minItems', 'maxItems'],
  ...['maxProperties', 'minProperties', 'required', 'properties', 'items', 'additionalProperties'],
  ...['x-kubernetes-int-or-string', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'],
  ...['x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-map-type', 'x-kubernetes-validations'],
];
const LIST_TYPE = 'x-kubernetes-list-type';
const INT_OR_STRING = 'x-kubernetes-int-or-string';
const PRESERVE_UNKNOWN = 'x-kubernetes-preserve-unknown-fields';

type Node = Readonly<Record<string, unknown>>;

export function toStructuralSchema(schema: Schema, path: string): StructuralSchema {
  // Input, since the server checks what users write; inline, since a structural schema has no references.
  const options = { target: 'openapi-3.0', io: 'input', reused: 'inline', unrepresentable: 'throw' } as const;
  return convert(z.toJSONSchema(schema, options) as Node, path);
}

function convert(node: Node, path: string): StructuralSchema {
  const cleaned = clean(node);
  const unknown = Object.keys(cleaned).filter((key) => !KEYWORDS.includes(key));
  if (unknown.length > 0) throw new Error(`${path}: a structural schema has no ${unknown.join(', ')}`);
  checkShape(cleaned, path);
  const entries = KEYWORDS.filter((key) => cleaned[key] !== undefined).map((key) => [
    key,
    convertKeyword(key, cleaned[key], path),
  ]);
  return Object.fromEntries(entries);
}

/** Without what zod writes and Kubernetes knows in its own words. */
function clean(node: Node): Node {
  const { $schema: _schema, anyOf, readOnly: _readOnly, ...rest } = node;
  if (node[INT_OR_STRING] === true) return rest;
  // z.record: its keys are strings anyway.
  const { propertyNames: _names, ...others } = node[PRESERVE_UNKNOWN] === true ? withoutOpenEnd(rest) : rest;
  return anyOf === undefined ? others : { ...others, anyOf };
}

/** What a node that keeps unknown fields allows beside its own is said by that keyword alone. */
function withoutOpenEnd({ additionalProperties: _any, ...rest }: Node): Node {
  return rest;
}

function checkShape(node: Node, path: string): void {
  const isTyped = typeof node.type === 'string' || node[INT_OR_STRING] === true || node[PRESERVE_UNKNOWN] === true;
  if (!isTyped) throw new Error(`${path}: every node of a structural schema has a type`);
  if ('properties' in node && 'additionalProperties' in node) {
    throw new Error(
      `${path}: properties and additionalProperties exclude each other; use z.object, not strict or loose`,
    );
  }
  if (node.type === 'array' && node[LIST_TYPE] === undefined) {
    throw new Error(`${path}: a list says by ${LIST_TYPE} how two writers share it`);
  }
}

function convertKeyword(key: string, value: unknown, path: string): unknown {
  if (key === 'items') return convert(value as Node, `${path}[]`);
  if (key === 'additionalProperties') return convert(value as Node, `${path}{}`);
  if (key !== 'properties') return value;
  const properties = Object.entries(value as Readonly<Record<string, Node>>);
  return Object.fromEntries(properties.map(([name, child]) => [name, convert(child, `${path}.${name}`)]));
}
