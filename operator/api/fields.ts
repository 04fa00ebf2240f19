/**
 * Builders for the fields of a PPOJob. Each is fit for a structural CRD schema: bounded, without transforms, and where
 * zod's refinement can't be expressed in OpenAPI, with its twin as a CEL rule in the metadata. Knows no field by name.
 */
import { z } from 'zod';

export const MAX_PATH_CHARACTERS = 1024;
const MAX_DECIMAL_CHARACTERS = 32;
const DECIMAL = /^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;
/** Largest value of OpenAPI's int32, the integer that CRDs carry safely. */
export const MAX_INT = 2_147_483_647;

export interface DecimalRange {
  readonly min?: number;
  readonly max?: number;
  /** The value must lie above this. */
  readonly above?: number;
  /** The value must lie below this. */
  readonly below?: number;
}

function celNumber(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function celRule(range: DecimalRange): string {
  const tests = [
    ...(range.above === undefined ? [] : [`double(self) > ${celNumber(range.above)}`]),
    ...(range.min === undefined ? [] : [`double(self) >= ${celNumber(range.min)}`]),
    ...(range.max === undefined ? [] : [`double(self) <= ${celNumber(range.max)}`]),
    ...(range.below === undefined ? [] : [`double(self) < ${celNumber(range.below)}`]),
  ];
  // Without bounds the conversion itself is the test: it fails on what is no finite number.
  return tests.length === 0 ? 'double(self) == double(self)' : tests.join(' && ');
}

function isWithin(value: number, range: DecimalRange): boolean {
  return (
    Number.isFinite(value) &&
    (range.above === undefined || value > range.above) &&
    (range.min === undefined || value >= range.min) &&
    (range.max === undefined || value <= range.max) &&
    (range.below === undefined || value < range.below)
  );
}

/** "must be a decimal in quotes, above 0 and at most 1" */
export function decimalRule(range: DecimalRange): string {
  const bounds = [
    ...(range.above === undefined ? [] : [`above ${range.above}`]),
    ...(range.min === undefined ? [] : [`at least ${range.min}`]),
    ...(range.max === undefined ? [] : [`at most ${range.max}`]),
    ...(range.below === undefined ? [] : [`below ${range.below}`]),
  ];
  return `must be a decimal in quotes${bounds.length === 0 ? '' : `, ${bounds.join(' and ')}`}`;
}

/** A decimal number as a string, since Kubernetes' API conventions allow no floats: "3e-4", "0.95". */
export function decimal(range: DecimalRange = {}) {
  const rule = decimalRule(range);
  return z
    .string({ error: rule })
    .max(MAX_DECIMAL_CHARACTERS)
    .regex(DECIMAL, { error: rule, abort: true })
    .refine((text) => isWithin(Number(text), range), { error: rule })
    .meta({ 'x-kubernetes-validations': [{ rule: celRule(range), message: rule }] });
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number = MAX_INT) {
  return z.int32().min(min).max(max);
}

/**
 * Text of 1 to `max` characters. Characters are Unicode code points, as OpenAPI and Kubernetes count them; zod's own
 * `max` counts UTF-16 units.
 */
export function text(max: number) {
  return z
    .string()
    .min(1)
    .refine((value) => countCharacters(value) <= max, { error: `must have at most ${max} characters` })
    .meta({ maxLength: max });
}

/** Unicode code points of a text. */
export function countCharacters(value: string): number {
  let count = 0;
  for (const _ of value) count++;
  return count;
}

/** A file or folder; relative paths count from the manifest's folder, in pods from MOUNTS.workspace. */
export function path() {
  return text(MAX_PATH_CHARACTERS);
}

/** Kubernetes' own syntax of quantities, without a sign: none of ours may be negative. */
const QUANTITY = /^([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$/;
const MAX_QUANTITY_CHARACTERS = 64;
/** A Kubernetes quantity: "500m", "4Gi", 2. */
const quantity = z.union([z.string().max(MAX_QUANTITY_CHARACTERS).regex(QUANTITY), z.int().min(0)]).meta({
  'x-kubernetes-int-or-string': true,
  maxLength: MAX_QUANTITY_CHARACTERS,
  pattern: QUANTITY.source,
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
});
const MAX_RESOURCES = 16;
const MAX_RESOURCE_CHARACTERS = 128;
const resourcesRule = `must have at most ${MAX_RESOURCES} entries`;
const resourceNameRule = `must have names of at most ${MAX_RESOURCE_CHARACTERS} characters`;
const resourceList = z
  .record(z.string(), quantity)
  .refine((list) => Object.keys(list).length <= MAX_RESOURCES, { error: resourcesRule })
  .refine((list) => Object.keys(list).every((name) => countCharacters(name) <= MAX_RESOURCE_CHARACTERS), {
    error: resourceNameRule,
  })
  .meta({
    maxProperties: MAX_RESOURCES,
    'x-kubernetes-validations': [
      { rule: `self.all(name, size(name) <= ${MAX_RESOURCE_CHARACTERS})`, message: resourceNameRule },
    ],
  });
/** Kubernetes' ResourceRequirements, but for claims. */
export const resourcesSchema = z
  .object({
    limits: resourceList.optional().describe('The most that the container may use.'),
    requests: resourceList.optional().describe('What the container is sure to get.'),
  })
  .describe('Resources of a container, as in Kubernetes: {requests: {cpu: "1"}, limits: {memory: 4Gi}}.');

/** Something of Kubernetes' own, kept as it is, whatever is in it. */
export function rawObject(description: string) {
  return z.record(z.string(), z.unknown()).describe(description).meta({ 'x-kubernetes-preserve-unknown-fields': true });
}

/** Something of Kubernetes' own of which only `shape` is known here; everything else in it is kept as it is. */
export function looseObject<Shape extends z.ZodRawShape>(shape: Shape, description: string) {
  return z.looseObject(shape).describe(description).meta({ 'x-kubernetes-preserve-unknown-fields': true });
}
