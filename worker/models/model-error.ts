/**
 * The one error of the boundary to Hugging Face folders: everything that a user's model folder can have wrong.
 * Knows nothing of what reads the folder.
 */

/** One finding: where it is, what was found, what is allowed, what to do. */
export interface ModelProblem {
  readonly path: string;
  readonly found: string;
  readonly allowed: string;
  readonly remedy: string;
}

/**
 * `config`: config.json is missing, malformed or asks for what isn't supported; `weights`: tensors are missing, malformed
 * or of the wrong shape; `tokenizer`: tokenizer files are missing or malformed.
 */
export type ModelErrorCode = 'config' | 'weights' | 'tokenizer';

const MAX_LISTED = 20;

export class ModelError extends Error {
  readonly code: ModelErrorCode;
  readonly path: string;
  readonly problems: readonly ModelProblem[];

  constructor(code: ModelErrorCode, path: string, problems: readonly ModelProblem[], options?: ErrorOptions) {
    const lines = problems
      .slice(0, MAX_LISTED)
      .map((p) => `  ${p.path}: found ${p.found}; allowed: ${p.allowed}. ${p.remedy}`);
    if (problems.length > MAX_LISTED) lines.push(`  … and ${problems.length - MAX_LISTED} more`);
    super(`${path} can't be used as a model (${code}):\n${lines.join('\n')}`, options);
    this.name = 'ModelError';
    this.code = code;
    this.path = path;
    this.problems = problems;
  }
}

/** A value as it stands in a message: JSON, cut to a readable length. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
