// Runs a Dockerfile's stages without a builder: this machine stands in for the base image, a temporary folder for the root,
// and what the last stage copies are the image's layers. It knows no image's contents.

import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BuiltImage } from './archive.ts';
import { configOf, type Dockerfile, parseCopy, parseRun, type Stage, stageNamed } from './dockerfile.ts';

export interface StagesInput {
  /** Holds Dockerfile's context and its .dockerignore. */
  readonly repository: string;
  /** The stage whose image is wanted; it stands on "scratch". */
  readonly target: string;
  readonly args: Readonly<Record<string, string>>;
  /** An empty folder: roots of the stages. */
  readonly work: string;
}

const COMMAND_TIMEOUT_MS = 900_000;

/** The image's layers lie below `work`. Throws with the last words of a command that fails. */
export async function runStages(dockerfile: Dockerfile, input: StagesInput): Promise<Omit<BuiltImage, 'name'>> {
  const target = stageNamed(dockerfile, input.target);
  if (target.base !== 'scratch') throw new Error(`stage ${target.name} stands on an image: it needs a builder`);
  const layers: string[] = [];
  const done = new Set<string>();
  for (const { name, text } of target.instructions) {
    if (name === 'RUN') throw new Error(`stage ${target.name} has commands of its own: it needs a builder`);
    if (name !== 'COPY') continue;
    const { from, sources, to } = parseCopy(text);
    if (from === null || sources.length !== 1 || to !== '/')
      throw new Error(`COPY ${text}: must be a folder of a stage to /`);
    const root = await runStage(dockerfile, from, input, done);
    layers.push(join(root, sources[0] ?? ''));
  }
  return { layers, config: configOf(target, input.args) };
}

/** Returns the root of the stage. One that stands on another goes on in the other's root. */
async function runStage(dockerfile: Dockerfile, name: string, input: StagesInput, done: Set<string>): Promise<string> {
  const stage = stageNamed(dockerfile, name);
  const isOnStage = dockerfile.stages.some((other) => other.name === stage.base);
  const root = isOnStage ? await runStage(dockerfile, stage.base, input, done) : join(input.work, name);
  if (!done.has(name)) {
    done.add(name);
    let folder = isOnStage ? workingFolder(stageNamed(dockerfile, stage.base)) : '/';
    for (const { name: instruction, text } of stage.instructions) {
      if (instruction === 'WORKDIR') folder = text;
      mkdirSync(join(root, folder), { recursive: true });
      if (instruction === 'COPY') copyContext(text, input.repository, join(root, folder));
      if (instruction === 'RUN') await runCommand(parseRun(text), join(root, folder));
    }
  }
  return root;
}

function workingFolder(stage: Stage): string {
  return stage.instructions.findLast(({ name }) => name === 'WORKDIR')?.text ?? '/';
}

function copyContext(text: string, repository: string, folder: string): void {
  const { from, sources, to } = parseCopy(text);
  if (from !== null) throw new Error(`COPY ${text}: only the last stage copies from others here`);
  const allowed = contextPaths(readFileSync(join(repository, '.dockerignore'), 'utf8'));
  const paths = sources.flatMap((source) => (source === '.' ? allowed : [source]));
  for (const path of paths) {
    if (!allowed.includes(path)) throw new Error(`COPY ${text}: .dockerignore leaves out ${path}`);
    const source = join(repository, path);
    if (!existsSync(source)) continue;
    const target = sources.includes(path) && statSync(source).isFile() ? basename(path) : path;
    cpSync(source, join(folder, to, target), { recursive: true });
  }
}

/** What a .dockerignore lets through that leaves out everything but paths. */
export function contextPaths(ignore: string): string[] {
  const lines = ignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const [first, ...rest] = lines;
  if (first !== '*' || rest.some((line) => !/^![\w./-]+$/.test(line))) {
    throw new Error('.dockerignore: must be * and then paths that are let through, such as !operator');
  }
  return rest.map((line) => line.slice(1));
}

function runCommand(command: string, folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-euc', command], { cwd: folder, stdio: ['ignore', 2, 2], timeout: COMMAND_TIMEOUT_MS });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`RUN ${command}: ended with ${code ?? signal}`));
    });
  });
}
