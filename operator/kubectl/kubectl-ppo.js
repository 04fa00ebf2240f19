#!/usr/bin/env node
/**
 * The program `kubectl-ppo`, which kubectl finds on the PATH, and, under its other name, `kubectl_complete-ppo`. Starts
 * main.ts with a Node that runs TypeScript: this one where it does, else the one that npm has installed beside the package.
 * Plain JavaScript, for Node 20 and later; it knows nothing of what the plugin does.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 26;
const COMPLETER = 'kubectl_complete-ppo';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Null where none is installed for this machine. */
function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) return process.execPath;
  const require = createRequire(import.meta.url);
  for (const name of [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`]) {
    try {
      return join(dirname(require.resolve(`${name}/package.json`)), 'bin', 'node');
    } catch {
      // Not this one.
    }
  }
  return null;
}

/** @param {string} problem */
function giveUp(problem) {
  console.error(problem);
  process.exit(1);
}

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
if (main.includes('/node_modules/')) {
  giveUp(
    `Node runs no TypeScript below a folder node_modules (${main}): install kubectl ppo from a clone of its repository`,
  );
}
const node = findNode();
if (node === null) {
  giveUp(`kubectl ppo needs Node ${NEEDED_MAJOR}, which npm ci installs with this package; found ${process.version}`);
}
const isCompleter = basename(process.argv[1] ?? '') === COMPLETER;
const args = [main, ...(isCompleter ? ['--complete'] : []), ...process.argv.slice(2)];
const child = spawn(node, args, { stdio: 'inherit' });
for (const signal of SIGNALS) {
  // A terminal sends Ctrl-C to both; whoever kills this program means the plugin.
  process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
}
child.on('error', (error) => giveUp(`kubectl ppo can't start ${node}: ${error.message}`));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
