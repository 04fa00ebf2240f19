/**
 * From a manifest file to the job that this machine runs: read, overridden from the command line, checked, its paths made
 * absolute, its input files looked for. Every problem is reported, none is thrown. Starts nothing.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { readManifestText } from '../api/manifest-text.ts';
import { SECRET_VARIABLES } from '../api/names.ts';
import { type ParsedPPOJob, parsePPOJob } from '../api/parse.ts';
import { inputPaths, resolvePaths } from '../api/paths.ts';
import type { PPOJob } from '../api/ppojob.ts';
import { describeValue, type Problem } from '../api/problems.ts';
import type { Override } from './arguments.ts';
import { findMissingInputs } from './input-files.ts';

export interface ManifestSource {
  /** Absolute. */
  readonly manifestPath: string;
  /** Absolute; null leaves it to the manifest. */
  readonly outputPath: string | null;
  /** Folder that holds the output folders of manifests that name none. */
  readonly defaultOutputRoot: string;
  readonly overrides: readonly Override[];
  /** Where this machine has what the manifest leaves to Secrets. Default: nothing. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export function loadManifest(source: ManifestSource): ParsedPPOJob {
  const read = readManifestFile(source.manifestPath);
  if (!read.ok) return read;
  if (!isMapping(read.value)) return parsePPOJob(read.value);
  const manifest = withOutputPath(source.overrides.reduce(applyOverride, read.value), source);
  const folder = dirname(source.manifestPath);
  const parsed = parsePPOJob(manifest);
  const missing = findMissingInputs(manifest, folder);
  if (!parsed.ok) return { ok: false, problems: [...parsed.problems, ...missing] };
  // Paths that differ as text may be the same file once they are absolute, which the reconciler would refuse later.
  const resolved = parsePPOJob(resolvePaths(parsed.job, folder));
  if (!resolved.ok) return { ok: false, problems: [...resolved.problems, ...missing] };
  const { job } = resolved;
  const secrets = findMissingSecrets(job, source.environment ?? {});
  const problems = [...missing, ...secrets, ...findHeldInputs(job), ...findSuspension(job)];
  return problems.length > 0 ? { ok: false, problems } : resolved;
}

type Mapping = Readonly<Record<string, unknown>>;

function readManifestFile(path: string): ReturnType<typeof readManifestText> {
  try {
    return readManifestText(readFileSync(path, 'utf8'));
  } catch (error) {
    const remedy = `${whyUnreadable(error)}; without a path the example is run`;
    const rule = 'must be a file that can be read';
    return { ok: false, problems: [{ path: 'manifest', found: describeValue(path), rule, remedy }] };
  }
}

function whyUnreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'there is nothing: check the path',
    EISDIR: 'it is a folder: name the manifest in it',
    EACCES: 'you may not read it: check its permissions',
  };
  return words[code ?? ''] ?? message;
}

/**
 * The manifest with one field set. A value is taken as YAML; where the schema refuses that and takes the text itself (a
 * decimal, which stands in quotes in a manifest), as text.
 */
export function applyOverride(manifest: Mapping, override: Override): Mapping {
  const keys = override.path.split('.');
  const asYaml = setAt(manifest, keys, parseValue(override.value));
  const asText = setAt(manifest, keys, override.value);
  return isRefused(asYaml, override.path) && !isRefused(asText, override.path) ? asText : asYaml;
}

function parseValue(text: string): unknown {
  try {
    return parseYaml(text);
  } catch {
    return text; // not YAML: the schema says what it thinks of the text
  }
}

function isRefused(manifest: Mapping, path: string): boolean {
  const parsed = parsePPOJob(manifest);
  return !parsed.ok && parsed.problems.some((problem) => problem.path === path);
}

function setAt(value: unknown, keys: readonly string[], leaf: unknown): Mapping {
  const [key = '', ...rest] = keys;
  const mapping = isMapping(value) ? value : {};
  return { ...mapping, [key]: rest.length === 0 ? leaf : setAt(mapping[key], rest, leaf) };
}

/** Before the defaults, since other paths follow from this one. */
function withOutputPath(manifest: Mapping, source: ManifestSource): Mapping {
  const keys = ['spec', 'output', 'path'];
  if (source.outputPath !== null) return setAt(manifest, keys, source.outputPath);
  const isNamed =
    keys.reduce<unknown>((value, key) => (isMapping(value) ? value[key] : undefined), manifest) !== undefined;
  const { metadata } = manifest;
  const name = isMapping(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : 'job';
  const isSound = isMapping(manifest['spec']) && [undefined, null].includes(manifest['spec']['output'] as undefined);
  return isNamed || !isSound ? manifest : setAt(manifest, keys, join(source.defaultOutputRoot, name));
}

/** An earlier run's folders are moved aside: what the next one reads would go with them. */
function findHeldInputs(job: PPOJob): Problem[] {
  const { checkpoint, output } = job.spec;
  const written = { 'spec.output.path': output.path, 'spec.checkpoint.path': checkpoint.path };
  return Object.entries(written).flatMap(([field, folder]) => {
    const held = inputPaths(job).find((input) => !relative(folder, input).startsWith('..'));
    if (held === undefined) return [];
    const rule = `must not hold models or data, as it does ${held}: a run has the folder to itself`;
    return [{ path: field, found: describeValue(folder), rule, remedy: 'name a folder beside them' }];
  });
}

/** There are no Secrets here, and pods that lack one would never start. */
function findMissingSecrets({ spec }: PPOJob, environment: NonNullable<ManifestSource['environment']>): Problem[] {
  const secret = spec.tracking.tracing?.headersSecret;
  if (secret === undefined || environment[SECRET_VARIABLES.tracingHeaders] !== undefined) return [];
  const name = SECRET_VARIABLES.tracingHeaders;
  return [
    {
      path: 'spec.tracking.tracing.headersSecret',
      found: describeValue(secret),
      rule: `must be in ${name} on this machine, which has no Secrets`,
      remedy: `export ${name}="name=value", or remove it`,
    },
  ];
}

/** Nobody could ever wake the job up: the cluster of a run ends with it. */
function findSuspension({ spec }: PPOJob): Problem[] {
  if (!spec.suspend) return [];
  const rule = 'must be false on this machine, where nobody can resume a job later';
  return [{ path: 'spec.suspend', found: 'true', rule, remedy: 'remove it' }];
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
