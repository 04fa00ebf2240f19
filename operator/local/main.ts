/**
 * Entry of the single-machine mode: where the program lies, where it was called, and the exit code of its command line.
 */
import { resolve } from 'node:path';
import { runCommandLine } from './command-line.ts';

const repositoryDirectory = resolve(import.meta.dirname, '../..');
// npm runs scripts in the package's folder and says where it was called.
const isNpmStart = process.env['npm_lifecycle_event'] === 'start' && resolve() === repositoryDirectory;

process.exitCode = await runCommandLine({
  args: process.argv.slice(2),
  repositoryDirectory,
  currentDirectory: (isNpmStart && process.env['INIT_CWD']) || resolve(),
  environment: process.env,
});
