// The test clusters' command line: a whole cluster on this machine up or down, images, binaries. A table of contents.

import { parseArgs } from 'node:util';
import { ensureBinaries } from './binaries.ts';
import { CONTROL_PLANE, HELM, NODE, SCHEDULERS } from './versions.ts';
import { WholeCluster } from './whole/cluster.ts';
import { writeOperatorArchive } from './whole/images.ts';

const USAGE = `usage: npm run cluster -- COMMAND

  up                 a whole cluster on this machine (Linux, as root), with the images of this working tree
  down               ends it and removes all of it
  image [FILE]       builds the image of operator and workers anew: into the cluster, or as an archive for another one
  binaries [--node] [--helm] [--schedulers]
                     fetches or builds what a control plane (--node: a whole cluster) is made of (--helm: Helm 3 and 4
                     beside it; --schedulers: those of scheduler-plugins, Volcano and Kueue), and prints the paths
`;

const say = (line: string): void => console.error(line);
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'boolean', default: false },
    helm: { type: 'boolean', default: false },
    schedulers: { type: 'boolean', default: false },
  },
});
const [command, file] = positionals;
const cluster = new WholeCluster(say);
const commands: Readonly<Record<string, () => Promise<unknown>>> = {
  up: () => cluster.up(),
  down: () => cluster.down(),
  image: () => (file === undefined ? cluster.importImages() : writeOperatorArchive(file)),
  binaries: async () => {
    const extras = [
      ...(values.node ? NODE : []),
      ...(values.helm ? HELM : []),
      ...(values.schedulers ? SCHEDULERS : []),
    ];
    const names = [...CONTROL_PLANE, ...extras];
    const binaries = await ensureBinaries(names, { say });
    for (const path of Object.values(binaries)) console.log(path);
  },
};
const run = commands[command ?? ''];
if (run === undefined) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  await run();
}
