/**
 * Reads typed fields from an untrusted config.json and collects every problem instead of stopping at the first.
 * Knows nothing of which fields a model has.
 */
import { describe, type ModelProblem } from './model-error.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** No field of a config may be larger: an honest model's are far below. */
const MAX_COUNT = 2 ** 31 - 1;

export class ConfigReader {
  readonly problems: ModelProblem[] = [];
  readonly #json: JsonObject;

  constructor(json: JsonObject) {
    this.#json = json;
  }

  raw(key: string): unknown {
    return this.#json[key];
  }

  refuse(path: string, found: unknown, allowed: string, remedy: string): void {
    this.problems.push({ path, found: describe(found), allowed, remedy });
  }

  /** A positive integer, or 0 once refused; `fallback` where absent or null (no fallback: it must be there). */
  count(key: string, fallback?: number): number {
    const value = this.#json[key] ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_COUNT) return value;
    this.refuse(key, this.#json[key], `an integer from 1 to ${MAX_COUNT}`, 'Set it to the size the weights have.');
    return 0;
  }

  /** A finite number above `above`. */
  number(key: string, fallback: number, above: number): number {
    const value = this.#json[key] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > above) return value;
    this.refuse(key, value, `a number above ${above}`, `Set it as in training, or remove it (${fallback}).`);
    return fallback;
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.#json[key] ?? fallback;
    if (typeof value === 'boolean') return value;
    this.refuse(key, value, 'true or false', `Correct it, or remove it (${fallback}).`);
    return fallback;
  }

  /** Token ids: one, a list, or none (null). `fallback` only where the field is absent; vocabSize 0 is not known. */
  tokenIds(key: string, fallback: readonly number[], vocabSize: number): number[] {
    const value = this.#json[key];
    if (value === undefined) return [...fallback];
    if (value === null) return [];
    const ids: unknown[] = Array.isArray(value) ? value : [value];
    const limit = vocabSize || MAX_COUNT;
    const isId = (id: unknown): id is number => Number.isInteger(id) && Number(id) >= 0 && Number(id) < limit;
    if (ids.every(isId)) return ids;
    this.refuse(key, value, `token ids from 0 to ${limit - 1}, or null`, 'Use the ids of the tokenizer.');
    return [];
  }
}
