/**
 * Manifests from a seed, about half of them valid: the minimal one, changed at random places by values at and beyond
 * their bounds, of other types, and by groups of fields whose rules bind them together. Knows the schema's shape and no
 * verdict.
 */
import { SHARED_ROLES } from '../../../operator/api/names.ts';
import { specSchema } from '../../../operator/api/ppojob.ts';
import { type StructuralSchema, toStructuralSchema } from '../../../operator/api/structural.ts';
import { Rng } from '../../../worker/ppo/rng.ts';
import { manifestWith } from './manifest.ts';
import { FACE, TEMPLATES, TRACKERS } from './manifest-candidates.ts';

/** `sound` values are often valid by themselves, `odd` ones seldom. */
interface Candidates {
  readonly sound: readonly unknown[];
  readonly odd: readonly unknown[];
}

type Changes = Record<string, unknown>;

const OF_OTHER_TYPES = [null, true, 7, 1.5, 'text', [], {}, [null], { key: 'value' }];
const DECIMALS = ['0', '1', '0.5', '0.2', '0.95', '1e-3', '2', '1E+1', '0.999999999999999999', '1.0', '-0', '1e-999'];
const NO_DECIMALS = [
  '',
  '.5',
  '5.',
  '-1',
  '1e',
  '1e999',
  'NaN',
  'Infinity',
  '0x10',
  ' 1',
  '1\n',
  '1,5',
  '\u0661',
  0.5,
  1,
];
const QUANTITIES = ['1', '500m', '4Gi', '.5', '5.', '1e3', '2E', 0, 2, 8_589_934_592, Number.MAX_SAFE_INTEGER];
const NO_QUANTITIES = ['', '-1', '+1', '4gi', '4 Gi', 'x', -1, 0.5, 1e21, true, [], {}, null, '1'.repeat(65)];
const VALIDATIONS = 'x-kubernetes-validations';
const NAMES = ['a', 'job-1', 'a'.repeat(47), 'a'.repeat(48), '1a', 'a-', 'a.b', 'A', '', 'ä', 'a\n'];

const MODES = ['Colocated', 'Colocated', 'Colocated', 'Disaggregated'];
const DEVICES = [
  { deviceClassName: 'gpu.nvidia.com' },
  { deviceClassName: 'gpu', count: 64, selectors: ['true', FACE] },
];
const RESOURCES = [{ limits: { 'nvidia.com/gpu': 1 } }, { limits: { cpu: 1 }, requests: { 'a/b': 0 } }];

/** A role with a field of it at each of `values`. */
function ofEach(role: string, field: string, values: readonly unknown[]): Changes[] {
  return values.map((value) => ({ [role]: { [field]: value } }));
}

/** Groups of fields that one rule reads: any of each. */
const GROUPS: readonly Readonly<Record<string, readonly unknown[]>>[] = [
  {
    'spec.rollout.batchSize': [1, 64, 96, 128, 1024],
    'spec.rollout.samplesPerPrompt': [1, 2, 3, 4],
    'spec.training.minibatchSize': [1, 2, 32, 48, 64, 128, 1_048_576],
    'spec.training.microbatchSize': [1, 2, 3, 8],
    'spec.roles.actor.replicas': [1, 2, 3, 4],
    'spec.roles.critic.replicas': [1, 2, 4, 5],
  },
  {
    'spec.algorithm.kl.estimator': ['k1', 'k2', 'k3'],
    'spec.algorithm.kl.placement': ['reward', 'loss'],
    'spec.algorithm.kl.target': [undefined, '6', '0.1'],
    'spec.algorithm.kl.coef': ['0', '0.0', '0e5', '0.05', '1'],
  },
  {
    'spec.algorithm.numIterations': [1, 9, 10, 11],
    'spec.algorithm.criticWarmupIterations': [0, 9, 10],
    'spec.training.actor.warmupIterations': [0, 8, 10],
    'spec.training.critic.warmupIterations': [0, 1, 11],
  },
  {
    'spec.reward.model': [undefined, { path: '/models/reward' }, {}],
    'spec.reward.function': [undefined, undefined, { path: './f.ts' }, { path: 'f.mjs', name: 'g' }, { path: '' }],
  },
  {
    'spec.reward.clipRange': [
      ...[
        ['-1', '1'],
        ['1', '-1'],
        ['1', '1.0'],
        ['-1e-3', '1e-3'],
        ['1'],
        ['1', '2', '3'],
        [],
        ['1', null],
        ['-0', '0'],
      ],
      ...[
        [1, 2],
        ['0.1', '0.10000000000000001'],
        ['-1e999', '1'],
      ],
    ],
  },
  {
    'spec.dataset.train.path': [
      '/data/train',
      '/data//./train/',
      'data/train',
      './data/train',
      '/data/x/../train',
      '/',
    ],
    'spec.dataset.evaluation': [
      ...[undefined, null, {}, { path: '/data/train', limit: 1 }, { path: 'data/train' }, { path: '/data/heldout' }],
      ...[{ path: '/data/./train' }, { path: '/', limit: 0 }],
    ],
  },
  {
    'spec.output.path': ['/m', '/m/', './m', 'm', '/', undefined],
    'spec.models.actor.path': [
      '/m/actor',
      '/m/actor/',
      'm/actor',
      './m//actor',
      '/actor',
      '/m/actor2',
      '/m/../m/actor',
    ],
    'spec.models.critic.path': ['/m/critic', '/m/./actor', '/actor'],
    'spec.models.reference': [
      ...[undefined, null, {}, { path: '/m/actor' }, { path: 'm/actor' }],
      ...[{ path: '/r' }, { path: '/r' }, { path: './r' }, { path: 'r' }],
    ],
  },
  { 'spec.deadlines.heartbeatSeconds': [2, 299, 300, 301], 'spec.deadlines.rendezvousSeconds': [1, 3, 300, undefined] },
  {
    'spec.scheduling.gang': [
      undefined,
      'Auto',
      'None',
      'Kubernetes',
      'Volcano',
      'SchedulerPlugins',
      'Kueue',
      'Kueue',
      'Kueue',
    ],
    'spec.scheduling.queue': [
      undefined,
      undefined,
      'team-a',
      'team-a',
      'a.b',
      'Team',
      '-a',
      'a'.repeat(63),
      'a'.repeat(64),
    ],
    'spec.scheduling.minGenerationReplicas': [undefined, undefined, 1, 2, 3],
    'spec.roles.generation.replicas': [1, 2, 3],
  },
  {
    'spec.scheduling.packing': [
      ...[{ topologyKey: 'kubernetes.io/hostname' }, { topologyKey: 'rack', mode: 'Required' }, {}, undefined],
      ...[
        { topologyKey: 'A.b_c/D' },
        { topologyKey: 'a/b/c' },
        { topologyKey: '' },
        { topologyKey: `${'a'.repeat(200)}/b` },
      ],
    ],
    'spec.placement.mode': MODES,
    'spec.placement.devices': [undefined, ...DEVICES],
    'spec.scheduling.gang': ['Auto', 'Auto', 'Kueue'],
    'spec.scheduling.queue': [undefined, undefined, 'team-a'],
    'spec.scheduling.minGenerationReplicas': [undefined, undefined, 1],
  },
  {
    'spec.failurePolicy.rules': [
      ...[undefined, null, [], [{ action: 'Ignore' }], [{ action: 'FailJob', roles: ['actor'], exitCodes: [0, 255] }]],
      ...[[{ action: 'RestartRole', reasons: ['OOMKilled'], podConditions: ['DisruptionTarget'] }], [{}], [null]],
      ...[[{ action: 'restart' }], [{ action: 'Ignore', roles: [] }], [{ action: 'Ignore', roles: ['worker'] }]],
      ...[[{ action: 'FailJob', exitCodesNotIn: [42] }], [{ action: 'Ignore', exitCodesNotIn: [] }]],
      ...[[{ action: 'Ignore', exitCodes: [256] }], [{ action: 'Ignore', exitCodes: null }], [{ when: 1 }], {}],
      ...[[{ action: 'Ignore', reasons: [''] }], Array.from({ length: 33 }, () => ({ action: 'Ignore' }))],
      ...[[{ action: 'Ignore', reasons: [FACE.repeat(256)] }], [{ action: 'Ignore', unknown: 1 }]],
    ],
    'spec.backoffLimit': [undefined, 0, -1],
    'spec.cleanPodPolicy': [undefined, 'All', 'None', 'all'],
  },
  TRACKERS,
  { 'spec.podTemplate': [undefined, ...TEMPLATES], 'spec.roles.actor.podTemplate': [undefined, null, ...TEMPLATES] },
  {
    'spec.security.tls': [undefined, null, {}, { mode: 'Enabled' }, { mode: 'enabled' }, { mode: null }, { key: 1 }],
    'spec.security.networkPolicy.mode': [undefined, 'Auto', 'Disabled', 'off'],
    'spec.security.networkPolicy.metricsFrom': [
      ...[undefined, null, [], [{}], [{ namespaceSelector: {}, novel: [null] }], [null], ['a'], {}, [[]]],
      ...[Array.from({ length: 16 }, () => ({})), Array.from({ length: 17 }, () => ({}))],
    ],
  },
];

/** The same rule for each of several roles: one role breaks it. */
const GROUPS_OF_ROLES: typeof GROUPS = [
  { 'spec.placement.mode': MODES, 'spec.roles': SHARED_ROLES.map((role) => ({ [role]: { replicas: 2 } })) },
  { 'spec.placement.mode': MODES, 'spec.roles': SHARED_ROLES.flatMap((role) => ofEach(role, 'resources', RESOURCES)) },
  { 'spec.placement.mode': MODES, 'spec.roles': SHARED_ROLES.flatMap((role) => ofEach(role, 'devices', DEVICES)) },
];

function textCandidates({ maxLength }: StructuralSchema): Candidates {
  const most = Number(maxLength);
  return {
    sound: [
      'a',
      '/a b',
      './a',
      'a'.repeat(most),
      FACE.repeat(most),
      FACE.repeat(most / 2 + 1),
      '\ud800',
      '\u0000',
      'on',
    ],
    odd: ['', 'a'.repeat(most + 1), FACE.repeat(most + 1), 7, null],
  };
}

/** Texts of a pattern that are no decimals: names of objects, keys of labels. */
function nameCandidates({ maxLength }: StructuralSchema): Candidates {
  const most = Number(maxLength);
  return {
    sound: ['a', 'a-b.c', '0', 'a'.repeat(most)],
    odd: ['a'.repeat(most + 1), 'A_b', '-a', 'a.', 'a/b', 'ä', 'a\n', ...OF_OTHER_TYPES],
  };
}

function integerCandidates(node: StructuralSchema): Candidates {
  const [min, max] = [Number(node.minimum), Number(node.maximum)];
  const middle = Math.floor((min + Math.min(max, 100)) / 2);
  return {
    sound: [min, min + 1, middle, max, node.default ?? min],
    odd: [min - 1, max + 1, String(min), min + 0.5, 1e21, -1e21, true],
  };
}

function mapCandidates(node: StructuralSchema): Candidates {
  const most = Number(node.maxProperties);
  const entries = (count: number): Changes => Object.fromEntries(Array.from({ length: count }, (_, i) => [`r${i}`, i]));
  const ofNames = ['n'.repeat(128), 'n'.repeat(129), FACE.repeat(128), FACE.repeat(129), ''].map((name) => ({
    [name]: 1,
  }));
  const ofValues = [...QUANTITIES, ...NO_QUANTITIES].map((value) => ({ cpu: value }));
  return { sound: [{}, entries(most), ...ofValues, ...ofNames], odd: [entries(most + 1), ...OF_OTHER_TYPES] };
}

function candidatesOf(node: StructuralSchema): Candidates {
  if (node.enum !== undefined) return { sound: node.enum as unknown[], odd: ['K1', '', ' ', ...OF_OTHER_TYPES] };
  if (node.type === 'boolean') return { sound: [true, false], odd: ['true', 0, ...OF_OTHER_TYPES] };
  if (node.type === 'integer') return integerCandidates(node);
  if (node.type === 'string' && node.pattern !== undefined) {
    return node[VALIDATIONS] === undefined ? nameCandidates(node) : { sound: DECIMALS, odd: NO_DECIMALS };
  }
  if (node.type === 'string') return textCandidates(node);
  if (node.additionalProperties !== undefined) return mapCandidates(node);
  return { sound: [{}], odd: OF_OTHER_TYPES };
}

/** Every field below `node`, by its dotted path. */
function fieldsBelow(node: StructuralSchema, path: string): [string, Candidates][] {
  const children = Object.entries((node.properties ?? {}) as Readonly<Record<string, StructuralSchema>>);
  return children.flatMap(([key, child]): [string, Candidates][] => {
    const here = `${path}.${key}`;
    return [[here, candidatesOf(child)], ...fieldsBelow(child, here)];
  });
}

const spec = toStructuralSchema(specSchema, 'spec');
/** Pod templates are the same for every role: one role's stands for them. */
const OF_OTHER_ROLES = /\.roles\.(?!actor\.)\w+\.podTemplate\./;
const fields = fieldsBelow(spec, 'spec').filter(([path]) => !OF_OTHER_ROLES.test(path));
/** Objects that are absent by default, and then lack what they require: their fields are changed as a whole. */
const WHOLES = /\.(devices|packing|podTemplate|tracking)\.|From$/;
const leaves = fields.filter(([path]) => !WHOLES.test(path) && !fields.some(([other]) => other.startsWith(`${path}.`)));

function pick<T>(rng: Rng, items: readonly T[]): T {
  return items[rng.nextInt(items.length)] as T;
}

/** True once in `times`. */
function once(rng: Rng, times: number): boolean {
  return rng.nextInt(times) === 0;
}

/** Mostly leaves: an object set as a whole would undo the changes below it. */
function fieldChange(rng: Rng): Changes {
  const isOdd = once(rng, 16);
  const [path, { sound, odd }] = pick(rng, isOdd ? fields : leaves);
  return { [path]: pick(rng, isOdd ? odd : sound) };
}

/** Groups take turns, so that none is left out by chance. */
function groupChange(rng: Rng, index: number): Changes {
  const groups = [...GROUPS, ...GROUPS_OF_ROLES];
  const group = groups[index % groups.length] as (typeof GROUPS)[number];
  const members = Object.entries(group).map(([path, values]) => [path, pick(rng, values)]);
  return Object.fromEntries(members);
}

function rareChange(rng: Rng): Changes {
  const [path] = pick(rng, fields);
  const parent = path.slice(0, path.lastIndexOf('.'));
  return pick<Changes>(rng, [
    { [path]: undefined },
    { [path]: null },
    { [`${parent}.${pick(rng, ['unknown', 'Replicas', 'x'])}`]: pick(rng, [null, 1, {}]) },
    { 'metadata.name': pick(rng, NAMES) },
    { 'metadata.labels': pick<unknown>(rng, [{ team: 'a' }, { gpu: true }, null, []]) },
    { spec: pick<unknown>(rng, [null, undefined, {}, 'text']) },
  ]);
}

/** A change that can't be made (below a value that is no mapping) is left out. */
function applicable(changes: Changes, next: Changes): Changes {
  const isBelowScalar = (path: string): boolean =>
    Object.entries(changes).some(
      ([other, value]) => path.startsWith(`${other}.`) && (typeof value !== 'object' || value === null),
    );
  const kept = Object.entries(next).filter(([path]) => !isBelowScalar(path));
  return { ...changes, ...Object.fromEntries(kept) };
}

/** Manifest `index` of the series that `seed` names. Plain JSON. */
export function generateManifest(seed: number, index: number): unknown {
  const rng = new Rng(seed, index);
  let changes: Changes = {};
  const numFieldChanges = rng.nextInt(4);
  for (let i = 0; i < numFieldChanges; i++) changes = applicable(changes, fieldChange(rng));
  if (!once(rng, 4)) changes = applicable(changes, groupChange(rng, index));
  if (once(rng, 10)) changes = applicable(changes, rareChange(rng));
  // A copy, since candidates are shared, and without undefined, which no JSON has.
  return JSON.parse(JSON.stringify(manifestWith(structuredClone(changes))));
}
