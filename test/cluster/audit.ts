// What an account asked of an API server, from the server's own audit log, and what its roles let it ask. It knows no
// account's business.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** "verb resource.group", as `kubectl auth can-i` takes them; the core group has no name. */
export type Right = string;

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

export interface AuditedRequests {
  readonly rights: ReadonlySet<Right>;
  /** What was refused for want of rights. */
  readonly refused: readonly string[];
}

interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string; readonly apiGroup?: string };
  readonly responseStatus?: { readonly code?: number };
}

const CREATED = 201;
const FORBIDDEN = 403;

export class AuditLog {
  readonly #path: string;
  /** Of an API server. */
  readonly flags: Readonly<Record<string, string>>;

  /** In `directory`, which outlives the server. */
  constructor(directory: string) {
    this.#path = join(directory, 'audit.log');
    const policy = join(directory, 'audit-policy.json');
    const rules = [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }, { level: 'None' }];
    const omitStages = ['RequestReceived'];
    writeFileSync(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages, rules }));
    this.flags = { 'audit-policy-file': policy, 'audit-log-path': this.#path, 'audit-log-mode': 'blocking' };
  }

  requestsOf(username: string): AuditedRequests {
    const text = existsSync(this.#path) ? readFileSync(this.#path, 'utf8') : '';
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    const events = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AuditEvent);
    const own = events.filter(({ user }) => user.username === username);
    const isRefused = ({ responseStatus }: AuditEvent): boolean => responseStatus?.code === FORBIDDEN;
    return {
      rights: new Set(own.filter((event) => !isRefused(event)).flatMap(rightsUsed)),
      refused: own.filter(isRefused).map(({ verb, requestURI }) => `${verb} ${requestURI}`),
    };
  }
}

/** To apply what isn't there yet is to patch it, and takes the right to create it as well. */
function rightsUsed({ verb, objectRef, responseStatus }: AuditEvent): Right[] {
  if (objectRef?.resource === undefined) return [];
  const { resource, subresource, apiGroup = '' } = objectRef;
  const name = subresource === undefined ? resource : `${resource}/${subresource}`;
  const verbs = verb === 'patch' && responseStatus?.code === CREATED ? [verb, 'create'] : [verb];
  return verbs.map((used) => right(used, name, apiGroup));
}

function right(verb: string, resource: string, apiGroup: string): Right {
  return apiGroup === '' ? `${verb} ${resource}` : `${verb} ${resource}.${apiGroup}`;
}

export function rightsOf(rules: readonly Rule[]): Right[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => right(verb, resource, group)))),
  );
}
