// The operator against a real API server, garbage collector and scheduler: the same bodies as in memory.

import { startOwnEnvironment } from './environment.ts';
import { describeJobs } from './job-bodies.ts';
import { TestNode } from './nodes.ts';

const environment = await startOwnEnvironment();
const { cluster, plane } = environment;
const node = await TestNode.start({ cluster, network: plane.network, name: 'node-a', processes: null });
environment.beforeClose(() => node.stop(0));

describeJobs('a job on a real API server', environment);
