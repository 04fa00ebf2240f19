// The example, small, as a run on this machine, and a Prometheus that scrapes it and evaluates the chart's alerts by
// examples/prometheus.yml. Knows no queries.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JobRun } from '../e2e/job-run.ts';
import { findProgram } from './prometheus.ts';
import { PrometheusServer, type Window } from './server.ts';

const ROOT = join(import.meta.dirname, '../..');
const CHANGES = {
  // Long enough for the list of targets to be read, and some scrapes, on a fast machine.
  'spec.algorithm.numIterations': 150,
  'spec.algorithm.kl.target': '"1"',
};
/** Of the target's labels. */
export const JOB_VARIABLES = { namespace: 'default', job: 'arithmetic' };

export class JobScene {
  readonly prometheus: PrometheusServer;
  readonly #folder: string;
  #run: JobRun | null = null;

  private constructor(prometheus: PrometheusServer, folder: string) {
    this.prometheus = prometheus;
    this.#folder = folder;
  }

  static async start(): Promise<JobScene> {
    const folder = mkdtempSync(join(tmpdir(), 'ppo-monitoring-'));
    const config = readFileSync(join(ROOT, 'examples/prometheus.yml'), 'utf8')
      .replaceAll('../output/arithmetic/', `${folder}/arithmetic/`)
      .replaceAll('../charts/', `${ROOT}/charts/`)
      .replace(/scrape_interval: \w+/, 'scrape_interval: 500ms')
      .replace(/evaluation_interval: \w+/, 'evaluation_interval: 1s');
    return new JobScene(await PrometheusServer.start(findProgram('prometheus')!, config), folder);
  }

  /** From the beginning to the end of a run, which must go well. */
  async run(): Promise<Window> {
    const sets = Object.entries(CHANGES).flatMap(([path, value]) => ['--set', `${path}=${value}`]);
    const start = Date.now() / 1000;
    this.#run = new JobRun(join(this.#folder, 'arithmetic'), ...sets);
    const code = await this.#run.exit;
    if (code !== 0) throw new Error(`the run ended with ${code}:\n${this.#run.text()}`);
    return { start, end: Date.now() / 1000 };
  }

  async stop(): Promise<void> {
    this.#run?.kill('SIGKILL');
    await this.#run?.exit;
    await this.prometheus.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
