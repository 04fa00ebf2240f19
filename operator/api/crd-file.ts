/** The CRD as the text of a file that kubectl and Helm read. Touches no files. */
import { stringify } from 'yaml';
import { buildCrd } from './crd.ts';
import { GROUP, PLURAL } from './names.ts';

/** Where it stands, from the repository's root. */
export const CRD_FILE = `crds/${GROUP}_${PLURAL}.yaml`;
const HEADER = '# Generated from operator/api by `npm run generate`. Do not edit.\n';

export function renderCrd(): string {
  // Kubernetes reads YAML 1.1, in which a bare `on` or `yes` is no text. Anchors would hide what a field says.
  const options = { version: '1.1', lineWidth: 120, aliasDuplicateObjects: false } as const;
  return HEADER + stringify(buildCrd(), options);
}
