/**
 * The page of a job on this machine: jobs, pods and events from the cluster in memory, curves from metrics.jsonl. Loopback
 * alone. Refuses to know when a run begins and ends: until it is given a cluster it has no jobs.
 */
import { FigureHistory } from '../../worker/coordinator/figure-history.ts';
import { systemClock } from '../cluster/clock.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { MemoryCluster } from '../cluster/memory-cluster.ts';
import { productVersion } from '../page/operator-page.ts';
import { PageSource } from '../page/page-source.ts';
import { type PageServer, startPageServer } from '../page/server.ts';
import type { FigureSource, JobFigures } from '../reconcile/figures.ts';
import { type IterationRecord, MetricsFile } from './metrics-file.ts';

const HOST = '127.0.0.1';

export interface LocalPage extends PageServer {
  /** Shows the jobs of this cluster from now on. */
  show(cluster: Cluster): void;
}

/** `port` 0: one that is free. Rejects when it is taken. */
export async function startLocalPage(options: {
  readonly port: number;
  readonly metricsPath: string;
}): Promise<LocalPage> {
  let cluster: Cluster = new MemoryCluster();
  const host = { mode: 'machine', leader: null, namespace: null, jobsOf: null, version: productVersion() } as const;
  const figures = new FileFigures(options.metricsPath);
  const source = new PageSource({ clock: systemClock, read: async () => ({ cluster, host, figures }) });
  // What can't be answered is told on the page itself.
  const server = await startPageServer({ address: { host: HOST, port: options.port }, source, onError: () => {} });
  return {
    ...server,
    show: (next) => {
      cluster = next;
    },
  };
}

/** The file belongs to the one job of a run. */
export class FileFigures implements FigureSource {
  readonly #file: MetricsFile;
  #records: readonly IterationRecord[] = [];
  #figures: JobFigures | null = null;

  constructor(path: string) {
    this.#file = new MetricsFile(path);
  }

  read(): JobFigures | null {
    const records = this.#file.read();
    if (records === this.#records || (records.length === 0 && this.#figures === null)) return this.#figures;
    this.#records = records;
    const history = new FigureHistory();
    for (const { iteration, metrics } of records) history.add(iteration, metrics);
    const revision = (this.#figures?.revision ?? 0) + 1;
    this.#figures = { revision, heardAtMs: null, series: history.read() };
    return this.#figures;
  }
}
