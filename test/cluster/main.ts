// The test clusters' command line: `binaries` fetches or builds what a control plane (or, with --node, a whole cluster) needs.
// A table of contents.

import { parseArgs } from 'node:util';
import { ensureBinaries } from './binaries.ts';
import { CONTROL_PLANE, NODE } from './versions.ts';

const USAGE = 'usage: node test/cluster/main.ts binaries [--node]';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { node: { type: 'boolean', default: false } },
});
if (positionals[0] === 'binaries') {
  const say = (line: string): void => console.error(line);
  const binaries = await ensureBinaries([...CONTROL_PLANE, ...(values.node ? NODE : [])], { say });
  for (const path of Object.values(binaries)) console.log(path);
} else {
  console.error(USAGE);
  process.exitCode = 2;
}
