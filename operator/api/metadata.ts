/** Checks what surrounds a PPOJob's spec: apiVersion, kind, metadata. Knows nothing of the spec. */
import { API_VERSION, GROUP, KIND } from './names.ts';
import { describeValue, type Problem } from './problems.ts';
import { nearest } from './suggest.ts';
import { unknownKeyProblem } from './unknown-keys.ts';

/**
 * A pod's name is its host name and a label's value, at most 63 characters; the longest suffix of ours is
 * "-generation-1023".
 */
export const MAX_NAME_CHARACTERS = 63 - '-generation-1023'.length;
const MAX_LABEL_CHARACTERS = 63;
/** RFC 1035 label: what Kubernetes asks of a Service's name, which begins with the job's. */
export const DNS_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
export const NAME_RULE =
  `must be a DNS label of at most ${MAX_NAME_CHARACTERS} characters (pods are named after it): ` +
  'lower-case letters, digits and "-", beginning with a letter, not ending with "-"';
const DNS_LABEL_OR_DIGIT = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

const TOP_LEVEL_KEYS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
const METADATA_KEYS = [
  ...[
    'name',
    'generateName',
    'namespace',
    'labels',
    'annotations',
    'ownerReferences',
    'finalizers',
    'uid',
    'resourceVersion',
  ],
  ...['generation', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields'],
];

type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownKeys(value: Mapping, allowed: readonly string[], prefix: readonly string[]): Problem[] {
  return Object.entries(value)
    .filter(([key]) => !allowed.includes(key))
    .map(([key, child]) => unknownKeyProblem({ path: [...prefix, key], value: child, allowed }));
}

/** A key of the spec that stands beside it is mostly indented too little. */
function unknownTopKeys(manifest: Mapping, specKeys: readonly string[]): Problem[] {
  return Object.entries(manifest)
    .filter(([key]) => !TOP_LEVEL_KEYS.includes(key))
    .map(([key, value]) => {
      const elsewhere = specKeys.includes(key) ? [`spec.${key}`] : [];
      return unknownKeyProblem({ path: [key], value, allowed: TOP_LEVEL_KEYS, elsewhere });
    });
}

function metadataProblems(metadata: unknown): Problem[] {
  if (metadata !== undefined && metadata !== null && !isMapping(metadata)) {
    const rule = 'must be a mapping with the key name';
    return [{ path: 'metadata', found: describeValue(metadata), rule, remedy: 'write it as {name: my-job}' }];
  }
  const given = metadata ?? {};
  return [
    ...unknownKeys(given, METADATA_KEYS, ['metadata']),
    ...nameProblems(given.name),
    ...namespaceProblems(given.namespace),
    ...stringMapProblems(given, 'labels'),
    ...stringMapProblems(given, 'annotations'),
  ];
}

/** Whether it is, or is meant to be, a PPOJob: an object of another kind has a spec of another kind. */
export function isMeantAsPPOJob({ apiVersion, kind }: Mapping): boolean {
  if (typeof kind !== 'string' || nearest(kind, [KIND]) !== undefined) return true;
  return typeof apiVersion === 'string' && apiVersion.startsWith(`${GROUP}/`);
}

function constantProblems(manifest: Mapping, key: string, expected: string): Problem[] {
  const value = manifest[key];
  if (value === expected) return [];
  const near = typeof value === 'string' ? nearest(value, [expected]) : undefined;
  const remedy = near === undefined ? `write ${key}: ${expected}` : `did you mean ${near}?`;
  return [{ path: key, found: describeValue(value), rule: `must be ${expected}`, remedy }];
}

/** "My Job_1" -> "my-job-1"; undefined where nothing usable is left. */
function usableName(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined;
  const cleaned = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const cut = cleaned.replace(/^[^a-z]+/, '').slice(0, MAX_NAME_CHARACTERS);
  return cut.replace(/-+$/, '') || undefined;
}

function nameProblems(name: unknown): Problem[] {
  if (typeof name === 'string' && DNS_LABEL.test(name) && name.length <= MAX_NAME_CHARACTERS) return [];
  const suggestion = usableName(name);
  return [
    {
      path: 'metadata.name',
      found: describeValue(name),
      rule: NAME_RULE,
      remedy: suggestion === undefined ? 'give the job a name, such as my-job' : `use for example ${suggestion}`,
    },
  ];
}

function namespaceProblems(namespace: unknown): Problem[] {
  if (namespace === undefined || namespace === null) return [];
  const isLabel = typeof namespace === 'string' && DNS_LABEL_OR_DIGIT.test(namespace);
  if (isLabel && namespace.length <= MAX_LABEL_CHARACTERS) return [];
  return [
    {
      path: 'metadata.namespace',
      found: describeValue(namespace),
      rule: `must be a DNS label of at most ${MAX_LABEL_CHARACTERS} characters`,
      remedy: 'name an existing namespace, or remove the key to use "default"',
    },
  ];
}

function stringMapProblems(metadata: Mapping, key: 'labels' | 'annotations'): Problem[] {
  const value = metadata[key];
  if (value === undefined || value === null) return [];
  if (isMapping(value) && Object.values(value).every((entry) => typeof entry === 'string')) return [];
  const rule = 'must map names to text';
  return [
    { path: `metadata.${key}`, found: describeValue(value), rule, remedy: 'put numbers and true/false in quotes' },
  ];
}

/** All problems of a manifest outside its spec, whose keys are `specKeys`. */
export function checkEnvelope(manifest: Mapping, specKeys: readonly string[]): Problem[] {
  return [
    ...unknownTopKeys(manifest, specKeys),
    ...constantProblems(manifest, 'apiVersion', API_VERSION),
    ...constantProblems(manifest, 'kind', KIND),
    ...metadataProblems(manifest.metadata),
  ];
}
