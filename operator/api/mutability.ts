/**
 * Which fields of a PPOJob may change after it has started, and the CEL rules by which the API server holds to that. A
 * field that isn't listed here may not: a new one is safe before it is thought about. Knows no values.
 */
import { z } from 'zod';
import type { CelRule } from './cel.ts';
import { ROLE_NAMES } from './names.ts';
import { type FieldPath, fieldsOf, type Schema } from './schema-tree.ts';

/**
 * - `always`: the operator acts on a change while the job runs.
 * - `whileSuspended`: part of every pod, so it changes only while there are none.
 * - `beforeStart`: what is learned depends on it, and checkpoints were made with it.
 */
export type Mutability = 'always' | 'whileSuspended' | 'beforeStart';

const MUTABILITY: Readonly<Record<string, Mutability>> = {
  suspend: 'always',
  activeDeadlineSeconds: 'always',
  ttlSecondsAfterFinished: 'always',
  backoffLimit: 'always',
  cleanPodPolicy: 'always',
  failurePolicy: 'always',
  'roles.generation.replicas': 'always',
  ...Object.fromEntries(ROLE_NAMES.map((role) => [`roles.${role}.maxRestarts`, 'always'])),
  ...Object.fromEntries(ROLE_NAMES.map((role) => [`roles.${role}.threads`, 'whileSuspended'])),
  ...Object.fromEntries(ROLE_NAMES.map((role) => [`roles.${role}.resources`, 'whileSuspended'])),
  ...Object.fromEntries(ROLE_NAMES.map((role) => [`roles.${role}.devices`, 'whileSuspended'])),
  'placement.devices': 'whileSuspended',
  scheduling: 'whileSuspended',
  ...Object.fromEntries(ROLE_NAMES.map((role) => [`roles.${role}.podTemplate`, 'whileSuspended'])),
  podTemplate: 'whileSuspended',
  'security.tls': 'whileSuspended',
  'security.networkPolicy': 'always',
  image: 'whileSuspended',
  logLevel: 'whileSuspended',
  terminationGracePeriodSeconds: 'whileSuspended',
  deadlines: 'whileSuspended',
  tracking: 'whileSuspended',
};

/** `oldSelf` is the stored object: its status is the operator's newest word. */
const HAS_PODS = 'has(oldSelf.status) && has(oldSelf.status.startTime) && !has(oldSelf.status.completionTime)';
const HAS_STARTED =
  'has(oldSelf.status) && ' +
  '(has(oldSelf.status.startTime) || has(oldSelf.status.progress) || has(oldSelf.status.completionTime))';

const LOCKS: Readonly<Record<Exclude<Mutability, 'always'>, { condition: string; rule: string }>> = {
  whileSuspended: {
    condition: HAS_PODS,
    rule: "can't change while the job runs: set spec.suspend to true first",
  },
  beforeStart: {
    condition: HAS_STARTED,
    rule: "can't change once the job has started: checkpoints were made with it; make a new job",
  },
};

/** A field of the spec with everything below it. */
export interface Locked {
  readonly path: readonly string[];
  readonly mutability: Mutability;
  /** Has no default, and so may be absent. */
  readonly isOptional: boolean;
}

/** The spec cut into parts that are mutable alike, as large as can be. */
export function partsByMutability(schema: Schema, path: FieldPath = []): Locked[] {
  return Object.entries(fieldsOf(schema) ?? {}).flatMap(([key, field]) => {
    const here = [...path, key] as string[];
    const name = here.join('.');
    const hasOwnParts = Object.keys(MUTABILITY).some((other) => other.startsWith(`${name}.`));
    if (hasOwnParts) return partsByMutability(field, here);
    const isOptional = field instanceof z.ZodOptional;
    return [{ path: here, mutability: MUTABILITY[name] ?? 'beforeStart', isOptional }];
  });
}

function isUnchanged({ path, isOptional }: Locked): string {
  const [now, before] = ['self', 'oldSelf'].map((object) => `${object}.spec.${path.join('.')}`);
  const isSame = `${now} == ${before}`;
  return isOptional ? `has(${now}) == has(${before}) && (!has(${now}) || ${isSame})` : isSame;
}

/** One rule for the root of the CRD per part that may not always change. */
export function immutabilityRules(specSchema: Schema): CelRule[] {
  return partsByMutability(specSchema).flatMap((part) => {
    if (part.mutability === 'always') return [];
    const { condition, rule } = LOCKS[part.mutability];
    return [
      {
        rule: `!(${condition}) || (${isUnchanged(part)})`,
        message: rule,
        fieldPath: `.spec.${part.path.join('.')}`,
        reason: 'FieldValueForbidden',
      },
    ];
  });
}
