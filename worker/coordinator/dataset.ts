/**
 * Prompts from JSON lines files: read, checked, tokenized. Everything wrong with all files is found before the job starts.
 * Knows nothing of sampling order or of what prompts are used for.
 */
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** One usable line. */
export interface PromptRecord {
  /** [P], special tokens included, P >= 1 */
  readonly promptTokenIds: readonly number[];
  readonly prompt: string;
  /** What the decoded response is compared with; null where answers aren't needed and the line has none. */
  readonly answer: string | null;
}

export interface DatasetSource {
  /** JSON lines, absolute path. */
  readonly path: string;
  /** The manifest's name for the path, for messages. */
  readonly name: string;
  readonly promptField: string;
  readonly answerField: string;
  /** Whether a line without an answer is a problem. */
  readonly needsAnswers: boolean;
  /** Only the first so many lines; null is all. */
  readonly limit: number | null;
}

export interface PromptRules {
  readonly encode: (text: string) => readonly number[];
  readonly maxPromptTokens: number;
  readonly vocabSize: number;
}

export interface DatasetResult {
  readonly records: readonly PromptRecord[];
  /** CRC-32 of the file. */
  readonly checksum: number;
  /** One sentence each: where, what was found, what is allowed, what to do. */
  readonly problems: readonly string[];
}

/** Few, so that a pod's last words have room for all files. */
const MAX_LISTED = 6;
const BYTE_ORDER_MARK = /^\uFEFF/;

interface Line extends PromptRecord {
  readonly number: number;
}

/** Reads one file. Never throws for what the file holds: problems come back, the first bad lines named. */
export function readDataset(source: DatasetSource, rules: PromptRules): DatasetResult {
  let text: string;
  try {
    text = readFileSync(source.path, 'utf8').replace(BYTE_ORDER_MARK, '');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      records: [],
      checksum: 0,
      problems: [`${source.name}: ${source.path} can't be read (${reason}). Correct the path.`],
    };
  }
  const bad: string[] = [];
  const lines = parseLines(text, { source, rules, bad });
  const problems = [...listed(source, bad), ...checkTokens(lines, source, rules)];
  if (lines.length === 0 && bad.length === 0) {
    problems.push(`${source.name}: ${source.path} has no lines. Allowed: at least one JSON object a line.`);
  }
  return { records: lines, checksum: crc32(text), problems };
}

function parseLines(
  text: string,
  { source, rules, bad }: { readonly source: DatasetSource; readonly rules: PromptRules; readonly bad: string[] },
): Line[] {
  const lines: Line[] = [];
  let number = 0;
  for (const raw of text.split('\n')) {
    number++;
    if (raw.trim() === '') continue;
    if (source.limit !== null && lines.length + bad.length >= source.limit) break;
    const parsed = parseLine(raw, source);
    const record = typeof parsed === 'string' ? parsed : encodeLine(parsed, rules);
    if (typeof record === 'string') bad.push(`line ${number}: ${record}`);
    else lines.push({ number, ...record });
  }
  return lines;
}

function encodeLine(line: { prompt: string; answer: string | null }, rules: PromptRules): PromptRecord | string {
  try {
    return { promptTokenIds: rules.encode(line.prompt), ...line };
  } catch (error) {
    return `the tokenizer refuses the prompt: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function parseLine(raw: string, source: DatasetSource): { prompt: string; answer: string | null } | string {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    return `not JSON: ${shorten(raw)}`;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `not a JSON object: ${shorten(raw)}`;
  const fields = value as Readonly<Record<string, unknown>>;
  const prompt = fields[source.promptField];
  if (typeof prompt !== 'string' || prompt === '') {
    const found = `"${source.promptField}" is ${shorten(JSON.stringify(prompt) ?? 'absent')}, not a text`;
    return prompt === undefined
      ? `${found}; the line has ${shorten(Object.keys(fields).join(', ') || 'no field')}`
      : found;
  }
  const answer = fields[source.answerField];
  if (typeof answer === 'string' || typeof answer === 'number') return { prompt, answer: String(answer) };
  if (!source.needsAnswers) return { prompt, answer: null };
  return `"${source.answerField}" is ${shorten(JSON.stringify(answer) ?? 'absent')}, not a text or a number`;
}

function listed({ name, path }: DatasetSource, bad: readonly string[]): string[] {
  if (bad.length === 0) return [];
  const count = bad.length === 1 ? '1 bad line' : `${bad.length} bad lines`;
  const more = bad.length > MAX_LISTED ? [`and ${bad.length - MAX_LISTED} more`] : [];
  const lines = [...bad.slice(0, MAX_LISTED), ...more].map((line) => `\n    ${line}`);
  return [`${name}: ${path} has ${count}; correct or remove, or name other fields in dataset:${lines.join('')}`];
}

function checkTokens(lines: readonly Line[], source: DatasetSource, rules: PromptRules): string[] {
  const tooLong = new Tally();
  const unknown = new Tally();
  const empty = new Tally();
  for (const { number, promptTokenIds } of lines) {
    const length = promptTokenIds.length;
    if (length > rules.maxPromptTokens) tooLong.add(number, length);
    if (length === 0) empty.add(number, 0);
    const largest = promptTokenIds.reduce((most, id) => Math.max(most, id), 0);
    if (largest >= rules.vocabSize) unknown.add(number, largest);
  }
  const problems: string[] = [];
  const where = `${source.name}: ${source.path}`;
  const share = (tally: Tally) => `${tally.count} of ${lines.length} prompts`;
  if (tooLong.count > 0) {
    const longest = `the longest, line ${tooLong.line}, has ${tooLong.value}`;
    const remedy = 'Remove them or raise rollout.maxPromptTokens.';
    problems.push(`${where}: ${share(tooLong)} have more than ${rules.maxPromptTokens} tokens (${longest}). ${remedy}`);
  }
  if (empty.count > 0) {
    problems.push(`${where}: ${share(empty)} have no tokens (first: line ${empty.line}). Remove them.`);
  }
  if (unknown.count > 0) {
    const found = `line ${unknown.line} has ${unknown.value}`;
    const remedy = "Use the tokenizer that belongs to the actor's model.";
    problems.push(
      `${where}: ${share(unknown)} have tokens beyond the vocabulary of ${rules.vocabSize} (${found}). ${remedy}`,
    );
  }
  return problems;
}

/** How many lines share a problem, and the worst (first among equals) of them. */
class Tally {
  count = 0;
  line = 0;
  value = -1;

  add(line: number, value: number): void {
    this.count++;
    if (value <= this.value) return;
    this.line = line;
    this.value = value;
  }
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
