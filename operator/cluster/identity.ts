// Which object is meant: its kind, namespace and name, checked before anything is sent or stored. It refuses to know what
// is in the object.

import type { ObjectName, ResourceKind } from './cluster.ts';
import { InvalidError } from './errors.ts';
import type { KubernetesObject } from './objects.ts';

type Kind = Pick<ResourceKind<KubernetesObject>, 'apiVersion' | 'kind'>;

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const MAX_NAME_CHARACTERS = 253;

/** For messages: "Pod default/a". */
export function describe(kind: Pick<Kind, 'kind'>, name: ObjectName): string {
  return `${kind.kind} ${name.namespace}/${name.name}`;
}

/** Throws an InvalidError unless the object is of this kind and has a name that the API allows. */
export function checkIdentity(kind: Kind, object: KubernetesObject): void {
  const problems: string[] = [];
  if (object.apiVersion !== kind.apiVersion || object.kind !== kind.kind) {
    problems.push(`is ${object.apiVersion} ${object.kind}, expected ${kind.apiVersion} ${kind.kind}`);
  }
  problems.push(...nameProblems(object.metadata));
  if (problems.length > 0) throw new InvalidError(`${describe(kind, object.metadata)}: ${problems.join('; ')}`);
}

/** What is wrong with a name; nothing when it may be put into a path. */
export function nameProblems({ name, namespace }: ObjectName): string[] {
  const problems: string[] = [];
  if (!NAME.test(name ?? '') || name.length > MAX_NAME_CHARACTERS) {
    problems.push(`metadata.name ${JSON.stringify(name)} is no DNS name (lower case, digits, "-", ".", at most 253)`);
  }
  return [...problems, ...namespaceProblems(namespace)];
}

export function namespaceProblems(namespace: string): string[] {
  return NAME.test(namespace ?? '') ? [] : [`metadata.namespace ${JSON.stringify(namespace)} is no DNS name`];
}
