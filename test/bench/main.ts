/**
 * `npm run bench -- NAME [--json]`: runs test/bench/NAME.ts and prints its figures, as a table or as one JSON line each.
 * A benchmark is never a test: a figure is a ratio to a reference measured in the same run.
 */
import { readdirSync } from 'node:fs';
import type { Benchmark, Figure } from './figure.ts';

const folder = new URL('.', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && !['main.ts', 'figure.ts'].includes(file))
  .map((file) => file.slice(0, -'.ts'.length));

function print(figures: readonly Figure[], asJson: boolean): void {
  if (asJson) {
    for (const figure of figures) console.log(JSON.stringify(figure));
    return;
  }
  console.table(
    figures.map(({ bench, metric, value, unit, reference, ratio }) => ({
      bench,
      metric,
      value: Number(value.toPrecision(4)),
      unit,
      reference,
      ratio: ratio === null ? '' : Number(ratio.toPrecision(3)),
    })),
  );
}

const requested = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = requested.filter((name) => !names.includes(name));
if (requested.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) console.error(`no such benchmark: ${unknown.join(', ')}`);
  console.error(`usage: npm run bench -- NAME... [--json]\nbenchmarks: ${names.join(', ')}`);
  process.exit(2);
}
for (const name of requested) {
  const { run } = (await import(new URL(`${name}.ts`, folder).href)) as Benchmark;
  print(await run(), process.argv.includes('--json'));
}
