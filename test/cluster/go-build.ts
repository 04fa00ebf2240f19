// Builds a cluster's binaries from Go modules, with progress shown. It knows Go's command line and nothing of clusters.

import { execFile, spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type BinaryName, sourceOf } from './versions.ts';

const PROGRESS_INTERVAL_MS = 10_000;
/** Of one program, on a slow machine with a slow network. */
const DEADLINE_MS = 3_600_000;

/** Whether there is a Go tool to build with. */
export async function hasGo(environment: NodeJS.ProcessEnv): Promise<boolean> {
  const go = spawn('go', ['version'], { env: environment, stdio: 'ignore' });
  return new Promise((resolve) => {
    go.once('error', () => resolve(false));
    go.once('exit', (code) => resolve(code === 0));
  });
}

/** Builds `name` and puts it at `path`, whole or not at all. Throws with Go's last words when that fails. */
export async function buildWithGo(name: BinaryName, path: string, say: (line: string) => void): Promise<void> {
  const { module, goPackage, stamps } = sourceOf(name);
  const unfinished = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  const args = ['build', '-v', '-trimpath', '-ldflags', linkerFlags(stamps), '-o', unfinished, goPackage];
  try {
    await runGo(args, { name, directory: join(import.meta.dirname, 'go', module), say });
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** The folder of the Go module that `name` is built from: its manifests are of the same version. */
export async function sourceDirectory(name: BinaryName): Promise<string> {
  const { module, goPackage } = sourceOf(name);
  const cwd = join(import.meta.dirname, 'go', module);
  const env = { ...process.env, GOWORK: 'off' };
  const { stdout } = await promisify(execFile)('go', ['list', '-f', '{{.Module.Dir}}', goPackage], { cwd, env });
  return stdout.trim();
}

/** Stripped, and with the version that the program is to report. */
function linkerFlags(stamps: Readonly<Record<string, string>>): string {
  return ['-s', '-w', ...Object.entries(stamps).map(([variable, value]) => `-X ${variable}=${value}`)].join(' ');
}

interface GoRun {
  readonly name: BinaryName;
  readonly directory: string;
  readonly say: (line: string) => void;
}

async function runGo(args: readonly string[], { name, directory, say }: GoRun): Promise<void> {
  const startMs = Date.now();
  const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' };
  const go = spawn('go', args, { cwd: directory, env, timeout: DEADLINE_MS, stdio: ['ignore', 'ignore', 'pipe'] });
  const lastLines: string[] = [];
  let numPackages = 0;
  createInterface({ input: go.stderr }).on('line', (line) => {
    lastLines.push(line);
    if (lastLines.length > 20) lastLines.shift();
    if (!line.includes(' ')) numPackages += 1; // -v names each package on a line of its own
  });
  const seconds = (): number => Math.round((Date.now() - startMs) / 1000);
  say(`${name}: building from Go modules (once; minutes)`);
  const timer = setInterval(
    () => say(`${name}: ${numPackages} packages compiled, ${seconds()} s`),
    PROGRESS_INTERVAL_MS,
  );
  try {
    await new Promise<void>((resolve, reject) => {
      go.once('error', reject);
      go.once('close', (code, signal) => {
        if (code === 0) resolve();
        else
          reject(
            new Error(
              `go ${args[0]} of ${name} ended with ${code ?? signal} after ${seconds()} s:\n${lastLines.join('\n')}`,
            ),
          );
      });
    });
  } finally {
    clearInterval(timer);
  }
  say(`${name}: built in ${seconds()} s`);
}
