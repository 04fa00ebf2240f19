/** Every PPOJob that examples and documents show; a part of one is put into the example first. Judges none of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { findBlocks, findDocuments, REPOSITORY } from './documents.ts';

export interface ShownManifest {
  /** File and line. */
  readonly where: string;
  readonly manifest: object;
}

type Mapping = Record<string, unknown>;

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of the examples' folders, all kinds of objects. */
export function exampleFiles(): string[] {
  const names = readdirSync(join(REPOSITORY, 'examples'), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /^[^/]+\/[^/]+\.yaml$/.test(name)).map((name) => `examples/${name}`);
}

export function findManifests(): ShownManifest[] {
  const examples = exampleFiles().map((where) => ({ where, manifest: readYaml(where) }));
  const shown = findDocuments()
    .flatMap((file) => findBlocks(file))
    .filter(({ language }) => language === 'yaml')
    .flatMap(({ file, line, text }) =>
      parseAllDocuments(text).map((document) => ({ where: `${file}:${line}`, manifest: complete(document.toJS()) })),
    );
  return [...examples, ...shown].filter(({ manifest }) => isMapping(manifest) && manifest.kind === 'PPOJob');
}

function readYaml(file: string): Mapping {
  return parse(readFileSync(join(REPOSITORY, file), 'utf8')) as Mapping;
}

/** A lone `spec` is a part of a job. */
function complete(found: unknown): Mapping {
  if (!isMapping(found)) return {};
  const isPart = found.kind === undefined && found.spec !== undefined && Object.keys(found).length === 1;
  return isPart ? (merge(readYaml('examples/arithmetic/ppojob.yaml'), found) as Mapping) : found;
}

function merge(base: unknown, over: unknown): unknown {
  if (!isMapping(base) || !isMapping(over)) return over;
  const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, key in over ? merge(base[key], over[key]) : base[key]]));
}
