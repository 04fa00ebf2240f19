// The C libraries that programs are linked with on this machine, and the packages of the distribution that they are of. It
// refuses to know what the programs are.

import { execFile } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { promisify } from 'node:util';

export interface SystemPackage {
  readonly name: string;
  readonly version: string;
  /** As the distribution names it. */
  readonly architecture: string;
  /** In the form of dpkg's own list. */
  readonly record: string;
  /** Path in the image and file of this machine, of its license, where it has one. */
  readonly copyright: readonly (readonly [string, string])[];
}

const run = promisify(execFile);
const TIMEOUT_MS = 30_000;

/** Path at which the dynamic loader looks -> file; those below `without` lie beside the program that loads them. */
export async function systemLibraries(
  programs: readonly string[],
  without: string | null = null,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const program of programs) {
    const { stdout } = await run('ldd', [program], { timeout: TIMEOUT_MS });
    const missing = /^\s*(\S+) => not found/m.exec(stdout)?.[1];
    if (missing !== undefined) throw new Error(`${program} needs ${missing}, which this machine doesn't have`);
    for (const [, path = ''] of stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) {
      if (without === null || !path.startsWith(`${without}/`)) files.set(path, realpathSync(path));
    }
  }
  return new Map([...files].sort(([one], [two]) => (one < two ? -1 : 1)));
}

/** Debian's packages that own the files; none on another distribution. */
export async function packagesOf(files: readonly string[]): Promise<SystemPackage[]> {
  const names = new Set<string>();
  for (const file of files) {
    const owner = await ownerOf(file);
    if (owner !== null) names.add(owner);
  }
  return Promise.all([...names].sort().map(describe));
}

/** Of this machine's distribution: the words of os-release. */
export function distributionName(): { readonly id: string; readonly version: string; readonly text: string } {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : 'ID=linux\n';
  const value = (key: string): string => new RegExp(`^${key}="?([^"\n]*)`, 'm').exec(text)?.[1] ?? '';
  return { id: value('ID'), version: value('VERSION_ID'), text };
}

/** Merged folders (/lib is /usr/lib) are recorded by either path. */
async function ownerOf(file: string): Promise<string | null> {
  for (const path of [file, file.replace(/^\/usr\//, '/')]) {
    const found = await run('dpkg-query', ['--search', path], { timeout: TIMEOUT_MS }).catch(() => null);
    if (found !== null) return found.stdout.slice(0, found.stdout.indexOf(': '));
  }
  return null;
}

async function describe(owner: string): Promise<SystemPackage> {
  const { stdout: record } = await run('dpkg-query', ['--status', owner], { timeout: TIMEOUT_MS });
  const field = (key: string): string => new RegExp(`^${key}: (.*)$`, 'm').exec(record)?.[1] ?? '';
  const name = field('Package');
  const copyright = `/usr/share/doc/${name}/copyright`;
  return {
    ...{ name, version: field('Version'), architecture: field('Architecture'), record },
    copyright: existsSync(copyright) ? [[copyright, realpathSync(copyright)]] : [],
  };
}
