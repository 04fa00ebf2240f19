// Builds the image of operator and workers as an archive: by a builder from the Dockerfile where one can, otherwise by running
// the Dockerfile's stages on this machine; and from a working tree, for clusters of one's own. It says which it did.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuiltImage, writeImageArchive } from './archive.ts';
import { type BuilderName, buildWith, findBuilder } from './builders.ts';
import { imageContents, type LayerName } from './contents.ts';
import { configOf, type Dockerfile, expand, parseCopy, parseDockerfile, stageNamed } from './dockerfile.ts';
import { completeBom, parseBom } from './sbom.ts';
import { runStages } from './stages.ts';
import { distributionName } from './system.ts';

export const REPOSITORY = join(import.meta.dirname, '..');
export const VARIANTS = ['cpu', 'cuda'] as const;
export type Variant = (typeof VARIANTS)[number];

export interface BuildRequest {
  readonly name: string;
  readonly variant: Variant;
  /** Which may be tried; none: the stages without a builder. */
  readonly builders: readonly BuilderName[];
  /** One of them must: its failure is an error. */
  readonly isForced: boolean;
  readonly platform: string | null;
  readonly npmrc: string | null;
  /** The archive. */
  readonly output: string;
}

/** As the Dockerfile has it. */
const NPM_SBOM = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];

type Say = (line: string) => void;

/** The stage whose folders are the layers, and where they lie in it. */
const LAYERS = /^--from=layers \/build\/layers\/(\w+)\/ \/$/;

export function readDockerfile(repository: string = REPOSITORY): Dockerfile {
  return parseDockerfile(readFileSync(join(repository, 'Dockerfile'), 'utf8'));
}

export async function buildImage(request: BuildRequest, say: Say): Promise<void> {
  const dockerfile = readDockerfile();
  const { name, variant, platform, npmrc, output } = request;
  const args = labelArguments();
  const bases = basesOf(dockerfile, variant);
  const { builder, refusals } = await findBuilder(request.builders, bases, platform);
  for (const refusal of refusals) say(`${refusal.builder} can't build here: ${refusal.reason}`);
  if (builder !== null) {
    await buildWith(
      builder,
      { repository: REPOSITORY, name: fullName(name), target: variant, args, platform, npmrc },
      output,
    );
    say(`built by ${builder} from the Dockerfile, on ${bases.join(' and ')}`);
    return;
  }
  if (request.isForced) throw new Error(`${request.builders.join()} can't build here`);
  if (platform !== null) throw new Error(`without a builder there is no image for ${platform}: leave out --platform`);
  const work = mkdtempSync(join(tmpdir(), 'ppo-stages-'));
  try {
    const image = await runStages(dockerfile, { repository: REPOSITORY, target: variant, args, work });
    await writeImageArchive({ name: fullName(name), ...image }, output);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const { id, version } = distributionName();
  say(
    `built without a builder: the Dockerfile's stages ran on this machine (${id} ${version}, Node.js ${process.version})`,
  );
}

/** The image of a working tree in which `npm ci` ran: the same layers without the install. */
export async function workingTreeImage(name: string): Promise<BuiltImage> {
  const bom = parseBom(runIn(REPOSITORY, 'npm', ...NPM_SBOM));
  const layers = await imageContents(REPOSITORY, (installed) => completeBom(bom, installed, distributionName()));
  const stage = stageNamed(readDockerfile(), 'cpu');
  const copies = stage.instructions.filter((instruction) => instruction.name === 'COPY');
  const names = copies.map(({ text }) => LAYERS.exec(text)?.[1] as LayerName | undefined);
  return {
    name: fullName(name),
    layers: names.map((layer, index) => {
      if (layer === undefined || layers[layer] === undefined)
        throw new Error(`Dockerfile: COPY ${copies[index]?.text}: no layer`);
      return layers[layer];
    }),
    config: configOf(stage, labelArguments()),
  };
}

/** The name under which a node looks for a name without a registry. */
export function fullName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length === 0) return `docker.io/library/${name}`;
  return /[.:]|^localhost$/.test(first) ? name : `docker.io/${name}`;
}

/** Images from registries that the stages up to `target` stand on. */
export function basesOf(dockerfile: Dockerfile, target: string): string[] {
  const { base, instructions } = stageNamed(dockerfile, target);
  const isStage = dockerfile.stages.some(({ name }) => name === base);
  const copied = instructions.flatMap(({ name, text }) => (name === 'COPY' ? (parseCopy(text).from ?? []) : []));
  const stages = new Set([...(isStage ? [base] : []), ...copied]);
  const own = isStage || base === 'scratch' ? [] : [expand(base, dockerfile.args)];
  return [...new Set([...own, ...[...stages].flatMap((stage) => basesOf(dockerfile, stage))])];
}

function labelArguments(): Record<string, string> {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
  return { VERSION: version, REVISION: revision() };
}

/** Of the working tree; what isn't committed is said. */
function revision(): string {
  const git = (...args: string[]): string => runIn(REPOSITORY, 'git', ...args).trim();
  try {
    return `${git('rev-parse', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '-dirty'}`;
  } catch {
    return 'unknown'; // not a clone
  }
}

function runIn(cwd: string, program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
