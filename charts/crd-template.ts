/**
 * The CRD as a template of the chart: templated, because Helm upgrades what is in templates/ and never what is in crds/.
 * Pure; knows no files.
 */

const KEEP = [
  '  {{- if .Values.crds.keep }}',
  '  annotations:',
  '    helm.sh/resource-policy: keep',
  '  {{- end }}',
  '  labels:',
  '    {{- include "ppo-operator.labels" . | nindent 4 }}',
];
const METADATA = /^metadata:\n( {2}name: .*)\n/m;

/** `crd` is the text of a CRD whose metadata is its name alone. */
export function crdTemplate(crd: string): string {
  const comment = /^(#.*\n)*/.exec(crd)?.[0] ?? '';
  // What a description says in braces is not Helm's to read.
  const body = crd.slice(comment.length).replaceAll('{{', '{{ "{{" }}');
  if (!METADATA.test(body)) throw new Error('internal: the CRD has no metadata, or more of it than its name');
  const marked = body.replace(METADATA, (_, name: string) => ['metadata:', name, ...KEEP, ''].join('\n'));
  return `${comment}{{- if .Values.crds.install }}\n${marked}{{- end }}\n`;
}
