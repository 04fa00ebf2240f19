/** The schema is fit for a structural CRD: typed, bounded, documented everywhere, no floats, no references. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { ROLE_NAMES } from '../../../operator/api/names.ts';
import { specSchema } from '../../../operator/api/ppojob.ts';
import { allPaths, descriptionOf, formatPath, schemaAt } from '../../../operator/api/schema-tree.ts';

type Node = Readonly<Record<string, unknown>>;

const crd = z.toJSONSchema(specSchema, {
  target: 'openapi-3.0',
  io: 'input',
  reused: 'inline',
  unrepresentable: 'throw',
}) as Node;

function children(node: Node): [string, Node][] {
  const properties = Object.entries((node.properties ?? {}) as Record<string, Node>);
  const items: [string, Node][] = node.items === undefined ? [] : [['[]', node.items as Node]];
  const isKept = node['x-kubernetes-preserve-unknown-fields'] === true;
  const values: [string, Node][] =
    typeof node.additionalProperties === 'object' && !isKept ? [['{}', node.additionalProperties as Node]] : [];
  return [...properties, ...items, ...values];
}

function allNodes(node: Node, path = 'spec'): [string, Node][] {
  return [[path, node], ...children(node).flatMap(([key, child]) => allNodes(child, `${path}.${key}`))];
}

/** What Kubernetes would hold against one node, or none. */
function faultsOf(node: Node): string[] {
  if (node['x-kubernetes-int-or-string'] === true) return [];
  // Kubernetes' own content has the bounds that the server has for whole objects.
  if (node['x-kubernetes-preserve-unknown-fields'] === true) return node.type === 'object' ? [] : [`type ${node.type}`];
  const forbidden = ['$ref', 'allOf', 'oneOf', 'anyOf', 'not', 'definitions'].filter((key) => key in node);
  const bounds: Readonly<Record<string, readonly string[]>> = {
    string: 'enum' in node ? [] : ['maxLength'],
    array: ['maxItems', 'items'],
    integer: ['minimum', 'maximum'],
    boolean: [],
    object: 'properties' in node ? [] : ['additionalProperties', 'maxProperties'],
  };
  const needed = bounds[String(node.type)];
  if (needed === undefined) return [...forbidden, `type ${node.type}`];
  const isClosed = 'properties' in node && 'additionalProperties' in node;
  return [
    ...forbidden,
    ...(isClosed ? ['closed'] : []),
    ...needed.filter((key) => !(key in node)).map((key) => `no ${key}`),
  ];
}

const NAMED_IN_TEMPLATES = [
  ...[
    'env.[].name',
    'imagePullSecrets.[].name',
    'volumeMounts.[].mountPath',
    'volumeMounts.[].name',
    'volumes.[].name',
  ],
];

test('every node is structural and bounded', () => {
  const nodes = allNodes(crd);
  assert.ok(nodes.length > 100);
  const faults = nodes.flatMap(([path, node]) => faultsOf(node).map((fault) => `${path}: ${fault}`));
  assert.deepEqual(faults, []);
});

test('every field says what it is for', () => {
  const silent = allPaths(specSchema).filter((path) => descriptionOf(schemaAt(specSchema, path)) === '');
  assert.deepEqual(silent.map(formatPath), []);
});

test('the API server can fill in all defaults of single fields: they are in the schema', () => {
  const required = allNodes(crd).flatMap(([path, node]) =>
    ((node.required ?? []) as string[]).map((key) => `${path}.${key}`),
  );
  const expected = [
    'spec.algorithm',
    'spec.algorithm.numIterations',
    'spec.dataset',
    'spec.dataset.evaluation.path',
    'spec.dataset.train',
    'spec.dataset.train.path',
    'spec.failurePolicy.rules.[].action',
    'spec.models',
    'spec.models.actor',
    'spec.models.actor.path',
    'spec.models.critic',
    'spec.models.critic.path',
    'spec.models.reference.path',
    ...NAMED_IN_TEMPLATES.map((field) => `spec.podTemplate.${field}`),
    'spec.placement.devices.deviceClassName',
    'spec.reward',
    'spec.reward.function.path',
    'spec.reward.model.path',
    ...ROLE_NAMES.flatMap((role) => [
      `spec.roles.${role}.devices.deviceClassName`,
      ...NAMED_IN_TEMPLATES.map((field) => `spec.roles.${role}.podTemplate.${field}`),
    ]),
    'spec.scheduling.packing.topologyKey',
    'spec.tracking.tracing.endpoint',
    'spec.tracking.tracing.headersSecret.key',
    'spec.tracking.tracing.headersSecret.name',
    'spec.tracking.wandb.project',
  ];
  assert.deepEqual(required.sort(), expected.sort());
});
