/** Turns zod's issues into problems: what the field allows in plain words, and what to do. Knows no field by name. */
import { z } from 'zod';
import { describeValue, type Problem } from './problems.ts';
import { descriptionOf, type FieldPath, formatPath, type Schema, schemaAt, unwrap, valueAt } from './schema-tree.ts';
import { nearest } from './suggest.ts';

type Issue = z.core.$ZodIssue;

const MAX_LISTED_KEYS = 6;

const KIND_RULES: Readonly<Record<string, string>> = {
  string: 'must be text',
  boolean: 'must be true or false',
  record: 'must be a mapping of names to values',
  array: 'must be a list',
};

function numberRule(schema: z.ZodNumber): string {
  const { minValue, maxValue } = schema;
  return minValue === maxValue ? `must be ${minValue}` : `must be a whole number from ${minValue} to ${maxValue}`;
}

function lengthRule(issue: Issue): string | undefined {
  if (issue.code !== 'too_small' && issue.code !== 'too_big') return undefined;
  const [bound, limit] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
  if (issue.origin === 'array') return `must have ${issue.exact ? 'exactly' : bound} ${limit} items`;
  if (issue.origin !== 'string') return undefined;
  return issue.code === 'too_small' ? 'must not be empty' : `must have at most ${limit} characters`;
}

function ruleOf(issue: Issue, field: Schema | undefined): string {
  // Fields that bring their own sentence (decimals) start it so; everything else is zod's wording, replaced below.
  if (issue.message.startsWith('must ')) return issue.message;
  if (field instanceof z.ZodNumber) return numberRule(field);
  if (field instanceof z.ZodUnion) return 'must be a quantity, such as "500m", 4Gi or 2';
  if (issue.code === 'invalid_value')
    return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.join(', ')}`;
  if (field instanceof z.ZodObject) return mappingRule(Object.keys(field.shape));
  if (issue.code === 'invalid_type') return KIND_RULES[issue.expected] ?? `must be of type ${issue.expected}`;
  return lengthRule(issue) ?? `is not allowed: ${issue.message}`;
}

function mappingRule(keys: readonly string[]): string {
  const listed = keys.slice(0, MAX_LISTED_KEYS).join(', ');
  const which = keys.length === 1 ? 'the key' : keys.length > MAX_LISTED_KEYS ? 'keys such as' : 'the keys';
  return `must be a mapping with ${which} ${listed}`;
}

interface Field {
  readonly schema: Schema | undefined;
  readonly description: string;
}

function remedyOf(issue: Issue, value: unknown, field: Field): string {
  const purpose = field.description === '' ? '' : ` (${field.description})`;
  if (value === undefined) return `add it${purpose}`;
  if (value === null) return `give it a value, or remove the key${purpose}`;
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String);
    const near = nearest(String(value), allowed);
    return near === undefined ? `use ${orOf(allowed)}${purpose}` : `did you mean ${near}?`;
  }
  return otherForm(value, field.schema, issue) ?? `change it${purpose}`;
}

/** "a, b or c" */
function orOf(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

/** How what was meant is written; undefined where that can't be told. */
function otherForm(value: unknown, schema: Schema | undefined, issue: Issue): string | undefined {
  if (schema instanceof z.ZodUnion) return otherQuantity(value);
  if (schema instanceof z.ZodObject) return asMapping(value, schema);
  if (schema instanceof z.ZodArray && ['string', 'number'].includes(typeof value))
    return `write it as a list: [${value}]`;
  if (schema instanceof z.ZodBoolean && (value === 'true' || value === 'false'))
    return `write it without quotes: ${value}`;
  if (schema instanceof z.ZodNumber && typeof value === 'string' && /^-?\d+$/.test(value)) {
    return `write it without quotes: ${value}`;
  }
  const isBare = typeof value === 'number' || typeof value === 'boolean';
  return issue.code === 'invalid_type' && issue.expected === 'string' && isBare
    ? `write it in quotes: "${value}"`
    : undefined;
}

/** A model is a mapping with a path, and people write the path alone. */
function asMapping(value: unknown, schema: z.ZodObject): string | undefined {
  const required = Object.entries(schema.shape).filter(
    ([, field]) => !(field instanceof z.ZodOptional || field instanceof z.ZodDefault),
  );
  const [key, field] = required.length === 1 ? (required[0] ?? []) : [];
  const isFit = typeof value === 'string' && field instanceof z.ZodString;
  return isFit ? `write it as {${key}: ${JSON.stringify(value)}}` : undefined;
}

/** "4GiB", "4 GB" and 1.5 are other people's quantities. */
function otherQuantity(value: unknown): string | undefined {
  if (typeof value === 'number' && value >= 0) return `write it in quotes: "${value}"`;
  const [, amount, letter = '', binary = '', bytes = ''] = /^([0-9.]+) ?([kmgtpe])(i?)(b?)$/i.exec(String(value)) ?? [];
  if (amount === undefined) return undefined;
  if (binary !== '') return `did you mean ${amount}${letter.toUpperCase()}i?`;
  const isSmall = letter.toLowerCase() === 'k' || (letter === 'm' && bytes === '');
  return `did you mean ${amount}${isSmall ? letter.toLowerCase() : letter.toUpperCase()}?`;
}

/** A problem for every issue that says something new. `value` is what was parsed by `root`, and stands at `prefix` in the manifest. */
export function problemsOfIssues(
  issues: readonly Issue[],
  o: { readonly root: Schema; readonly value: unknown; readonly prefix: FieldPath },
): Problem[] {
  const problems = issues.map((issue): Problem => {
    const outer = schemaAt(o.root, issue.path);
    const schema = outer && unwrap(outer);
    const value = valueAt(o.value, issue.path);
    return {
      path: formatPath([...o.prefix, ...issue.path]),
      found: describeValue(value),
      rule: ruleOf(issue, schema),
      remedy: remedyOf(issue, value, { schema, description: descriptionOf(outer) }),
    };
  });
  // A number may break two bounds (its field's and the integer's) that the rule names as one.
  const isFirst = ({ path, rule }: Problem, index: number) =>
    problems.findIndex((other) => other.path === path && other.rule === rule) === index;
  return problems.filter(isFirst);
}
