/** The house rules that a script can decide: see CONTRIBUTING.md. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_LINES = 400;

function sourcesBelow(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes('/generated/'));
}

const product = [...sourcesBelow('operator'), ...sourcesBelow('worker')];
const all = [...product, ...['charts', 'test', 'examples'].flatMap(sourcesBelow)];
const textByPath = new Map(all.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));

/** What a file loads when it runs; type imports vanish. */
function runtimeImports(path: string): string[] {
  const text = textByPath.get(path) ?? '';
  const imports = [...text.matchAll(/^(?:import|export)\s+(?!type\b)([^;]*?\sfrom\s+)?'([^']+)';/gms)];
  return imports.filter(([, clause]) => !isOnlyTypes(clause ?? '')).map(([, , target]) => target ?? '');
}

function isOnlyTypes(clause: string): boolean {
  const names = /^\{([^}]*)\}\s+from/s.exec(clause.trim())?.[1];
  return names?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) ?? false;
}

/** Everything a file loads, over its own imports: packages by name, files by path. */
function closure(path: string, seen = new Set<string>()): Set<string> {
  for (const target of runtimeImports(path)) {
    const name = target.startsWith('.') ? join(dirname(path), target) : target;
    if (seen.has(name)) continue;
    seen.add(name);
    if (target.startsWith('.')) closure(name, seen);
  }
  return seen;
}

describe('house rules', () => {
  it('finds the sources', () => assert.ok(product.length > 100, `only ${product.length} files`));

  it('opens every file with a comment that says what it is', () => {
    const silent = all.filter((path) => !/^(#!.*\n)?\s*(\/\*|\/\/)/.test(textByPath.get(path) ?? ''));
    assert.deepEqual(silent, []);
  });

  it(`keeps every file within ${MAX_LINES} lines`, () => {
    const long = all.filter((path) => (textByPath.get(path) ?? '').split('\n').length > MAX_LINES);
    assert.deepEqual(long, []);
  });

  it('keeps decisions and mathematics free of heavy imports', () => {
    const pure = product.filter((path) => path.startsWith('worker/ppo/') || path.startsWith('operator/plan/'));
    const heavy = /^(koffi|onnxruntime-node|@grpc\/|@kubernetes\/|prom-client)/;
    const found = pure.flatMap((path) =>
      [...closure(path)].filter((name) => heavy.test(name)).map((name) => `${path} loads ${name}`),
    );
    assert.deepEqual(found, []);
  });

  it('writes the API group in one file alone', () => {
    const found = product.filter((path) => /['"`/]rlhf\.dev/.test(stripComments(textByPath.get(path) ?? '')));
    assert.deepEqual(found, ['operator/api/names.ts']);
  });

  it('has no import cycles', () => {
    const cyclic = product.filter((path) => closure(path).has(path));
    assert.deepEqual(cyclic, []);
  });

  it('reads the environment at the edges alone', () => {
    const allowed = /^(worker\/(main|service\/lifecycle)\.ts|operator\/(main|kubectl\/main|local\/.*)\.ts)$/;
    const found = product.filter(
      (path) => /process\.env\b/.test(stripComments(textByPath.get(path) ?? '')) && !allowed.test(path),
    );
    assert.deepEqual(found, []);
  });
});

function stripComments(text: string): string {
  return text.replace(/\/\*.*?\*\//gs, '').replace(/(^|\s)\/\/.*$/gm, '');
}
