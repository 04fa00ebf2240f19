/**
 * Tab completion: the words that may stand where the cursor is. kubectl runs kubectl_complete-ppo with the words so far,
 * the last one unfinished, and reads one proposal a line and a directive. Asks for names only where a name is due.
 */
import { ROLE_NAMES } from '../api/names.ts';
import { COMMAND_NAMES, COMMON_FLAGS, type CommandName, FLAGS, FLAGS_OF, type FlagName, OUTPUTS } from './flags.ts';

/** Cobra's: propose no file names instead. */
const NO_FILES = ':4';

const VALUES: Readonly<Partial<Record<FlagName, readonly string[]>>> = {
  role: ROLE_NAMES,
  output: OUTPUTS,
  container: ['worker', 'communicator'],
};

/** Words as given to `kubectl ppo`, the last one unfinished; `listNames` are the jobs of a namespace. */
export async function complete(
  words: readonly string[],
  listNames: (namespace: string | null) => Promise<readonly string[]>,
): Promise<string> {
  const last = words.at(-1) ?? '';
  const proposals = await propose(words.slice(0, -1), last, listNames);
  return [...proposals.filter((word) => word.startsWith(last)), NO_FILES, ''].join('\n');
}

async function propose(
  before: readonly string[],
  last: string,
  listNames: (namespace: string | null) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const awaiting = flagAwaitingValue(before.at(-1) ?? '');
  if (awaiting !== null) return VALUES[awaiting] ?? [];
  const given = positionals(before);
  const command = COMMAND_NAMES.find((name) => name === given[0]) ?? null;
  if (last.startsWith('-')) return flagsFor(command);
  if (given.length === 0) return COMMAND_NAMES;
  const wantsName = command !== null && command !== 'version' && given.length === 1;
  return wantsName ? listNames(valueAfter('namespace', before)) : [];
}

function flagsFor(command: CommandName | null): string[] {
  return [...(command === null ? [] : FLAGS_OF[command]), ...COMMON_FLAGS].map((name) => `--${name}`);
}

/** The flag that a word is, when its value is the next word. */
function flagAwaitingValue(word: string): FlagName | null {
  const names = Object.keys(FLAGS) as FlagName[];
  const isMeant = (name: FlagName): boolean => {
    const flag = FLAGS[name];
    return word === `--${name}` || ('short' in flag && word === `-${flag.short}`);
  };
  const found = names.find(isMeant);
  return found !== undefined && FLAGS[found].type === 'string' ? found : null;
}

function positionals(words: readonly string[]): string[] {
  return words.filter((word, i) => !word.startsWith('-') && flagAwaitingValue(words[i - 1] ?? '') === null);
}

function valueAfter(flag: FlagName, words: readonly string[]): string | null {
  const at = words.findIndex((word) => flagAwaitingValue(word) === flag);
  if (at >= 0) return words[at + 1] ?? null;
  return words.find((word) => word.startsWith(`--${flag}=`))?.slice(flag.length + 3) ?? null;
}
