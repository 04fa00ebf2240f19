/** A Prometheus of its own in a temporary folder, on a free port, and what one asks it. Knows no series. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const START_MS = 60_000;

export interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [time: number, value: string])[];
}

export interface Rule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly state: string;
}

export interface Window {
  /** Unix time. */
  readonly start: number;
  readonly end: number;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('internal: no address');
  return address.port;
}

export class PrometheusServer {
  readonly #url: string;
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #log = '';

  private constructor(process: ChildProcess, folder: string, url: string) {
    this.#process = process;
    this.#folder = folder;
    this.#url = url;
    this.#ended = new Promise((resolve) => process.once('close', () => resolve()));
    process.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#log += chunk;
    });
  }

  static async start(program: string, config: string): Promise<PrometheusServer> {
    const folder = mkdtempSync(join(tmpdir(), 'ppo-prometheus-'));
    const port = await freePort();
    const path = join(folder, 'prometheus.yml');
    writeFileSync(path, config);
    const address = `127.0.0.1:${port}`;
    const storage = `--storage.tsdb.path=${join(folder, 'data')}`;
    const args = [`--config.file=${path}`, storage, `--web.listen-address=${address}`];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const server = new PrometheusServer(child, folder, `http://${address}`);
    for (const startMs = performance.now(); ; await delay(50)) {
      const ready = await fetch(`${server.#url}/-/ready`).catch(() => null);
      if (ready?.ok) return server;
      if (performance.now() - startMs < START_MS && child.exitCode === null) continue;
      await server.stop();
      throw new Error(`Prometheus does not start:\n${server.#log}`);
    }
  }

  /** Throws with Prometheus' words where a query is wrong. */
  async range(query: string, { start, end }: Window): Promise<Result[]> {
    const parameters = { query, start: String(start), end: String(end), step: '1' };
    return ((await this.#ask('query_range', parameters)) as { result: Result[] }).result;
  }

  /** Label sets of all series that there were, `__name__` among them. */
  async series({ start, end }: Window): Promise<Readonly<Record<string, string>>[]> {
    const parameters = { 'match[]': '{__name__!=""}', start: String(start), end: String(end) };
    return (await this.#ask('series', parameters)) as Record<string, string>[];
  }

  /** What targets say of the type of a series, by its name without a histogram's suffixes. */
  async types(): Promise<ReadonlyMap<string, string>> {
    const found = (await this.#ask('metadata', {})) as Record<string, readonly { readonly type: string }[]>;
    return new Map(
      Object.entries(found).map(([name, said]) => [name, [...new Set(said.map(({ type }) => type))].join()]),
    );
  }

  /** Whether every target has been scraped. */
  async hasScraped(): Promise<boolean> {
    const { activeTargets } = (await this.#ask('targets', {})) as { activeTargets: { health: string }[] };
    return activeTargets.length > 0 && activeTargets.every(({ health }) => health === 'up');
  }

  /** Every alert with its health, and whether it is inactive, pending or firing. */
  async rules(): Promise<Rule[]> {
    const { groups } = (await this.#ask('rules', {})) as { groups: { rules: Rule[] }[] };
    return groups.flatMap(({ rules }) => rules);
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ask(what: string, parameters: Record<string, string>): Promise<unknown> {
    const reply = await fetch(`${this.#url}/api/v1/${what}?${new URLSearchParams(parameters)}`);
    const body = (await reply.json()) as { status: string; error?: string; data: unknown };
    if (body.status !== 'success') throw new Error(`${parameters['query'] ?? what}: ${body.error}`);
    return body.data;
  }
}
