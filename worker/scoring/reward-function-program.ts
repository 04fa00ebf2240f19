/**
 * The thread that a user's reward function runs on: loads the module, decodes responses, calls the function for each, some
 * of them side by side, and checks what comes back. Knows nothing of gRPC.
 */
import { pathToFileURL } from 'node:url';
import { workerData } from 'node:worker_threads';
import type { ScoredText } from '../api/generated/ppo/v1/ScoredText.ts';
import { loadModelConfig } from '../models/folder.ts';
import { loadTokenizer, type Tokenizer } from '../models/tokenizer.ts';
import { emitEvent, serveCompute } from '../runtime/compute-thread.ts';
import { withinTime } from '../service/within-time.ts';
import type { Sequence, SequenceLimits } from './sequence.ts';

/** What a reward function gets. */
export interface RewardInput {
  /** As the dataset has it. */
  readonly prompt: string;
  /** Decoded, without special tokens. */
  readonly response: string;
  /** The dataset's answer to the prompt; null where the line has none. */
  readonly answer: string | null;
  /** Whether the response ended by itself, not at the token limit. */
  readonly isFinished: boolean;
}

/** A score, the higher the better; finite, also as 32 bits. */
export type RewardFunction = (input: RewardInput) => number | Promise<number>;

export interface FunctionProgramData {
  readonly path: string;
  readonly name: string;
  readonly timeoutSeconds: number;
  /** Folder of the model that writes the responses. */
  readonly tokenizerPath: string;
}

/** What the main thread may ask. Emits an event before each response. */
export interface FunctionApi {
  /** To be called first. Throws RewardFunctionError or ModelError for what can't be used. */
  open(): Promise<SequenceLimits>;
  /** [1] per sequence, in their order. */
  score(sequences: readonly Sequence[], texts: readonly ScoredText[]): Promise<Float32Array[]>;
}

/** The module can't be loaded, or has no such function. A restart would find the same. */
class RewardFunctionError extends Error {
  override readonly name = 'RewardFunctionError';
}

/** Calls of one request under way at once: a function that asks a server waits for its answers, not for the one before. */
const MAX_CONCURRENT_CALLS = 32;
const MAX_QUOTED_CHARACTERS = 120;
/** A pod's last words have room for it, whatever the function puts into its errors. */
const MAX_REASON_CHARACTERS = 800;

const { path, name, timeoutSeconds, tokenizerPath } = workerData as FunctionProgramData;
const where = `the reward function ${name} of ${path}`;
let tokenizer: Tokenizer | null = null;
let scoreOne: RewardFunction | null = null;

serveCompute<FunctionApi>({
  open: async () => {
    tokenizer = loadTokenizer(tokenizerPath);
    scoreOne = await loadFunction();
    const { vocabSize, maxPositions } = loadModelConfig(tokenizerPath);
    return { vocabSize, maxPositions };
  },
  score: async (sequences, texts) => {
    const results = sequences.map(() => new Float32Array(1));
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < sequences.length; index = next++) {
        // Before and not after: calls that never wait follow each other without a pause in which one would be over.
        emitEvent('scoring');
        results[index]![0] = await scoreSequence(sequences[index]!, texts[index]!);
      }
    };
    try {
      await Promise.all(Array.from({ length: MAX_CONCURRENT_CALLS }, work));
    } finally {
      next = sequences.length; // one that failed is the end of all: the rest would be for nobody
    }
    return results;
  },
});

async function loadFunction(): Promise<RewardFunction> {
  const module = await import(pathToFileURL(path).href).catch((cause: unknown) => {
    throw new RewardFunctionError(`${path} can't be loaded as a reward function: ${reasonOf(cause)}`, { cause });
  });
  const found: unknown = module[name];
  if (typeof found === 'function') return found as RewardFunction;
  const exported = Object.keys(module).join(', ') || 'nothing';
  throw new RewardFunctionError(
    `${path} exports no function "${name}": found ${exported}. Export it, or name another in reward.function.name.`,
  );
}

async function scoreSequence(
  { tokenIds, promptLength }: Sequence,
  { prompt, answer, isFinished }: ScoredText,
): Promise<number> {
  if (tokenizer === null || scoreOne === null) throw new Error('internal: score before open');
  const response = tokenizer.decode([...tokenIds.subarray(promptLength)], { skipSpecialTokens: true });
  const input: RewardInput = { prompt, response, answer: answer ?? null, isFinished };
  try {
    const limit = `no score within ${timeoutSeconds} s`;
    const score: unknown = await withinTime(Promise.resolve(scoreOne(input)), timeoutSeconds * 1000, limit);
    // Scores travel as 32 bits.
    if (typeof score === 'number' && Number.isFinite(Math.fround(score))) return score;
    throw new TypeError(`it returned ${typeof score === 'number' ? score : typeof score}, not a finite 32-bit number`);
  } catch (cause) {
    const what = `${where} failed on the response ${quote(response)} to ${quote(prompt)}`;
    throw new Error(`${what}: ${reasonOf(cause)}`, { cause });
  }
}

function quote(text: string): string {
  return JSON.stringify(shorten(text, MAX_QUOTED_CHARACTERS));
}

/** With the place in the module, which a stack begins with. */
function reasonOf(cause: unknown): string {
  const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return shorten(reason, MAX_REASON_CHARACTERS);
}

function shorten(text: string, maxCharacters: number): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}...` : text;
}
