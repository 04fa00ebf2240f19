/**
 * docs/ppojob.md: every field of a PPOJob as people read it, from the schemas that the API server holds to. Touches no
 * files and knows no field by name, but for those that repeat.
 */
import { CROSS_CHECKS } from './cross-checks.ts';
import { type Mutability, partsByMutability } from './mutability.ts';
import { API_VERSION, CONDITIONS, KIND, ROLE_NAMES } from './names.ts';
import { jobPodTemplateSchema } from './pod-template-schema.ts';
import { specSchema } from './ppojob.ts';
import { PRINTER_COLUMNS } from './printer-columns.ts';
import { statusSchema } from './status-schema.ts';
import { type StructuralSchema, toStructuralSchema } from './structural.ts';

export const REFERENCE_FILE = 'docs/ppojob.md';

interface Field {
  readonly path: string;
  readonly schema: StructuralSchema;
  readonly isRequired: boolean;
}

type Properties = Readonly<Record<string, StructuralSchema>>;

const MUTABILITY_WORDS: Readonly<Record<Mutability, string>> = {
  always: 'at any time',
  whileSuspended: 'while suspended',
  beforeStart: 'before the start',
};
/** Said once, where it is first met. */
const POD_TEMPLATE = 'podTemplate';
const ROLE_PATTERN = new RegExp(`^roles\\.(${ROLE_NAMES.join('|')})(\\.|$)`);

function childrenOf({ path, schema }: Field): Field[] {
  const {
    properties = {},
    required = [],
    items,
  } = schema as {
    readonly properties?: Properties;
    readonly required?: readonly string[];
    readonly items?: StructuralSchema;
  };
  if (items !== undefined) return childrenOf({ path: `${path}[]`, schema: items, isRequired: false });
  return Object.entries(properties).map(([name, child]) => ({
    path: path === '' ? name : `${path}.${name}`,
    schema: child,
    isRequired: required.includes(name),
  }));
}

/** The field and everything below it, but for what is said elsewhere. */
function flatten(field: Field): Field[] {
  const isRepeated = field.path.endsWith(`.${POD_TEMPLATE}`);
  return [field, ...(isRepeated ? [] : childrenOf(field).flatMap(flatten))];
}

function typeOf({ type, enum: values, items, additionalProperties, pattern, ...rest }: StructuralSchema): string {
  if (Array.isArray(values)) return values.map((value) => `\`${value}\``).join(', ');
  if (rest['x-kubernetes-int-or-string'] === true) return 'number or text';
  if (type === 'array') return `list of ${typeOf(items as StructuralSchema)}`;
  if (additionalProperties !== undefined) return `map to ${typeOf(additionalProperties as StructuralSchema)}`;
  if (type === 'string' && String(pattern).startsWith('^-?[0-9]+(')) return 'decimal in quotes';
  return { string: 'text', integer: 'whole number', boolean: 'true or false' }[String(type)] ?? 'object';
}

/** What the type alone doesn't say. */
function limitsOf(schema: StructuralSchema): string {
  const { minimum, maximum, minItems, maxItems } = schema;
  const rules = (schema['x-kubernetes-validations'] ?? []) as readonly { readonly message?: string }[];
  const decimals = rules.map(({ message = '' }) => /^must be a decimal in quotes, (.*)$/.exec(message)?.[1]);
  const bounds =
    minimum === maximum && minimum !== undefined
      ? [`always ${minimum}`]
      : [
          ...(typeof minimum === 'number' && minimum > -(2 ** 31) ? [`from ${minimum}`] : []),
          ...(typeof maximum === 'number' && maximum < 2 ** 31 - 1 ? [`to ${maximum}`] : []),
        ];
  const items = minItems !== undefined && minItems === maxItems ? [`${minItems} of them`] : [];
  return [bounds.join(' '), ...items, ...decimals].filter((part) => part).join(', ');
}

function inCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
}

function row({ path, schema, isRequired }: Field): string {
  const limits = limitsOf(schema);
  const type = limits === '' ? typeOf(schema) : `${typeOf(schema)}, ${limits}`;
  const value = schema.default;
  const isPlain = value !== undefined && (typeof value !== 'object' || Array.isArray(value));
  const fallback = isRequired ? '**required**' : isPlain ? `\`${JSON.stringify(value)}\`` : '';
  return `| \`${path}\` | ${inCell(type)} | ${inCell(fallback)} | ${inCell(String(schema.description ?? ''))} |`;
}

function table(fields: readonly Field[]): string {
  return ['| field | type | default | |', '|---|---|---|---|', ...fields.map(row)].join('\n');
}

/** Roles have the same fields: those of the first stand for all, beside those of others that have other bounds. */
function rolesOnce(fields: readonly Field[]): Field[] {
  const [first = ''] = ROLE_NAMES.slice(1);
  const inAll = (path: string): string => path.replace(/^roles\.\w+\./, 'roles.<role>.');
  const common = new Set(fields.filter(({ path }) => path.startsWith(`roles.${first}.`)).map(rowInAll));
  function rowInAll(field: Field): string {
    return row({ ...field, path: inAll(field.path) });
  }
  return fields.flatMap((field) => {
    if (field.path.startsWith(`roles.${first}.`)) return [{ ...field, path: inAll(field.path) }];
    return inAll(field.path) === field.path || !common.has(rowInAll(field)) ? [field] : [];
  });
}

function specSection(field: Field): string {
  const fields = rolesOnce(flatten(field));
  return `### spec.${field.path}\n\n${table(fields)}`;
}

function mutabilityTable(): string {
  const parts = partsByMutability(specSchema);
  const rows = (['always', 'whileSuspended'] as const).map((mutability) => {
    const paths = parts.filter((part) => part.mutability === mutability).map(({ path }) => path.join('.'));
    const once = [...new Set(paths.map((path) => path.replace(ROLE_PATTERN, 'roles.<role>.')))];
    const generation = mutability === 'always' ? ['roles.generation.replicas'] : [];
    const names = [...new Set([...once.filter((name) => name !== 'roles.<role>.replicas'), ...generation])];
    return `| ${MUTABILITY_WORDS[mutability]} | ${names.map((name) => `\`${name}\``).join(', ')} |`;
  });
  return ['| may change | |', '|---|---|', ...rows, '| before the start | everything else |'].join('\n');
}

function crossRules(): string {
  return CROSS_CHECKS.map(({ fields, cel }) => `- \`${fields[0]}\` ${inCell(cel.message)}.`).join('\n');
}

function columns(): string {
  const rows = PRINTER_COLUMNS.map(
    ({ name, description, priority }) => `| ${name} | ${priority === 0 ? '' : '`-o wide`'} | ${inCell(description)} |`,
  );
  return ['| column | | |', '|---|---|---|', ...rows].join('\n');
}

export function renderReference(): string {
  const spec: Field = { path: '', schema: toStructuralSchema(specSchema, 'spec'), isRequired: true };
  const status: Field = { path: '', schema: toStructuralSchema(statusSchema, 'status'), isRequired: false };
  const template: Field = {
    path: POD_TEMPLATE,
    schema: toStructuralSchema(jobPodTemplateSchema, POD_TEMPLATE),
    isRequired: false,
  };
  const sections = childrenOf(spec).filter(({ path }) => path !== POD_TEMPLATE);
  const isAlone = (field: Field) => childrenOf(field).length === 0;
  const statusFields = childrenOf(status)
    .flatMap(flatten)
    .filter(({ path }) => !ROLE_PATTERN.test(path) || path.startsWith('roles.actor.'))
    .map((field) => ({ ...field, path: field.path.replace('roles.actor.', 'roles.<role>.') }));
  return `${[
    `# ${KIND} ${API_VERSION}`,
    '<!-- Generated from operator/api by `npm run generate`. Do not edit. -->',
    'Every field with its type, bounds and default. `kubectl explain ppojob.spec --recursive` says the same about the\n' +
      'version that is installed in a cluster. Decimals are written in quotes, since the Kubernetes API has no floats.\n' +
      "Relative paths are relative to the manifest's folder on one machine, and to `/workspace` in pods. Fields that are not\n" +
      'listed here are refused.',
    '## spec',
    table(sections.filter(isAlone)),
    ...sections.filter((field) => !isAlone(field)).map(specSection),
    `### spec.${POD_TEMPLATE}, and that of each role`,
    table(flatten(template)),
    '## Rules between fields',
    crossRules(),
    '## What may change',
    'The API server refuses every other change to a job that has started. A suspended job has no pods, so what its pods are\n' +
      'made of may change then.',
    mutabilityTable(),
    '## status',
    'Written by the operator alone. The first condition is the latest stage that the job has reached. Types:\n' +
      `${Object.values(CONDITIONS).join(', ')}; [life-of-a-job.md](life-of-a-job.md) says what each of them means.`,
    table(statusFields),
    '## Columns of `kubectl get ppojobs`',
    columns(),
  ].join('\n\n')}\n`;
}
