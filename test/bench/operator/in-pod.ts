// The operator as it runs in a pod: with a service account's files, in the folder that PPO_BENCH_SERVICE_ACCOUNT names, and
// the API server's address in its environment. A table of contents.

import { randomUUID } from 'node:crypto';
import { runInCluster } from '../../../operator/in-cluster.ts';
import { parseOptions } from '../../../operator/options.ts';
import { untilTerminated } from '../../../worker/service/lifecycle.ts';

const { env, argv } = process;
const parsed = parseOptions({ args: argv.slice(2), environment: env, uniqueId: randomUUID(), hostName: 'bench' });
if (parsed.kind !== 'run') throw new Error(JSON.stringify(parsed));
const stop = new AbortController();
void untilTerminated().then(() => stop.abort());
const { settings } = parsed;
const pod = settings.pod && { ...settings.pod, directory: env.PPO_BENCH_SERVICE_ACCOUNT ?? '' };
await runInCluster({ ...settings, pod }, stop.signal);
