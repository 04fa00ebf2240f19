/** What is wrong with a manifest, in a form that people can act on. Knows no schema. */

export interface Problem {
  /** Where: `spec.training.actor.learningRate`; for text that isn't YAML, `line 3, column 7`. */
  readonly path: string;
  /** The value received, as JSON, shortened; `nothing` where it is missing. */
  readonly found: string;
  /** What is allowed, as the rest of a sentence: `must be ...`. */
  readonly rule: string;
  /** What to do. */
  readonly remedy: string;
}

const MAX_FOUND_CHARACTERS = 80;

/** Renders a value for `Problem.found`. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  // JSON would make null of what YAML calls .inf and .nan.
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return shorten(text);
}

/** To what fits a line. */
export function shorten(text: string): string {
  return text.length <= MAX_FOUND_CHARACTERS ? text : `${text.slice(0, MAX_FOUND_CHARACTERS - 3)}...`;
}

/** One paragraph per problem, for a terminal. `source` is the manifest's file name. */
export function formatProblems(problems: readonly Problem[], source = 'manifest'): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const paragraphs = problems.map(
    (problem) =>
      `  ${problem.path}\n    found: ${problem.found}\n    rule:  ${problem.rule}\n    do:    ${problem.remedy}`,
  );
  return [`${source}: ${count}`, ...paragraphs].join('\n');
}
