/**
 * The command line of `kubectl ppo`: which command, about which job, with which flags, or every problem with it at once.
 * Pure; asks no cluster.
 */
import { parseArgs } from 'node:util';
import { GROUP, PLURAL } from '../api/names.ts';
import { nearest } from '../api/suggest.ts';
import {
  COMMAND_NAMES,
  COMMON_FLAGS,
  type CommandName,
  FLAGS,
  FLAGS_OF,
  type FlagName,
  type Flags,
  type RawFlags,
  readFlags,
} from './flags.ts';

export interface Invocation {
  readonly command: CommandName;
  /** Null: none was given, and the command needs none. */
  readonly name: string | null;
  readonly flags: Flags;
}

export type ParsedArguments =
  | { readonly kind: 'run'; readonly run: Invocation }
  /** Null: of the plugin as a whole. */
  | { readonly kind: 'help'; readonly command: CommandName | null }
  | { readonly kind: 'wrong'; readonly command: CommandName | null; readonly problems: readonly string[] };

/** Whether a command is about one job: always, sometimes or never. */
const NEEDS_NAME: Readonly<Record<CommandName, 'yes' | 'maybe' | 'no'>> = {
  ...{
    status: 'maybe',
    logs: 'yes',
    top: 'yes',
    'explain-failure': 'yes',
    suspend: 'yes',
    resume: 'yes',
    scale: 'yes',
  },
  version: 'no',
};
/** ppojob/NAME and the like, as kubectl prints names. */
const TYPES: readonly string[] = ['ppo', 'ppojob', PLURAL, `ppojob.${GROUP}`, `${PLURAL}.${GROUP}`];

/** `args` without the interpreter, the script, and kubectl's own words. */
export function parseArguments(args: readonly string[]): ParsedArguments {
  const { values, positionals, tokens } = parse(args);
  const [word, ...names] = positionals;
  const command = COMMAND_NAMES.find((name) => name === word) ?? null;
  if (values['help'] === true || word === undefined || word === 'help') return helpOn(command, names);
  if (command === null) return { kind: 'wrong', command, problems: [unknownCommand(word)] };
  const problems: string[] = [];
  for (const token of tokens) if (token.kind === 'option') problems.push(...checkOption(token, command));
  const flags = readFlags(values as RawFlags, problems);
  // What stands behind a flag that isn't known may be its value, and the flag may be meant for one that is missing.
  const isForeign = (name: string): boolean => !Object.hasOwn(FLAGS, name);
  if (!tokens.some((token) => token.kind === 'option' && isForeign(token.name))) {
    problems.push(...checkNames(command, names), ...checkGiven(command, values as RawFlags));
  }
  problems.push(...checkTogether(names, flags));
  if (problems.length > 0) return { kind: 'wrong', command, problems };
  return { kind: 'run', run: { command, name: names[0] === undefined ? null : bareName(names[0]), flags } };
}

/** The flags of words that need be no whole command yet; what is wrong with them is left out. */
export function flagsOf(args: readonly string[]): Flags {
  return readFlags(parse(args).values as RawFlags, []);
}

function parse(args: readonly string[]) {
  // kubectl's `-n=ml`: the parser would take the `=` for a part of the value.
  const plain = args.map((arg) => (arg[2] === '=' ? `${longFlag(arg.slice(0, 2))}${arg.slice(2)}` : arg));
  return parseArgs({ args: plain, options: FLAGS, strict: false, allowPositionals: true, tokens: true });
}

function longFlag(short: string): string {
  const found = Object.entries(FLAGS).find(([, flag]) => 'short' in flag && `-${flag.short}` === short);
  return found === undefined ? short : `--${found[0]}`;
}

function bareName(text: string): string {
  const [type = '', ...names] = text.split('/');
  return names.length === 1 && TYPES.includes(type) ? (names[0] ?? '') : text;
}

function helpOn(command: CommandName | null, names: readonly string[]): ParsedArguments {
  return { kind: 'help', command: command ?? COMMAND_NAMES.find((name) => name === names[0]) ?? null };
}

function unknownCommand(word: string): string {
  const near = nearest(word, COMMAND_NAMES);
  const hint = near === undefined ? `commands: ${COMMAND_NAMES.join(', ')}` : `did you mean ${near}?`;
  return `${JSON.stringify(word)} is no command of kubectl ppo; ${hint}`;
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  /** Whether the value stands behind a `=`. */
  readonly inlineValue?: boolean | undefined;
}

function checkOption({ name, rawName, value, inlineValue }: OptionToken, command: CommandName): string[] {
  const allowed = [...COMMON_FLAGS, ...FLAGS_OF[command]];
  if (!allowed.includes(name as FlagName)) {
    const near = command === 'scale' && name === 'replicas' ? 'generation' : nearest(name, allowed);
    const hint = near === undefined ? `kubectl ppo ${command} --help lists its flags` : `did you mean --${near}?`;
    return [`${rawName} is no flag of ${command}; ${hint}`];
  }
  const wantsValue = FLAGS[name as FlagName].type === 'string';
  if (wantsValue && (value === undefined || value === '')) return [`${rawName} needs a value`];
  // The parser would take `--role --follow` for a role of that name.
  if (wantsValue && inlineValue === false && value?.startsWith('-'))
    return [`${rawName} needs a value, found ${value}`];
  if (!wantsValue && value !== undefined) return [`${rawName} takes no value, found ${JSON.stringify(value)}`];
  return [];
}

function checkNames(command: CommandName, names: readonly string[]): string[] {
  const need = NEEDS_NAME[command];
  if (need === 'yes' && names.length === 0) return [`${command} needs the name of a PPOJob`];
  const most = need === 'no' ? 0 : 1;
  if (names.length > most) return [`${command} takes ${most === 0 ? 'no name' : 'one name'}, not: ${names.join(' ')}`];
  return names.filter((name) => bareName(name).includes('/')).map((name) => `${name}: must be the name of a PPOJob`);
}

function checkGiven(command: CommandName, { generation }: RawFlags): string[] {
  if (command !== 'scale' || generation !== undefined) return [];
  return ['scale needs --generation N: generation pods are all that scales while a job runs'];
}

function checkTogether(names: readonly string[], flags: Flags): string[] {
  const isNamed = names.length > 0;
  const rules: [isBroken: boolean, problem: string][] = [
    [flags.asGroups.length > 0 && flags.as === null, '--as-group says of which groups a user is: give --as, too'],
    [flags.isWatched && flags.isOnce, '--watch and --once exclude each other'],
    [flags.isWatched && !isNamed, '--watch needs the name of a PPOJob; to watch all of them: kubectl get ppojobs -w'],
    [flags.isAllNamespaces && isNamed, '--all-namespaces lists jobs; it takes no name'],
    [flags.isAllNamespaces && flags.namespace !== null, '--all-namespaces and --namespace exclude each other'],
    [flags.sinceSeconds !== null && flags.sinceTime !== null, '--since and --since-time exclude each other'],
    [flags.isFollowed && flags.isPrevious, '--follow and --previous exclude each other'],
    [flags.index !== null && flags.role === null, '--index counts the pods of a role: give --role, too'],
  ];
  return rules.filter(([isBroken]) => isBroken).map(([, problem]) => problem);
}
