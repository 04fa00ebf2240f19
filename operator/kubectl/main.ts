/**
 * Entry of the kubectl plugin: standard streams, Ctrl-C, and the exit code. A table of contents. The launcher
 * (kubectl-ppo.js) starts it with the Node that this package brings.
 */
import { flagsOf } from './arguments.ts';
import { runCompletion, runPlugin } from './plugin.ts';
import { EXIT, type Output } from './session.ts';

const COMPLETE = '--complete';

const output: Output = {
  print: (text) => process.stdout.write(`${text}\n`),
  note: (text) => process.stderr.write(`${text}\n`),
  terminal: process.stdout.isTTY && process.env.TERM !== 'dumb' ? process.stdout : null,
  hasColor: process.stdout.isTTY && process.stdout.hasColors(),
};

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Whoever asks twice doesn't want to wait.
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort();
  });
}
// Nobody reads any more (`| head`): that is no error.
process.stdout.on('error', () => process.exit(EXIT.done));

const [first, ...rest] = process.argv.slice(2);
if (first === COMPLETE) {
  process.stdout.write(await runCompletion(rest, flagsOf(rest)));
} else {
  process.exitCode = await runPlugin({ args: process.argv.slice(2), output, signal: stop.signal });
}
