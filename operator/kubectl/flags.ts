/**
 * Every flag of `kubectl ppo`, which command takes which, and what their values mean. Pure; it refuses to know what a
 * command does with them.
 */
import { ROLE_NAMES, type RoleName } from '../api/names.ts';

export const COMMAND_NAMES = [
  ...(['status', 'logs', 'top', 'explain-failure', 'suspend', 'resume', 'scale'] as const),
  'version',
] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

/** For parseArgs; a flag means the same with every command that takes it. */
export const FLAGS = {
  namespace: { type: 'string', short: 'n' },
  context: { type: 'string' },
  kubeconfig: { type: 'string' },
  cluster: { type: 'string' },
  user: { type: 'string' },
  server: { type: 'string', short: 's' },
  as: { type: 'string' },
  'as-group': { type: 'string', multiple: true },
  'request-timeout': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  'all-namespaces': { type: 'boolean', short: 'A' },
  watch: { type: 'boolean', short: 'w' },
  once: { type: 'boolean' },
  role: { type: 'string' },
  index: { type: 'string' },
  container: { type: 'string', short: 'c' },
  follow: { type: 'boolean', short: 'f' },
  previous: { type: 'boolean', short: 'p' },
  since: { type: 'string' },
  'since-time': { type: 'string' },
  tail: { type: 'string' },
  output: { type: 'string', short: 'o' },
  generation: { type: 'string' },
} as const;
export type FlagName = keyof typeof FLAGS;

export const COMMON_FLAGS: readonly FlagName[] = [
  ...(['namespace', 'context', 'kubeconfig', 'cluster', 'user', 'server'] as const),
  ...(['as', 'as-group', 'request-timeout', 'help'] as const),
];

export const FLAGS_OF: Readonly<Record<CommandName, readonly FlagName[]>> = {
  status: ['all-namespaces', 'watch', 'once'],
  logs: ['role', 'index', 'container', 'follow', 'previous', 'since', 'since-time', 'tail', 'output'],
  top: [],
  'explain-failure': [],
  suspend: [],
  resume: [],
  scale: ['generation'],
  version: [],
};

export const OUTPUTS = ['text', 'json'] as const;
export type OutputForm = (typeof OUTPUTS)[number];

/** Values as commands use them. */
export interface Flags {
  readonly namespace: string | null;
  readonly context: string | null;
  readonly kubeconfig: string | null;
  readonly cluster: string | null;
  readonly user: string | null;
  readonly server: string | null;
  /** On whose behalf. */
  readonly as: string | null;
  readonly asGroups: readonly string[];
  readonly requestTimeoutSeconds: number | null;
  readonly isAllNamespaces: boolean;
  readonly isWatched: boolean;
  readonly isOnce: boolean;
  readonly role: RoleName | null;
  readonly index: number | null;
  readonly container: string | null;
  readonly isFollowed: boolean;
  readonly isPrevious: boolean;
  readonly sinceSeconds: number | null;
  readonly sinceTime: string | null;
  readonly tail: number | null;
  readonly output: OutputForm;
  readonly generation: number | null;
}

export type RawFlags = Readonly<Partial<Record<FlagName, string | boolean | readonly string[]>>>;

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
/** A day: timers know no more than a few weeks. */
const MAX_TIMEOUT_SECONDS = 86_400;
/** As the schema of `roles.generation.replicas`. */
const MAX_GENERATION = 1024;

/** The flags' meaning; adds a sentence to `problems` for each value that has none. */
export function readFlags(raw: RawFlags, problems: string[]): Flags {
  const text = (name: FlagName): string | null => (typeof raw[name] === 'string' ? raw[name] : null);
  const is = (name: FlagName): boolean => raw[name] === true;
  const read = <T>(name: FlagName, parse: (value: string) => T | null, rule: string): T | null => {
    const value = text(name);
    if (value === null) return null;
    const parsed = parse(value);
    if (parsed === null) problems.push(`--${name} ${value}: must be ${rule}`);
    return parsed;
  };
  return {
    namespace: text('namespace'),
    context: text('context'),
    kubeconfig: text('kubeconfig'),
    cluster: text('cluster'),
    user: text('user'),
    server: read('server', parseUrl, 'a URL such as https://127.0.0.1:6443'),
    as: text('as'),
    asGroups: [raw['as-group'] ?? []].flat().filter((group) => typeof group === 'string'),
    requestTimeoutSeconds: read('request-timeout', parseTimeout, 'a time such as 5, 30s or 2m'),
    isAllNamespaces: is('all-namespaces'),
    isWatched: is('watch'),
    isOnce: is('once'),
    role: read('role', (value) => ROLE_NAMES.find((role) => role === value) ?? null, `one of ${ROLE_NAMES.join(', ')}`),
    index: read('index', (value) => parseWhole(value, 0), 'a whole number from 0'),
    container: text('container'),
    isFollowed: is('follow'),
    isPrevious: is('previous'),
    sinceSeconds: read('since', parseSeconds, 'a time such as 30s, 5m, 1h30m or 2d'),
    sinceTime: read('since-time', parseTime, 'a date and time such as 2026-01-31T12:00:00Z'),
    tail: read('tail', (value) => parseWhole(value, 0), 'a whole number of lines from 0'),
    output: read('output', (value) => OUTPUTS.find((form) => form === value) ?? null, OUTPUTS.join(' or ')) ?? 'text',
    generation: read('generation', parseGeneration, `a number of pods from 1 to ${MAX_GENERATION}`),
  };
}

function parseWhole(text: string, least: number): number | null {
  return /^\d{1,9}$/.test(text) && Number(text) >= least ? Number(text) : null;
}

function parseGeneration(text: string): number | null {
  const count = parseWhole(text, 1);
  return count !== null && count <= MAX_GENERATION ? count : null;
}

/** As kubectl's: seconds, or a time with its unit. */
function parseTimeout(text: string): number | null {
  const seconds = parseWhole(text, 1) ?? parseSeconds(text);
  return seconds !== null && seconds <= MAX_TIMEOUT_SECONDS ? seconds : null;
}

function parseUrl(text: string): string | null {
  return /^https?:\/\/[^/?#]+/.test(text) && URL.canParse(text) ? text : null;
}

/** "1h30m" in seconds, at least one. */
function parseSeconds(text: string): number | null {
  if (!/^(\d{1,6}[smhd])+$/.test(text)) return null;
  const parts = [...text.matchAll(/(\d+)([smhd])/g)];
  const seconds = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * SECONDS[unit as keyof typeof SECONDS],
    0,
  );
  return seconds > 0 ? seconds : null;
}

function parseTime(text: string): string | null {
  const isWhole = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text);
  return isWhole && Number.isFinite(Date.parse(text)) ? new Date(text).toISOString() : null;
}
