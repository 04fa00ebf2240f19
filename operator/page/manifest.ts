// A job's manifest as the page shows it: what was asked for, without what may be secret. Pure. Values of environment
// variables are left out whatever their names are: nobody can tell which of them are secrets. So are annotations, one of
// which holds the whole manifest as it was applied.

import { stringify } from 'yaml';
import type { PPOJobObject } from '../reconcile/ppojob-kind.ts';

const MAX_CHARACTERS = 65_536;
const HIDDEN = '(hidden)';
/** A password, or user and password, before the host of a URL. Bounded parts: a long text of letters costs no more than its length. */
const CREDENTIALS_IN_URL = /([a-z][a-z0-9+.-]{0,30}:\/\/)[^/\s@]{1,1024}@/gi;

export function showManifest({ apiVersion, kind, metadata, spec }: PPOJobObject): string {
  const { name, namespace, labels } = metadata;
  const shown = { apiVersion, kind, metadata: { name, namespace, ...(labels !== undefined && { labels }) }, spec };
  const text = stringify(JSON.parse(JSON.stringify(shown)), hideSecrets, { aliasDuplicateObjects: false });
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}\n# … cut here\n`;
}

function hideSecrets(key: unknown, value: unknown): unknown {
  if (key === 'env' && Array.isArray(value)) return value.map(hideValue);
  return typeof value === 'string' ? value.replace(CREDENTIALS_IN_URL, `$1${HIDDEN}@`) : value;
}

function hideValue(variable: unknown): unknown {
  if (typeof variable !== 'object' || variable === null || !('value' in variable)) return variable;
  return { ...variable, value: HIDDEN };
}
