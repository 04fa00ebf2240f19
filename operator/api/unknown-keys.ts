/**
 * Finds keys that a schema doesn't have. A check of its own because a structural CRD schema can't be strict: the zod
 * schemas drop unknown keys, as the API server does, and here they are reported instead of dropped.
 */
import { z } from 'zod';
import { foreignRemedy, placesOf } from './foreign-keys.ts';
import { describeValue, type Problem } from './problems.ts';
import { allPaths, type FieldPath, fieldsOf, formatPath, isOpen, type Schema, unwrap } from './schema-tree.ts';
import { nearest } from './suggest.ts';

const MAX_LISTED_KEYS = 12;
const MAX_PLACES = 2;

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One unknown key among `allowed` siblings. `elsewhere` are other places where the key would be right. */
export function unknownKeyProblem(o: {
  readonly path: FieldPath;
  readonly value: unknown;
  readonly allowed: readonly string[];
  readonly elsewhere?: readonly string[];
}): Problem {
  const key = String(o.path.at(-1));
  const elsewhere = o.elsewhere?.slice(0, MAX_PLACES).join(' or ') ?? '';
  const meant = elsewhere === '' ? nearest(key, o.allowed) : elsewhere;
  const parent = formatPath(o.path.slice(0, -1));
  const listed = o.allowed.slice(0, MAX_LISTED_KEYS).join(', ');
  const keys = o.allowed.length > MAX_LISTED_KEYS ? `${listed}, ...` : listed;
  return {
    path: formatPath(o.path),
    found: describeValue(o.value),
    rule: `must be a known key${parent === '' ? '' : ` of ${parent}`}: ${keys}`,
    remedy: meant === undefined ? foreignRemedy(o.path) : `did you mean ${meant}?`,
  };
}

/** All unknown keys of `value`, which stands at `prefix` in the manifest and is described by `root`. */
export function findUnknownKeys(root: Schema, value: unknown, prefix: FieldPath): Problem[] {
  // The operator checks jobs again and again, and mostly there is nothing to look up.
  let known: readonly FieldPath[] | null = null;
  const problems: Problem[] = [];

  function report(fields: Readonly<Record<string, Schema>>, value: unknown, here: FieldPath): void {
    known ??= allPaths(root);
    const elsewhere = placesOf(here, known).map((place) => formatPath([...prefix, ...place]));
    const allowed = Object.keys(fields);
    problems.push(unknownKeyProblem({ path: [...prefix, ...here], value, allowed, elsewhere }));
  }

  function visitItems({ element }: z.ZodArray, items: readonly unknown[], path: FieldPath): void {
    for (const [index, item] of items.entries()) visit(unwrap(element), item, [...path, index]);
  }

  function visit(schema: Schema, current: unknown, path: FieldPath): void {
    if (schema instanceof z.ZodArray && Array.isArray(current)) visitItems(schema, current, path);
    const fields = fieldsOf(schema);
    if (fields === null || !isMapping(current)) return;
    for (const [key, child] of Object.entries(current)) {
      const here = [...path, key];
      if (Object.hasOwn(fields, key)) visit(unwrap(fields[key] as Schema), child, here);
      else if (!isOpen(schema)) report(fields, child, here);
    }
  }

  visit(unwrap(root), value, []);
  return problems;
}
