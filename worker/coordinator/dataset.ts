/**
 * Prompts from JSON lines files: read, checked, tokenized. Everything wrong with all files is found before the job starts.
 * Knows nothing of sampling order or of what prompts are used for.
 */
import { readFileSync } from 'node:fs';

/** One usable line. */
export interface PromptRecord {
  /** [P], special tokens included, P >= 1 */
  readonly promptTokenIds: readonly number[];
  /** What the decoded response is compared with; null where the file is only trained on. */
  readonly answer: string | null;
}

export interface DatasetSource {
  /** JSON lines, absolute path. */
  readonly path: string;
  /** The manifest's name for the path, for messages. */
  readonly name: string;
  readonly promptField: string;
  /** null: answers are not needed. */
  readonly answerField: string | null;
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
  /** One sentence each: where, what was found, what is allowed, what to do. */
  readonly problems: readonly string[];
}

const MAX_LISTED = 20;

interface Line {
  readonly number: number;
  readonly prompt: string;
  readonly answer: string | null;
}

/** Reads one file. Never throws for what the file holds: problems come back, at most 20 bad lines named. */
export function readDataset(source: DatasetSource, rules: PromptRules): DatasetResult {
  let text: string;
  try {
    text = readFileSync(source.path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { records: [], problems: [`${source.name}: ${source.path} can't be read (${reason}). Correct the path.`] };
  }
  const bad: string[] = [];
  const lines = parseLines(text, source, bad);
  const problems = listed(source, bad);
  if (lines.length === 0 && bad.length === 0) {
    problems.push(`${source.name}: ${source.path} has no lines. Allowed: at least one JSON object a line.`);
  }
  const records = tokenize(lines, source, { rules, problems });
  return { records, problems };
}

function parseLines(text: string, source: DatasetSource, bad: string[]): Line[] {
  const lines: Line[] = [];
  let number = 0;
  for (const raw of text.split('\n')) {
    number++;
    if (raw.trim() === '') continue;
    if (source.limit !== null && lines.length + bad.length >= source.limit) break;
    const parsed = parseLine(raw, source);
    if (typeof parsed === 'string') bad.push(`line ${number}: ${parsed}`);
    else lines.push({ number, ...parsed });
  }
  return lines;
}

function parseLine(raw: string, source: DatasetSource): Omit<Line, 'number'> | string {
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
    return `"${source.promptField}" is ${shorten(JSON.stringify(prompt) ?? 'absent')}, not a text`;
  }
  if (source.answerField === null) return { prompt, answer: null };
  const answer = fields[source.answerField];
  if (typeof answer === 'string' || typeof answer === 'number') return { prompt, answer: String(answer) };
  return `"${source.answerField}" is ${shorten(JSON.stringify(answer) ?? 'absent')}, not a text or a number`;
}

function listed(source: DatasetSource, bad: readonly string[]): string[] {
  const problems = bad.slice(0, MAX_LISTED).map((problem) => `${source.name}: ${source.path} ${problem}`);
  if (bad.length > MAX_LISTED) {
    problems.push(`${source.name}: ${source.path} has ${bad.length - MAX_LISTED} more bad lines`);
  }
  if (bad.length > 0) problems.push(`${source.name}: correct or remove the ${bad.length} bad lines of ${source.path}`);
  return problems;
}

function tokenize(
  lines: readonly Line[],
  source: DatasetSource,
  { rules, problems }: { readonly rules: PromptRules; readonly problems: string[] },
): PromptRecord[] {
  const records: PromptRecord[] = [];
  const tooLong = new Tally();
  const unknown = new Tally();
  const empty = new Tally();
  for (const line of lines) {
    const promptTokenIds = rules.encode(line.prompt);
    const length = promptTokenIds.length;
    if (length > rules.maxPromptTokens) tooLong.add(line.number, length);
    if (length === 0) empty.add(line.number, 0);
    const largest = promptTokenIds.reduce((most, id) => Math.max(most, id), 0);
    if (largest >= rules.vocabSize) unknown.add(line.number, largest);
    records.push({ promptTokenIds, answer: line.answer });
  }
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
  return records;
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
