/** Turns zod's issues into problems: what the field allows in plain words, and what to do. Knows no field by name. */
import { z } from 'zod';
import { describeValue, type Problem } from './problems.ts';
import { descriptionOf, type FieldPath, formatPath, type Schema, schemaAt, unwrap, valueAt } from './schema-tree.ts';
import { nearest } from './suggest.ts';

type Issue = z.core.$ZodIssue;

const KIND_RULES: Readonly<Record<string, string>> = {
  string: 'must be text',
  boolean: 'must be true or false',
  object: 'must be a mapping of keys to values',
  record: 'must be a mapping of keys to values',
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
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  if (issue.code === 'invalid_type') return KIND_RULES[issue.expected] ?? `must be of type ${issue.expected}`;
  return lengthRule(issue) ?? `is not allowed: ${issue.message}`;
}

function remedyOf(issue: Issue, value: unknown, field: { schema: Schema | undefined; description: string }): string {
  const purpose = field.description === '' ? '' : ` (${field.description})`;
  if (value === undefined) return `add it${purpose}`;
  if (value === null) return `give it a value, or remove the key${purpose}`;
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String);
    const near = nearest(String(value), allowed);
    return near === undefined ? `use ${allowed.join(' or ')}${purpose}` : `did you mean ${near}?`;
  }
  if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof value === 'number') {
    return `write it in quotes: "${value}"`;
  }
  if (field.schema instanceof z.ZodNumber && typeof value === 'string' && /^-?\d+$/.test(value)) {
    return `write it without quotes: ${value}`;
  }
  return `change it${purpose}`;
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
