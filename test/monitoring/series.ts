// The series that docs/metrics.md lists, and those that a Prometheus has scraped, in the same words. Judges neither.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PrometheusServer, Window } from './server.ts';

/** "histogram; kind, role; actor, critic": type, labels of its own, and whose it is, which may be "all". */
export type SeriesByName = ReadonlyMap<string, string>;

const DOCUMENT = join(import.meta.dirname, '../../docs/metrics.md');
const ROW = /^\| `([a-z][\w:]*)` \| (\w+) \| [^|]+ \| ([^|]+) \| ([^|]*)\|/gm;
const FOR_EVERY_PROCESS = 'all';
/** Of the target, of histograms, and Prometheus' own. */
const NOT_ITS_OWN = new Set([
  ...['namespace', 'pod', 'container', 'ppo_job', 'ppo_role', 'ppo_index', 'job', 'instance', 'le', '__name__'],
]);

function describe(type: string, labels: readonly string[], owners: readonly string[]): string {
  return [type, labels.toSorted().join(', '), owners.toSorted().join(', ')].join('; ');
}

const split = (text: string): string[] => text.split(',').flatMap((part) => part.trim() || []);

export function documentedSeries(): SeriesByName {
  const rows = readFileSync(DOCUMENT, 'utf8').matchAll(ROW);
  return new Map(
    [...rows].map(([, name, type, owners, labels]) => [name!, describe(type!, split(labels!), split(owners!))]),
  );
}

/** Names of the owners that `documented` has for the same series are kept where every process has it. */
export async function scrapedSeries(
  prometheus: PrometheusServer,
  window: Window,
  documented: SeriesByName,
): Promise<SeriesByName> {
  const types = await prometheus.types();
  const found = new Map<string, { labels: Set<string>; owners: Set<string> }>();
  for (const labels of await prometheus.series(window)) {
    const name = baseName(labels.__name__ ?? '', types);
    if (!types.has(name)) continue; // Prometheus' own, such as `up`
    const known = found.get(name) ?? { labels: new Set(), owners: new Set() };
    found.set(name, known);
    for (const label of Object.keys(labels)) if (!NOT_ITS_OWN.has(label)) known.labels.add(label);
    known.owners.add(ownerOf(labels));
  }
  return new Map(
    [...found].map(([name, { labels, owners }]) => {
      const isEverybodys = documented.get(name)?.split('; ')[2]?.startsWith(FOR_EVERY_PROCESS);
      const said = isEverybodys ? [documented.get(name)!.split('; ')[2]!] : [...owners];
      return [name, describe(types.get(name)!, [...labels], said)];
    }),
  );
}

function baseName(name: string, types: ReadonlyMap<string, string>): string {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return types.get(base) === 'histogram' ? base : name;
}

function ownerOf({ container, ppo_role: role = 'operator' }: Readonly<Record<string, string>>): string {
  return container?.endsWith('communicator') ? 'communicator' : role;
}
