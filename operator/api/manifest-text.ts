/** Reads a manifest's text: one YAML (or JSON) document into plain data. Knows nothing of PPOJob. */
import { isScalar, LineCounter, parseAllDocuments } from 'yaml';
import { type Problem, shorten } from './problems.ts';

/** What a Kubernetes API server accepts as one object, roughly. */
const MAX_MANIFEST_CHARACTERS = 1024 * 1024;
/** What follows the first few is mostly their doing. */
const MAX_SYNTAX_PROBLEMS = 10;

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
  const lineCounter = new LineCounter();
  const parsed = [...parseAllDocuments(text, { lineCounter, prettyErrors: false })];
  const errors = parsed.flatMap((document) => document.errors);
  if (errors.length > 0) {
    const lines = text.split('\n');
    const problems = errors.slice(0, MAX_SYNTAX_PROBLEMS).map((error): Problem => {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      const found = shorten(lines[line - 1]?.trim() ?? '');
      const rule = `must be valid YAML: ${error.message}`;
      return { path: `line ${line}, column ${col}`, found, rule, remedy: 'correct the line, or the one before it' };
    });
    return { ok: false, problems };
  }
  // As kubectl has it, a document with nothing in it is none: there may be a `---` at the end.
  const documents = parsed.filter(
    ({ contents }) => contents !== null && !(isScalar(contents) && contents.value === null),
  );
  if (documents.length !== 1) {
    const found = documents.length === 0 ? 'nothing' : `${documents.length} documents`;
    const remedy = 'keep one PPOJob a file';
    return refused({ path: 'manifest', found, rule: 'must be one YAML document', remedy });
  }
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

function isCyclic(value: unknown, above: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (above.includes(value)) return true;
  return Object.values(value).some((child) => isCyclic(child, [...above, value]));
}
