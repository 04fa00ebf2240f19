/**
 * From a manifest, as text or as an object from a cluster, to a job with defaults, or to all of its problems at once.
 * The only door into the operator: behind it nothing checks a job again. Touches no files and no cluster.
 */
import { z } from 'zod';
import { runCrossChecks } from './cross-checks.ts';
import { applyDefaults, completeSpec } from './defaults.ts';
import { problemsOfIssues } from './issues.ts';
import { readManifestText } from './manifest-text.ts';
import { checkEnvelope, isMapping, isMeantAsPPOJob } from './metadata.ts';
import { withoutNulls } from './nulls.ts';
import { type PPOJob, type PPOJobManifest, specSchema } from './ppojob.ts';
import { describeValue, type Problem } from './problems.ts';
import { fieldsOf, formatPath, type Schema, schemaAt, valueAt } from './schema-tree.ts';
import { findUnknownKeys } from './unknown-keys.ts';

export type ParsedPPOJob =
  | { readonly ok: true; readonly job: PPOJob }
  | { readonly ok: false; readonly problems: readonly Problem[] };

type Data = Record<string, unknown>;

/** The least that the schema takes; stands in for fields that are missing or wrong, so that the others can be checked. */
const MINIMAL_SPEC = {
  models: { actor: { path: '/actor' }, critic: { path: '/critic' } },
  dataset: { train: { path: '/train.jsonl' } },
  algorithm: { numIterations: 1 },
};

/** A copy in which required objects that are missing are empty, so that what they lack is reported field by field. */
function fillRequiredObjects(schema: Schema, value: unknown): unknown {
  const fields = fieldsOf(schema);
  if (fields === null || !isMapping(value)) return value;
  const filled: Data = { ...value };
  for (const [key, field] of Object.entries(fields)) {
    if (filled[key] === undefined && field instanceof z.ZodObject) filled[key] = {};
    if (filled[key] !== undefined) filled[key] = fillRequiredObjects(field, filled[key]);
  }
  return filled;
}

/** A copy without the value at `path`. Array items take their whole array along. */
function without(value: unknown, path: readonly PropertyKey[]): unknown {
  const [key, ...rest] = path;
  if (!isMapping(value) || typeof key !== 'string') return value;
  const { [key]: child, ...others } = value;
  return rest.length === 0 || !isMapping(child) ? others : { ...others, [key]: without(child, rest) };
}

function merge(base: unknown, over: unknown): unknown {
  if (!isMapping(base) || !isMapping(over)) return over ?? base;
  const merged: Data = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = merge(base[key], value);
  return merged;
}

/** Checks between fields, on a spec where stand-ins replace what `issues` refuse. */
function crossProblems(spec: unknown, issues: readonly z.core.$ZodIssue[]): Problem[] {
  const sound = issues.reduce((value, issue) => without(value, issue.path), spec);
  const parsed = specSchema.safeParse(merge(MINIMAL_SPEC, sound));
  if (!parsed.success) return [];
  return runCrossChecks(
    completeSpec(parsed.data),
    issues.map((issue) => formatPath(issue.path)),
  );
}

/** A default is a value that its user looks for in vain. */
function withOrigin(problem: Problem, spec: unknown): Problem {
  const [, ...path] = problem.path.split('.');
  const isDefault = valueAt(spec, path) === undefined && schemaAt(specSchema, path) instanceof z.ZodDefault;
  return isDefault ? { ...problem, found: `${problem.found}, the default` } : problem;
}

function specProblems(spec: unknown): Problem[] {
  const filled = fillRequiredObjects(specSchema, spec ?? {});
  const parsed = specSchema.safeParse(filled);
  const issues = parsed.success ? [] : parsed.error.issues;
  return [
    ...findUnknownKeys(specSchema, spec, ['spec']),
    ...problemsOfIssues(issues, { root: specSchema, value: spec, prefix: ['spec'] }),
    ...crossProblems(filled, issues).map((problem) => withOrigin(problem, spec)),
  ];
}

function parseObject(value: unknown): ParsedPPOJob {
  if (!isMapping(value)) {
    const rule = 'must be a PPOJob: a mapping with apiVersion, kind, metadata and spec';
    const remedy = 'start from examples/arithmetic/ppojob.yaml';
    return { ok: false, problems: [{ path: 'manifest', found: describeValue(value), rule, remedy }] };
  }
  const spec = withoutNulls(specSchema, value.spec);
  const envelope = checkEnvelope(value, Object.keys(specSchema.shape));
  const problems = isMeantAsPPOJob(value) ? [...envelope, ...specProblems(spec)] : envelope;
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    job: applyDefaults({ ...(value as unknown as PPOJobManifest), spec: spec as PPOJobManifest['spec'] }),
  };
}

/** `source`: YAML or JSON text, or an object as a cluster hands it out. */
export function parsePPOJob(source: unknown): ParsedPPOJob {
  if (typeof source !== 'string') return parseObject(source);
  const text = readManifestText(source);
  return text.ok ? parseObject(text.value) : text;
}
