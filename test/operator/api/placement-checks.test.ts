/** Rules between the fields that say where pods go: each is broken once, and what they leave alone is fine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHARED_ROLES } from '../../../operator/api/names.ts';
import { problemsWith } from './manifest.ts';

type Changes = Readonly<Record<string, unknown>>;
const COLOCATED = { 'spec.placement.mode': 'Colocated' };
const DEVICES = { deviceClassName: 'gpu.nvidia.com' };

const cases: readonly { name: string; changes: Changes; path: string; rule: RegExp; remedy: RegExp }[] = [
  {
    name: 'Kueue without a queue',
    changes: { 'spec.scheduling': { gang: 'Kueue', minGenerationReplicas: 1 } },
    path: 'spec.scheduling.gang',
    rule: /needs scheduling\.queue/,
    remedy: /add scheduling\.queue/,
  },
  {
    name: 'a queue that nobody reads',
    changes: { 'spec.scheduling.queue': 'team-a' },
    path: 'spec.scheduling.queue',
    rule: /needs scheduling\.gang Volcano or Kueue.*it is Auto/,
    remedy: /or remove the queue/,
  },
  {
    name: 'more generation replicas needed than there are',
    changes: { 'spec.scheduling.minGenerationReplicas': 3, 'spec.roles.generation.replicas': 2 },
    path: 'spec.scheduling.minGenerationReplicas',
    rule: /must be at most roles\.generation\.replicas = 2/,
    remedy: /use at most 2/,
  },
  {
    name: 'a Kueue job that does not say how much of it stays',
    changes: { 'spec.scheduling': { gang: 'Kueue', queue: 'team-a' } },
    path: 'spec.scheduling.minGenerationReplicas',
    rule: /must be set if scheduling\.gang is Kueue/,
    remedy: /admitted one by one/,
  },
  {
    name: 'a part of a gang where there is none',
    changes: { 'spec.scheduling': { gang: 'None', minGenerationReplicas: 1 } },
    path: 'spec.scheduling.minGenerationReplicas',
    rule: /must be left out if scheduling\.gang is None/,
    remedy: /set scheduling\.gang to Auto/,
  },
  {
    name: 'a part of the colocated pods',
    changes: { ...COLOCATED, 'spec.scheduling.minGenerationReplicas': 1 },
    path: 'spec.scheduling.minGenerationReplicas',
    rule: /must be left out if placement\.mode is Colocated/,
    remedy: /set placement\.mode to Disaggregated/,
  },
  {
    name: 'shared devices that nobody shares',
    changes: { 'spec.placement.devices': DEVICES },
    path: 'spec.placement.devices',
    rule: /needs placement\.mode Colocated/,
    remedy: /such as roles\.actor\.devices/,
  },
  {
    name: 'colocated roles of different sizes, as after kubectl scale',
    changes: { ...COLOCATED, 'spec.roles.generation.replicas': 4 },
    path: 'spec.roles.generation.replicas',
    rule: /must be roles\.actor\.replicas if placement\.mode is Colocated/,
    remedy: /use 1, or set placement\.mode to Disaggregated/,
  },
  ...SHARED_ROLES.map((role) => ({
    name: `a GPU for ${role} alone in a shared pod`,
    changes: { ...COLOCATED, [`spec.roles.${role}.resources.limits`]: { cpu: 1, 'nvidia.com/gpu': 1 } },
    path: `spec.roles.${role}.resources`,
    rule: /must name no extended resource/,
    remedy: /placement\.devices/,
  })),
  ...SHARED_ROLES.map((role) => ({
    name: `a claim of ${role} alone in a shared pod`,
    changes: { ...COLOCATED, [`spec.roles.${role}.devices`]: DEVICES },
    path: `spec.roles.${role}.devices`,
    rule: /must be left out if placement\.mode is Colocated/,
    remedy: /move it to placement\.devices/,
  })),
];

for (const { name, changes, path, rule, remedy } of cases) {
  test(name, () => {
    const [problem, ...others] = problemsWith(changes);
    assert.deepEqual(others, []);
    assert.equal(problem?.path, path);
    assert.match(problem?.rule ?? '', rule);
    assert.match(problem?.remedy ?? '', remedy);
  });
}

const fine: readonly (readonly [string, Changes])[] = [
  ['a queue of Volcano', { 'spec.scheduling': { gang: 'Volcano', queue: 'team-a' } }],
  ['Kueue with all it needs', { 'spec.scheduling': { gang: 'Kueue', queue: 'team-a', minGenerationReplicas: 1 } }],
  ['colocated pods in a queue of Kueue', { ...COLOCATED, 'spec.scheduling': { gang: 'Kueue', queue: 'team-a' } }],
  ['colocated pods with shared devices', { ...COLOCATED, 'spec.placement.devices': DEVICES }],
  ['colocated pods with CPUs', { ...COLOCATED, 'spec.roles.actor.resources.limits': { cpu: 2, memory: '4Gi' } }],
  [
    'two of each, shared',
    {
      ...COLOCATED,
      'spec.roles': Object.fromEntries(SHARED_ROLES.map((role) => [role, { replicas: 2 }])),
    },
  ],
  [
    'claims and extended resources side by side',
    {
      'spec.roles.actor.devices': DEVICES,
      'spec.roles.actor.resources.limits': { 'rdma/hca': 1 },
    },
  ],
];
for (const [name, changes] of fine) {
  test(`${name} is fine`, () => assert.deepEqual(problemsWith(changes), []));
}

test('names are what the API server takes', () => {
  for (const [path, value] of [
    ['spec.scheduling.queue', 'Team'],
    ['spec.scheduling.schedulerName', 'a'.repeat(64)],
    ['spec.roles.actor.devices', { deviceClassName: '-gpu' }],
    ['spec.scheduling.packing', { topologyKey: 'a/b/c' }],
  ] as const) {
    const [problem] = problemsWith({ 'spec.scheduling.gang': 'Volcano', [path]: value });
    assert.ok(problem?.path.startsWith(path), `${path}: ${problem?.path}`);
  }
});
