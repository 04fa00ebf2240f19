/** Reads a manifest's text: one YAML (or JSON) document into plain data. Knows nothing of PPOJob's fields. */
import { type Document, isScalar, LineCounter, parseAllDocuments } from 'yaml';
import type { Problem } from './problems.ts';
import { problemsOfYamlErrors } from './yaml-problems.ts';

/** What a Kubernetes API server accepts as one object, roughly. */
const MAX_MANIFEST_CHARACTERS = 1024 * 1024;
/** What a decoder of UTF-8 makes of other bytes, and what no text file holds. */
const NO_TEXT = /[\0\uFFFD]/;
const MAX_LISTED_KINDS = 5;
const EXAMPLE = 'examples/arithmetic/ppojob.yaml';

export type ManifestText =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: Problem[] };

function refused(problem: Problem): ManifestText {
  return { ok: false, problems: [problem] };
}

/** Parses one document; syntax errors and duplicate keys are problems with line and column. */
export function readManifestText(text: string): ManifestText {
  if (text.length > MAX_MANIFEST_CHARACTERS) {
    const rule = `must have at most ${MAX_MANIFEST_CHARACTERS} characters`;
    return refused({ path: 'manifest', found: `${text.length} characters`, rule, remedy: 'is this the right file?' });
  }
  if (NO_TEXT.test(text)) {
    const remedy = 'is this the right file? Some editors and shells write UTF-16: save it as UTF-8';
    return refused({
      path: 'manifest',
      found: 'other bytes than those of text',
      rule: 'must be text in UTF-8',
      remedy,
    });
  }
  const lineCounter = new LineCounter();
  // As kubectl reads it: `<<` merges.
  const parsed = [...parseAllDocuments(text, { lineCounter, prettyErrors: false, merge: true, logLevel: 'error' })];
  const errors = parsed.flatMap((document) => document.errors);
  if (errors.length > 0) return { ok: false, problems: problemsOfYamlErrors(errors, text, lineCounter) };
  // As kubectl has it, a document with nothing in it is none: there may be a `---` at the end.
  const documents = parsed.filter(
    ({ contents }) => contents !== null && !(isScalar(contents) && contents.value === null),
  );
  if (documents.length !== 1) return refused(notOne(documents));
  const aliasProblem = (reason: string): ManifestText => {
    const rule = `must expand to plain data: ${reason}`;
    return refused({ path: 'manifest', found: 'YAML aliases', rule, remedy: 'write the repeated parts out' });
  };
  let value: unknown;
  try {
    value = documents[0]?.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // The library refuses aliases that expand without bound, but not those that hold themselves.
    return aliasProblem(error instanceof Error ? error.message : String(error));
  }
  return isCyclic(value) ? aliasProblem('an alias stands inside of what it names') : { ok: true, value };
}

function notOne(documents: readonly Document[]): Problem {
  const rule = 'must be one PPOJob, one YAML document';
  if (documents.length === 0) {
    return { path: 'manifest', found: 'nothing', rule, remedy: `write one; ${EXAMPLE} is one to start from` };
  }
  const kinds = documents.map((document) => String(document.get('kind') ?? 'no kind'));
  const found = `${documents.length} documents (${kinds.slice(0, MAX_LISTED_KINDS).join(', ')})`;
  return { path: 'manifest', found, rule, remedy: 'give the PPOJob a file of its own' };
}

function isCyclic(value: unknown, above: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (above.includes(value)) return true;
  return Object.values(value).some((child) => isCyclic(child, [...above, value]));
}
