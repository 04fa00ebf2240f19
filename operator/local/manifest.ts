/**
 * From a manifest file to the job that this machine runs: read, overridden from the command line, checked, its paths made
 * absolute, its input files looked for. Every problem is reported, none is thrown. Starts nothing.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { readManifestText } from '../api/manifest-text.ts';
import { SECRET_VARIABLES } from '../api/names.ts';
import { type ParsedPPOJob, parsePPOJob } from '../api/parse.ts';
import { inputPaths, resolvePaths } from '../api/paths.ts';
import type { PPOJob } from '../api/ppojob.ts';
import { describeValue, type Problem } from '../api/problems.ts';
import type { Override } from './arguments.ts';

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
  const overridden = source.overrides.reduce(applyOverride, read.value);
  const parsed = parsePPOJob(withOutputPath(overridden, source));
  if (!parsed.ok) return parsed;
  // Paths that differ as text may be the same file once they are absolute, which the reconciler would refuse later.
  const resolved = parsePPOJob(resolvePaths(parsed.job, dirname(source.manifestPath)));
  if (!resolved.ok) return resolved;
  const { environment = {} } = source;
  const missing = [...findMissingFiles(resolved.job), ...findMissingSecrets(resolved.job, environment)];
  const problems = [...missing, ...findHeldInputs(resolved.job), ...findSuspension(resolved.job)];
  return problems.length > 0 ? { ok: false, problems } : resolved;
}

type Mapping = Readonly<Record<string, unknown>>;

function readManifestFile(path: string): ReturnType<typeof readManifestText> {
  try {
    return readManifestText(readFileSync(path, 'utf8'));
  } catch (error) {
    const rule = `must be a readable file: ${error instanceof Error ? error.message : String(error)}`;
    const remedy = 'check the path; without one, the example is run';
    return { ok: false, problems: [{ path: 'manifest', found: describeValue(path), rule, remedy }] };
  }
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

/** A problem for every model folder and data file that isn't there. */
function findMissingFiles({ spec }: PPOJob): Problem[] {
  const folders = {
    'spec.models.actor.path': spec.models.actor.path,
    'spec.models.critic.path': spec.models.critic.path,
    'spec.models.reference.path': spec.models.reference.path,
    ...(spec.reward.model ? { 'spec.reward.model.path': spec.reward.model.path } : {}),
  };
  const files = {
    'spec.dataset.train.path': spec.dataset.train.path,
    ...(spec.dataset.evaluation ? { 'spec.dataset.evaluation.path': spec.dataset.evaluation.path } : {}),
  };
  const modules = spec.reward.function ? { 'spec.reward.function.path': spec.reward.function.path } : {};
  return [
    ...Object.entries(folders)
      .filter(([, path]) => !existsSync(resolve(path, 'config.json')))
      .map(([path, found]) => missing(path, found, 'must be a Hugging Face folder with a config.json')),
    ...notFiles(files, 'must be a file of JSON lines'),
    ...notFiles(modules, 'must be a JavaScript or TypeScript module'),
  ];
}

function notFiles(paths: Readonly<Record<string, string>>, rule: string): Problem[] {
  const wrong = Object.entries(paths).filter(([, path]) => !statSync(path, { throwIfNoEntry: false })?.isFile());
  return wrong.map(([field, found]) => missing(field, found, rule));
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

function missing(path: string, found: string, rule: string): Problem {
  return {
    path,
    found: describeValue(found),
    rule,
    remedy: "check the path; relative ones count from the manifest's folder",
  };
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
