/**
 * Looks for the models, data and modules that a manifest names on this machine, and says what stands where one of them
 * isn't. Reads what the user wrote, whatever else is wrong with it. Opens no file.
 */
import { type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { describeValue, type Problem } from '../api/problems.ts';
import { valueAt } from '../api/schema-tree.ts';

interface Kind {
  readonly rule: string;
  /** What to do with a name that a hub may know. */
  readonly insteadOfHub: (name: string) => string;
  readonly isFolder: boolean;
}

const MODEL: Kind = {
  rule: 'must be a Hugging Face folder with a config.json',
  insteadOfHub: (name) => `download it first: hf download ${name} --local-dir ${name.split('/').at(-1)}`,
  isFolder: true,
};
const DATA: Kind = {
  rule: 'must be a file of JSON lines',
  insteadOfHub: () => 'write its prompts to a file first, as examples/gsm8k/prepare.ts does',
  isFolder: false,
};
const MODULE: Kind = { ...DATA, rule: 'must be a JavaScript or TypeScript module' };

const INPUTS: readonly [field: string, kind: Kind][] = [
  ['spec.models.actor.path', MODEL],
  ['spec.models.critic.path', MODEL],
  ['spec.models.reference.path', MODEL],
  ['spec.reward.model.path', MODEL],
  ['spec.dataset.train.path', DATA],
  ['spec.dataset.evaluation.path', DATA],
  ['spec.reward.function.path', MODULE],
];
/** "Qwen/Qwen2.5-0.5B": an owner and a name; it may be a folder, too. */
const HUB_NAME = /^\w[\w-]*\/\w[\w.-]*$/;
const FILE_NAME = /\.(jsonl?|[mc]?[jt]s)$/;

/** A problem for every input that isn't there. Relative paths count from `folder`. */
export function findMissingInputs(manifest: unknown, folder: string): Problem[] {
  return INPUTS.flatMap(([field, kind]) => {
    const given = valueAt(manifest, field.split('.'));
    if (typeof given !== 'string' || given === '') return []; // for the schema to say
    const path = resolve(folder, given);
    const remedy = remedyFor(given, path, kind);
    return remedy === null ? [] : [{ path: field, found: describeValue(path), rule: kind.rule, remedy }];
  });
}

/** Null where all is well. */
function remedyFor(given: string, path: string, kind: Kind): string | null {
  const stats = statOf(path);
  if (stats === null) {
    const isHubName = HUB_NAME.test(given) && !FILE_NAME.test(given);
    const hub = isHubName
      ? `; nothing is fetched from a hub, so if it has that name there, ${kind.insteadOfHub(given)}`
      : '';
    return `there is nothing: check the path; relative ones count from the manifest's folder${hub}`;
  }
  if (!kind.isFolder) return stats.isFile() ? null : 'it is a folder: name the file in it';
  if (!stats.isDirectory()) return 'it is a file: name the folder that it is in';
  if (statOf(resolve(path, 'config.json')) !== null) return null;
  return 'it has no config.json: name the folder that config.json, tokenizer.json and the weights are in';
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null; // also where a part of the way is a file, or may not be read
  }
}
