/**
 * Text to token ids and back, as the model folder's tokenizer.json says. Knows nothing of prompts or chat templates.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { isJsonObject, type JsonObject } from './config-reader.ts';
import { ModelError } from './model-error.ts';
import { readJsonFile } from './weight-files.ts';

export interface Tokenizer {
  /** With the special tokens that tokenizer.json adds. Throws RangeError where a character has no token. */
  encode(text: string): number[];
  decode(ids: readonly number[], options: { readonly skipSpecialTokens: boolean }): string;
}

/** What we use of the library, said here because its own declarations don't resolve under Node's module rules. */
interface LibraryTokenizer {
  encode(text: string): { readonly ids: (number | undefined)[]; readonly tokens: string[] };
  decode(ids: readonly number[], options: { skip_special_tokens: boolean }): string;
  id_to_token(id: number): string | undefined;
}

/** Needs tokenizer.json; tokenizer_config.json may be absent. Throws ModelError ('tokenizer'). */
export function loadTokenizer(folder: string): Tokenizer {
  const path = join(folder, 'tokenizer.json');
  const json = readJsonFile(path, 'tokenizer');
  const configPath = join(folder, 'tokenizer_config.json');
  const config = existsSync(configPath) ? readJsonFile(configPath, 'tokenizer') : {};
  try {
    if (!isJsonObject(json) || !isJsonObject(config)) throw new TypeError('not a JSON object');
    return wrap(new HuggingFaceTokenizer(json, { clean_up_tokenization_spaces: false, ...flattenTokens(config) }));
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    const allowed = 'a tokenizer that @huggingface/tokenizers reads';
    const remedy = 'Save it with save_pretrained of a fast tokenizer.';
    throw new ModelError('tokenizer', path, [{ path: '.', found, allowed, remedy }], { cause });
  }
}

/** transformers writes a special token as a string or as an object with "content"; the library wants strings. */
function flattenTokens(config: JsonObject): JsonObject {
  const flatten = (value: unknown) =>
    isJsonObject(value) && typeof value.content === 'string' ? value.content : value;
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, flatten(value)]));
}

function wrap(tokenizer: LibraryTokenizer): Tokenizer {
  return {
    encode(text) {
      const { ids, tokens } = tokenizer.encode(text);
      return ids.map((id, i) => {
        if (id !== undefined) return id;
        throw new RangeError(`${JSON.stringify(tokens[i])} has no token, and the tokenizer has none for the unknown`);
      });
    },
    decode(ids, { skipSpecialTokens }) {
      // The library refuses an empty list, and joins ids without a token as "undefined".
      const known = ids.filter((id) => tokenizer.id_to_token(id) !== undefined);
      return known.length === 0 ? '' : tokenizer.decode(known, { skip_special_tokens: skipSpecialTokens });
    },
  };
}
