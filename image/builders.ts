// The programs that build images from a Dockerfile, and what each is called with. Whether one can build here is tried, not
// guessed: is it there, does it answer, can it have the base image. It knows no image's contents.

import { execFile, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { promisify } from 'node:util';

export interface BuildOrder {
  readonly repository: string;
  /** Name with tag. */
  readonly name: string;
  readonly target: string;
  readonly args: Readonly<Record<string, string>>;
  /** linux/amd64, …; null: this machine's. */
  readonly platform: string | null;
  /** File with npm's settings, for registries of one's own. */
  readonly npmrc: string | null;
}

interface Builder {
  readonly name: BuilderName;
  /** Fails where the program is there but can do nothing, such as a client without its daemon. */
  readonly probe: readonly string[];
  /** Succeeds where the image is here already, which needs no registry. */
  readonly look: (image: string) => readonly string[];
  readonly build: (order: BuildOrder) => readonly string[];
  /** To an archive as `docker save` writes it. */
  readonly save: (name: string, path: string) => readonly string[];
}

export const BUILDER_NAMES = ['docker', 'podman', 'buildah'] as const;
export type BuilderName = (typeof BUILDER_NAMES)[number];

const PROBE_TIMEOUT_MS = 20_000;
const PULL_TIMEOUT_MS = 180_000;
const LAST_LINES = 2;

function pullArguments(image: string, platform: string | null): string[] {
  return ['pull', ...(platform === null ? [] : ['--platform', platform]), image];
}

/** Options go before the folder: buildah takes none after it. */
function buildArguments({ name, target, args, platform, npmrc }: BuildOrder, ...options: readonly string[]): string[] {
  return [
    ...['build', '--tag', name, '--target', target, ...options],
    ...Object.entries(args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]),
    ...(platform === null ? [] : ['--platform', platform]),
    ...(npmrc === null ? [] : ['--secret', `id=npmrc,src=${npmrc}`]),
    '.',
  ];
}

const BUILDERS: readonly Builder[] = [
  {
    name: 'docker',
    probe: ['info', '--format', '{{.ServerVersion}}'],
    look: (image) => ['image', 'inspect', image],
    build: (order) => buildArguments(order),
    save: (name, path) => ['save', '--output', path, name],
  },
  {
    name: 'podman',
    probe: ['info', '--format', '{{.Version.Version}}'],
    look: (image) => ['image', 'exists', image],
    build: (order) => buildArguments(order, '--format', 'docker'),
    save: (name, path) => ['save', '--format', 'docker-archive', '--output', path, name],
  },
  {
    name: 'buildah',
    probe: ['info'],
    look: (image) => ['inspect', '--type', 'image', image],
    build: (order) => buildArguments(order, '--format', 'docker', '--layers'),
    save: (name, path) => ['push', name, `docker-archive:${path}:${name}`],
  },
];

export interface Refusal {
  readonly builder: BuilderName;
  readonly reason: string;
}

/** The first of `names` that can build on `baseImages`, or why none can. */
export async function findBuilder(
  names: readonly BuilderName[],
  baseImages: readonly string[],
  platform: string | null,
): Promise<{ readonly builder: BuilderName | null; readonly refusals: readonly Refusal[] }> {
  const refusals: Refusal[] = [];
  for (const { name, probe, look } of BUILDERS.filter((builder) => names.includes(builder.name))) {
    let reason = await failureOf(name, probe, PROBE_TIMEOUT_MS);
    for (const image of reason === null ? baseImages : []) {
      if (reason !== null || (await failureOf(name, look(image), PROBE_TIMEOUT_MS)) === null) continue;
      reason = await failureOf(name, pullArguments(image, platform), PULL_TIMEOUT_MS);
    }
    if (reason === null) return { builder: name, refusals };
    refusals.push({ builder: name, reason });
  }
  return { builder: null, refusals };
}

/** Builds, and writes the image as an archive to `path`. What the builder says goes to this process' stderr. */
export async function buildWith(name: BuilderName, order: BuildOrder, path: string): Promise<void> {
  const builder = BUILDERS.find((one) => one.name === name);
  if (builder === undefined) throw new Error(`no builder is called ${name}`);
  rmSync(path, { force: true }); // an archive is added to by some
  for (const args of [builder.build(order), builder.save(order.name, path)]) await follow(name, args, order.repository);
}

async function failureOf(program: string, args: readonly string[], timeout: number): Promise<string | null> {
  try {
    await promisify(execFile)(program, [...args], { timeout });
    return null;
  } catch (error) {
    const { code, killed, stderr = '' } = error as NodeJS.ErrnoException & { killed?: boolean; stderr?: string };
    if (code === 'ENOENT') return 'is not on this machine';
    if (killed === true) return `\`${program} ${args.join(' ')}\` gave no answer in ${timeout / 1000} s`;
    const lines = stderr
      .trim()
      .split('\n')
      .filter((line) => line.trim() !== '');
    return (
      lines
        .slice(-LAST_LINES)
        .map((line) => line.trim())
        .join(' ') || `\`${program} ${args.join(' ')}\` failed`
    );
  }
}

function follow(program: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const environment = { ...process.env, DOCKER_BUILDKIT: '1' };
    const child = spawn(program, args, { cwd, env: environment, stdio: ['ignore', 2, 2] });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code ?? signal}`));
    });
  });
}
