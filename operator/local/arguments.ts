/**
 * The command line's arguments: what may be given, what they mean, and the text of --help. Pure; opens no file and checks
 * no manifest.
 */
import { parseArgs } from 'node:util';
import { nearest } from '../api/suggest.ts';

export const DEFAULT_MANIFEST = 'examples/arithmetic/ppojob.yaml';

export interface Override {
  /** As problems name it: `spec.training.minibatchSize`. */
  readonly path: string;
  /** YAML, as it would stand in the manifest. */
  readonly value: string;
}

export interface RunArguments {
  readonly manifestPath: string;
  /** The example of the package, wherever the command is called. */
  readonly isDefaultManifest: boolean;
  readonly isResume: boolean;
  /** Null: from the manifest. */
  readonly outputPath: string | null;
  readonly overrides: readonly Override[];
  readonly isDryRun: boolean;
  /** One line an iteration instead of the live view. */
  readonly isPlain: boolean;
  /** Only the summary. */
  readonly isQuiet: boolean;
  /** Where the page is served on loopback; null: nowhere. Port 0: one that is free. */
  readonly page: { readonly port: number; readonly staysAfterEnd: boolean } | null;
}

export type ParsedArguments =
  | { readonly kind: 'run'; readonly run: RunArguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

export const HELP = `Runs a PPOJob on this machine: every pod of the job as local processes.

  npm start -- [MANIFEST] [options]

  MANIFEST            the PPOJob to run; default ${DEFAULT_MANIFEST}

  --resume            continue from the last checkpoint in the output folder
  --output DIR        output folder; default: spec.output.path of the manifest, or ./outputs/<job name>
  --seed N            the same as --set spec.seed=N
  --set PATH=VALUE    set a field of the manifest, such as spec.algorithm.numIterations=5; may be repeated
  --dry-run           check the manifest and print what would run
  --plain             print one line per iteration, as without a terminal
  --quiet             print only the summary
  --page              also show the job in a browser: curves, pods, events; prints the address, which only this machine reaches
  --page-port N       use this port for the page; default: a free one
  --keep-page         keep the page after the job has ended, until Ctrl-C
  --help, --version

Relative paths in a manifest, and in --set, are relative to the manifest's folder; MANIFEST and DIR to the current folder.

Results: actor/ (the trained model as a Hugging Face folder), metrics.jsonl, summary.json, curves.svg, ppojob.yaml (the
manifest as it was run), logs/. Results are never overwritten: an output folder that holds an earlier run is first renamed,
with a number at the end, unless --resume continues that run.

Ctrl-C stops every process and says how to continue; a second Ctrl-C doesn't wait for them.

Exit code: 0 the job succeeded, 1 it failed, 2 the command line or the manifest is wrong (all problems are listed and
nothing is started), 130 interrupted.
`;

const OPTIONS = {
  resume: { type: 'boolean' },
  output: { type: 'string' },
  seed: { type: 'string' },
  set: { type: 'string', multiple: true },
  'dry-run': { type: 'boolean' },
  plain: { type: 'boolean' },
  quiet: { type: 'boolean' },
  page: { type: 'boolean' },
  'page-port': { type: 'string' },
  'keep-page': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;
const MAX_PORT = 65_535;
type OptionName = keyof typeof OPTIONS;

/** `args` without the interpreter and the script. */
export function parseArguments(args: readonly string[]): ParsedArguments {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  if (values.help === true) return { kind: 'help' };
  if (values.version === true) return { kind: 'version' };
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option') problems.push(...checkOption(token));
  }
  if (positionals.length > 1)
    problems.push(`one manifest at a time, not ${positionals.length}: ${positionals.join(' ')}`);
  const overrides = stringsOf(values.set).flatMap((text) => parseOverride(text, problems));
  const seed = stringsOf(values.seed).at(-1);
  if (seed !== undefined) overrides.push({ path: 'spec.seed', value: seed });
  const pagePort = parsePort(stringsOf(values['page-port']).at(-1), problems);
  if (problems.length > 0) return { kind: 'wrong', problems };
  const hasPage = values.page === true || values['keep-page'] === true || pagePort !== null;
  return {
    kind: 'run',
    run: {
      manifestPath: positionals[0] ?? DEFAULT_MANIFEST,
      isDefaultManifest: positionals.length === 0,
      isResume: values.resume === true,
      outputPath: stringsOf(values.output).at(-1) ?? null,
      overrides,
      isDryRun: values['dry-run'] === true,
      isPlain: values.plain === true,
      isQuiet: values.quiet === true,
      page: hasPage ? { port: pagePort ?? 0, staysAfterEnd: values['keep-page'] === true } : null,
    },
  };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  /** Whether the value stands behind a `=`. */
  readonly inlineValue?: boolean | undefined;
}

function checkOption({ name, rawName, value, inlineValue }: OptionToken): string[] {
  if (!Object.hasOwn(OPTIONS, name)) {
    const near = nearest(name, Object.keys(OPTIONS));
    return [`${rawName} is no option; ${near === undefined ? '--help lists them' : `did you mean --${near}?`}`];
  }
  const wantsValue = OPTIONS[name as OptionName].type === 'string';
  if (wantsValue && (value === undefined || value === '')) return [`${rawName} needs a value`];
  // The parser would take `--output --plain` for a folder of that name.
  if (wantsValue && inlineValue === false && value?.startsWith('--'))
    return [`${rawName} needs a value, found ${value}`];
  if (!wantsValue && value !== undefined) return [`${rawName} takes no value, found ${JSON.stringify(value)}`];
  return [];
}

/** Null where none is given. */
function parsePort(text: string | undefined, problems: string[]): number | null {
  if (text === undefined || text === '') return null;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= MAX_PORT) return port;
  problems.push(`--page-port must be a port from 0 (one that is free) to ${MAX_PORT}, found ${JSON.stringify(text)}`);
  return null;
}

function parseOverride(text: string, problems: string[]): Override[] {
  const at = text.indexOf('=');
  if (at > 0) return [{ path: text.slice(0, at), value: text.slice(at + 1) }];
  problems.push(`--set needs PATH=VALUE, such as spec.seed=7, found ${JSON.stringify(text)}`);
  return [];
}

function stringsOf(value: unknown): string[] {
  const values = Array.isArray(value) ? value : [value];
  return values.filter((item) => typeof item === 'string');
}
