/**
 * Entry of the kubectl plugin: standard streams, Ctrl-C, and the exit code. A table of contents. The launcher
 * (kubectl-ppo.js) starts it with the Node that this package brings.
 */
import { kubeconfigPaths } from '../cluster/credentials.ts';
import { printable } from '../local/printable.ts';
import { flagsOf } from './arguments.ts';
import { runCompletion, runPlugin } from './plugin.ts';
import { EXIT, type Output } from './session.ts';

const COMPLETE = '--complete';

/** A request under way is waited for no longer after Ctrl-C. */
const GRACE_MS = 1000;

const hasColor = process.stdout.isTTY && process.stdout.hasColors();
const output: Output = {
  print: (text) => process.stdout.write(`${printable(text, hasColor)}\n`),
  note: (text) => process.stderr.write(`${printable(text, false)}\n`),
  terminal: process.stdout.isTTY && process.env.TERM !== 'dumb' ? process.stdout : null,
  hasColor,
};

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Whoever asks twice doesn't want to wait.
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort();
    setTimeout(() => process.exit(EXIT.interrupted), GRACE_MS).unref();
  });
}
// Nobody reads any more (`| head`): that is no error.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(EXIT.done));

const kubeconfigs = kubeconfigPaths(process.env.KUBECONFIG);
const [first, ...rest] = process.argv.slice(2);
if (first === COMPLETE) {
  process.stdout.write(await runCompletion(rest, { ...flagsOf(rest), kubeconfigs }));
} else {
  process.exitCode = await runPlugin({ args: process.argv.slice(2), output, signal: stop.signal, kubeconfigs });
}
