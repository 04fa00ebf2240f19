/** The CRD: names, subresources, columns and rules that point at fields which exist. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCrd } from '../../../operator/api/crd.ts';
import { CROSS_CHECKS } from '../../../operator/api/cross-checks.ts';

type Node = Readonly<Record<string, unknown>>;
interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

const crd = buildCrd();
const [version] = crd.spec.versions;
const root = version!.schema.openAPIV3Schema as Node;
const VALIDATIONS = 'x-kubernetes-validations';

function childOf(node: Node | undefined, key: string): Node | undefined {
  if (node?.items !== undefined) return childOf(node.items as Node, key);
  return ((node?.properties ?? {}) as Record<string, Node>)[key] ?? (node?.additionalProperties as Node | undefined);
}

/** The schema's node at a simple path such as .spec.roles. */
function nodeAt(path: string, from: Node = root): Node | undefined {
  return path
    .split('.')
    .slice(1)
    .reduce<Node | undefined>((node, key) => childOf(node, key), from);
}

const spec = nodeAt('.spec') as Node;

test('it is ppojobs, ppo for short, and among all', () => {
  assert.equal(crd.metadata.name, 'ppojobs.rlhf.dev');
  assert.deepEqual(crd.spec.names.shortNames, ['ppo']);
  assert.deepEqual(crd.spec.names.categories, ['all']);
  assert.deepEqual(root.required, ['spec']);
});

test('scaling reads and writes fields that exist', () => {
  const { scale } = version!.subresources;
  assert.equal(nodeAt(scale.specReplicasPath)?.type, 'integer');
  assert.equal(nodeAt(scale.statusReplicasPath)?.type, 'integer');
  assert.equal(nodeAt(scale.labelSelectorPath)?.type, 'string');
});

test('columns show fields that exist, and the ones that people look for first', () => {
  const columns = version!.additionalPrinterColumns;
  const names = columns.filter(({ priority }) => priority === 0).map(({ name }) => name);
  assert.deepEqual(names, ['Status', 'Iteration', 'Score', 'KL', 'Tokens/s', 'Restarts', 'Age']);
  assert.ok(columns.some(({ priority }) => priority === 1));
  for (const { name, jsonPath } of columns) {
    if (jsonPath.startsWith('.metadata')) continue;
    assert.ok(nodeAt(jsonPath.replace(/\[.*?\]/g, '')) !== undefined, `${name}: ${jsonPath}`);
  }
});

test('every rule between fields has its twin, and reports at a field', () => {
  const rules = spec[VALIDATIONS] as Rule[];
  assert.equal(rules.length, CROSS_CHECKS.length);
  for (const { fieldPath, message } of rules) {
    assert.ok(nodeAt(fieldPath ?? '', spec) !== undefined, `no ${fieldPath}`);
    assert.match(message, /^(must|needs|times) /);
  }
  for (const { fieldPath } of (root[VALIDATIONS] as Rule[]).slice(1)) {
    assert.ok(nodeAt(fieldPath ?? '') !== undefined, `no ${fieldPath}`);
  }
});

test('rules read only fields that exist', () => {
  const rules = [...(spec[VALIDATIONS] as Rule[]), ...(root[VALIDATIONS] as Rule[])];
  for (const { rule } of rules) {
    for (const [, path] of rule.matchAll(/\b(?:self|oldSelf)((?:\.[a-zA-Z]+)+)(?![\w(])/g)) {
      if (path?.startsWith('.metadata')) continue;
      const from = (spec[VALIDATIONS] as Rule[]).some((other) => other.rule === rule) ? spec : root;
      const field = (path ?? '').replace(/\.(split|startsWith|matches)$/, '');
      assert.ok(nodeAt(field, from) !== undefined, `${field} in ${rule}`);
    }
  }
});
