/**
 * What is wrong with text that is no YAML, in words for those who wrote it: where, and what to do. A parser that lost its
 * way finds fault with much that is right, so what follows from an error is left out. Knows nothing of PPOJob.
 */
import type { LineCounter, YAMLParseError } from 'yaml';
import { type Problem, shorten } from './problems.ts';

type Words = Pick<Problem, 'rule' | 'remedy'>;
type Code = YAMLParseError['code'];

const NO_PAIR: Words = {
  rule: 'must be a key and its value, as in "seed: 42"',
  remedy: 'check the indentation here and on the next line, the space after each ":", and quotes around text with ":"',
};
const WORDS: Partial<Record<Code, Words>> = {
  DUPLICATE_KEY: {
    rule: 'must be the only key of its name in its mapping',
    remedy: 'merge it with the one above, or remove one of them',
  },
  TAB_AS_INDENT: { rule: 'must be indented with spaces: YAML allows no tabs', remedy: 'replace the tabs with spaces' },
  BLOCK_AS_IMPLICIT_KEY: NO_PAIR,
  MULTILINE_IMPLICIT_KEY: NO_PAIR,
};
/** One of the messages of BAD_INDENT; the others are about brackets that aren't closed. */
const IS_OUT_OF_LINE = /same column/;
const OUT_OF_LINE: Words = {
  rule: 'must stand in the same column as the other keys of its mapping, or items of its list',
  remedy: 'indent the line as those that it belongs to',
};
const BLANK_OR_COMMENT = /^\s*(#.*)?$/;
/** Of the lines that have the same fault. */
const MAX_LISTED_LINES = 10;

/** Never empty where `errors` isn't. */
export function problemsOfYamlErrors(
  errors: readonly YAMLParseError[],
  text: string,
  lineCounter: LineCounter,
): Problem[] {
  const lines = text.split('\n');
  const [first] = errors.filter(({ code }) => code !== 'DUPLICATE_KEY');
  // A key that stands twice leads nobody astray.
  const told = first === undefined ? errors : [first];
  return told.map((error): Problem => {
    const { line, column } = placeOf(error, lines, lineCounter);
    const { rule, remedy } = wordsOf(error);
    return {
      path: `line ${line}, column ${column}`,
      found: shorten(lines[line - 1]?.trim() ?? ''),
      rule,
      remedy: error.code === 'TAB_AS_INDENT' ? `${remedy}${alsoOn(errors, error, lineCounter)}` : remedy,
    };
  });
}

function wordsOf({ code, message }: YAMLParseError): Words {
  if (code === 'BAD_INDENT' && IS_OUT_OF_LINE.test(message)) return OUT_OF_LINE;
  return WORDS[code] ?? { rule: `must be valid YAML: ${message}`, remedy: 'correct the line, or the one before it' };
}

/** The parser notices what is out of line where the line before it ends: the line that is meant comes after. */
function placeOf({ code, pos }: YAMLParseError, lines: readonly string[], lineCounter: LineCounter) {
  const { line, col } = lineCounter.linePos(pos[0]);
  if (code !== 'BAD_INDENT') return { line, column: col };
  const index = lines.findIndex((content, at) => at >= line - 1 && !BLANK_OR_COMMENT.test(content));
  if (index < 0) return { line, column: col };
  return { line: index + 1, column: (lines[index] ?? '').search(/\S/) + 1 };
}

function alsoOn(errors: readonly YAMLParseError[], first: YAMLParseError, lineCounter: LineCounter): string {
  const others = errors.filter((error) => error.code === first.code && error !== first);
  if (others.length === 0) return '';
  const listed = others.slice(0, MAX_LISTED_LINES).map(({ pos }) => lineCounter.linePos(pos[0]).line);
  const rest = others.length > listed.length ? ` and ${others.length - listed.length} more` : '';
  return `; also on ${others.length === 1 ? 'line' : 'lines'} ${listed.join(', ')}${rest}`;
}
