// Entry of the operator in a cluster: options, the signals that end it, and the exit code. A table of contents.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { untilTerminated } from '../worker/service/lifecycle.ts';
import { runInCluster } from './in-cluster.ts';
import { HELP, parseOptions } from './options.ts';

const WRONG_OPTIONS = 2;

const parsed = parseOptions({
  args: process.argv.slice(2),
  environment: process.env,
  uniqueId: randomUUID(),
  hostName: hostname(),
});
if (parsed.kind === 'help') {
  process.stdout.write(HELP);
} else if (parsed.kind === 'wrong') {
  process.stderr.write(`${parsed.problems.join('\n')}\n\n${HELP}`);
  process.exitCode = WRONG_OPTIONS;
} else {
  const stop = new AbortController();
  void untilTerminated().then(() => stop.abort());
  const end = await runInCluster(parsed.settings, stop.signal);
  process.exitCode = end === 'stopped' ? 0 : 1;
  // What failed may have left something that would keep the process.
  if (end === 'failed') process.exit();
}
