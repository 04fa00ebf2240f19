/**
 * Makes the tokenizer files of a fixed character vocabulary, for models of the project's own making. Both
 * @huggingface/tokenizers and transformers' PreTrainedTokenizerFast read them.
 * Knows nothing of which characters a task needs.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CharacterVocabulary {
  /** Token of id i at place i: single characters, and the special tokens below. */
  readonly tokens: readonly string[];
  readonly padToken: string;
  /** Put before every text. */
  readonly bosToken: string;
  readonly eosToken: string;
  /** What a character outside the vocabulary becomes. */
  readonly unknownToken: string;
}

/** tokenizer.json as a JSON value. Throws where a special token isn't among the tokens. */
export function buildTokenizerJson(vocabulary: CharacterVocabulary): Record<string, unknown> {
  const { tokens, bosToken } = vocabulary;
  const bos = { SpecialToken: { id: bosToken, type_id: 0 } };
  const text = (id: 'A' | 'B', typeId: number) => ({ Sequence: { id, type_id: typeId } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens(vocabulary).map((content) => ({
      id: idOf(vocabulary, content),
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'Split', pattern: { Regex: '[\\s\\S]' }, behavior: 'Isolated', invert: false },
    post_processor: {
      type: 'TemplateProcessing',
      single: [bos, text('A', 0)],
      pair: [bos, text('A', 0), text('B', 1)],
      special_tokens: { [bosToken]: { id: bosToken, ids: [idOf(vocabulary, bosToken)], tokens: [bosToken] } },
    },
    decoder: { type: 'Fuse' },
    model: {
      type: 'WordLevel',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      unk_token: vocabulary.unknownToken,
    },
  };
}

/** tokenizer_config.json as a JSON value. */
export function buildTokenizerConfig(vocabulary: CharacterVocabulary, maxTokens: number): Record<string, unknown> {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: vocabulary.bosToken,
    eos_token: vocabulary.eosToken,
    pad_token: vocabulary.padToken,
    unk_token: vocabulary.unknownToken,
    clean_up_tokenization_spaces: false,
    model_max_length: maxTokens,
    padding_side: 'right',
  };
}

/** Writes tokenizer.json and tokenizer_config.json into an existing folder. */
export function writeTokenizer(folder: string, vocabulary: CharacterVocabulary, maxTokens: number): void {
  const write = (name: string, json: unknown) =>
    writeFileSync(join(folder, name), `${JSON.stringify(json, null, 2)}\n`);
  write('tokenizer.json', buildTokenizerJson(vocabulary));
  write('tokenizer_config.json', buildTokenizerConfig(vocabulary, maxTokens));
}

function specialTokens(vocabulary: CharacterVocabulary): string[] {
  const { padToken, bosToken, eosToken, unknownToken } = vocabulary;
  return [...new Set([padToken, bosToken, eosToken, unknownToken])];
}

function idOf(vocabulary: CharacterVocabulary, token: string): number {
  const id = vocabulary.tokens.indexOf(token);
  if (id < 0) throw new RangeError(`special token ${token} is not in the vocabulary`);
  return id;
}
