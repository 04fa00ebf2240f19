// Where kinds and objects live in the API server's paths, and how options are written into queries. Pure.

import type { ListOptions, ObjectName, ResourceKind } from './cluster.ts';
import { InvalidError } from './errors.ts';
import { describe, nameProblems, namespaceProblems } from './identity.ts';
import type { Subject } from './kubernetes-errors.ts';
import type { KubernetesObject } from './objects.ts';

type Kind = Pick<ResourceKind<KubernetesObject>, 'apiVersion' | 'kind' | 'plural'>;
type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** All objects of a kind, of one namespace or of all. Throws an InvalidError as objectPath. */
export function collectionPath(kind: Kind, namespace: string | undefined): string {
  const root = kind.apiVersion.includes('/') ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`;
  if (namespace === undefined) return `${root}/${kind.plural}`;
  const problems = namespaceProblems(namespace);
  if (problems.length > 0)
    throw new InvalidError(`${collectionSubject(kind, namespace).title}: ${problems.join('; ')}`);
  return `${root}/namespaces/${namespace}/${kind.plural}`;
}

/** Throws an InvalidError for a name that no object can have: it might mean another path. */
export function objectPath(kind: Kind, name: ObjectName, subresource?: 'status' | 'scale' | 'log'): string {
  const problems = nameProblems(name);
  if (problems.length > 0) throw new InvalidError(`${describe(kind, name)}: ${problems.join('; ')}`);
  const path = `${collectionPath(kind, name.namespace)}/${name.name}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** A page that a pod serves, by way of the API server. */
export function podProxyPath(pods: Kind, name: ObjectName, port: number, page: string): string {
  return `${objectPath(pods, name)}:${port}/proxy${page}`;
}

/** The path with a query of the members that are defined. */
export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Undefined: every object. */
export function labelSelector({ labels }: ListOptions): string | undefined {
  const terms = Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`);
  return terms.length === 0 ? undefined : terms.join(',');
}

/** The same of fields. */
export function fieldSelector({ fields }: ListOptions): string | undefined {
  const terms = Object.entries(fields ?? {}).map(([path, value]) => `${path}=${escapeField(value)}`);
  return terms.length === 0 ? undefined : terms.join(',');
}

/** Label values need no escape; values of fields may hold what parts terms. */
function escapeField(value: string): string {
  return value.replace(/[\\,=]/g, (character) => `\\${character}`);
}

export function objectSubject(kind: Kind, name: ObjectName): Subject {
  return { title: describe(kind, name), name: name.name };
}

export function collectionSubject(kind: Kind, namespace: string | undefined): Subject {
  return { title: `${kind.plural} in ${namespace ?? 'all namespaces'}`, name: null };
}
