/** The chart's values and their schema: the same names, and defaults that the schema allows where it can be told here. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readValues } from '../../charts/readme.ts';
import { DEFAULT_IMAGE, PORTS } from '../../operator/api/names.ts';
import { parseOptions } from '../../operator/options.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CHART = join(ROOT, 'charts', 'ppo-operator');
const read = (name: string): string => readFileSync(join(CHART, name), 'utf8');

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
}

const schema = JSON.parse(read('values.schema.json')) as Schema;
const values = readValues(read('values.yaml'));

/** Dotted paths of all that the schema names, of sections too; not of what stands inside one value. */
function pathsOf({ properties = {} }: Schema, path: readonly string[] = []): string[] {
  return Object.entries(properties).flatMap(([key, below]) => {
    const here = [...path, key];
    const value = values.find((candidate) => candidate.path === here.join('.'));
    return [here.join('.'), ...(value?.defaultValue === null ? pathsOf(below, here) : [])];
  });
}

function schemaAt(path: string): Schema {
  return path.split('.').reduce<Schema>((at, key) => at.properties?.[key] ?? {}, schema);
}

test('the schema names every value and no other', () => {
  const named = pathsOf(schema).filter((path) => path !== 'global');
  assert.deepEqual(named.sort(), values.map(({ path }) => path).sort());
});

test('every section refuses what it does not name', () => {
  const sections = ['', ...values.filter(({ defaultValue }) => defaultValue === null).map(({ path }) => path)];
  const open = sections.filter((path) => (path === '' ? schema : schemaAt(path)).additionalProperties !== false);
  assert.deepEqual(open, []);
});

test('the chart is of the version of the operator, and installs its image', () => {
  const chart = parse(read('Chart.yaml')) as { version: string; appVersion: string };
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  assert.deepEqual([chart.version, chart.appVersion], [version, version]);
  const { image } = parse(read('values.yaml')) as { image: { repository: string } };
  assert.equal(`${image.repository}:${version}`, DEFAULT_IMAGE);
});

test('the operator knows every option that it is started with', () => {
  const args = [...read('templates/deployment.yaml').matchAll(/^ +- (--[a-z-]+)=/gm)].map(([, name]) => name ?? '');
  assert.ok(args.length >= 8);
  const given = args.flatMap((name) => [name, valueFor(name)]);
  const parsed = parseOptions({ args: given, environment: {}, uniqueId: 'u', hostName: 'h' });
  assert.deepEqual(parsed.kind === 'wrong' ? parsed.problems : [], []);
});

function valueFor(option: string): string {
  if (option === '--concurrency') return '16';
  if (option === '--log-level') return 'info';
  if (option === '--pod-user-id') return 'none';
  return option.endsWith('-address') ? '127.0.0.1:8081' : 'x';
}

test("the operator's way to jobs is open where egress is restricted", () => {
  assert.match(read('templates/networkpolicy.yaml'), new RegExp(`port: ${PORTS.grpc}\\n +to:`));
});
