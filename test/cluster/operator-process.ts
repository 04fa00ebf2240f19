// The operator as a process of its own, that a test may kill or stop at any moment. It knows no jobs.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface OperatorProcessOptions {
  /** As text. */
  readonly kubeconfig: string;
  readonly namespace?: string;
  /** Where the Lease lies; null: no election. */
  readonly leaseNamespace: string | null;
  /** Its wall clock differs from ours by so much. */
  readonly clockSkewMs?: number;
  readonly options?: readonly string[];
}

const MAIN = join(import.meta.dirname, '..', '..', 'operator', 'main.ts');
const STOP_GRACE_MS = 10_000;
const LOG_TAIL_CHARACTERS = 20_000;
/** Nobody outlives the test. */
const running = new Set<OperatorProcess>();
process.once('exit', () => {
  for (const operator of running) operator.signal('SIGKILL');
});

export class OperatorProcess {
  readonly #child: ChildProcess;
  readonly #directory: string;
  #output = '';
  /** Said once, at its start, and soon no more in the log's end. */
  #pageUrl: string | null = null;
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | string>;

  constructor(options: OperatorProcessOptions) {
    this.#directory = mkdtempSync(join(tmpdir(), 'ppo-operator-process-'));
    const { namespace, leaseNamespace, clockSkewMs = 0 } = options;
    const kubeconfig = join(this.#directory, 'kubeconfig');
    writeFileSync(kubeconfig, options.kubeconfig, { mode: 0o600 });
    const args = [
      ...['--import', clockSkew(clockSkewMs), MAIN],
      ...['--kubeconfig', kubeconfig, '--metrics-address', '127.0.0.1:0'],
      ...(namespace === undefined ? [] : ['--namespace', namespace]),
      ...(leaseNamespace === null ? ['--no-leader-election'] : ['--lease-namespace', leaseNamespace]),
      ...(options.options ?? []),
    ];
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.#output = `${this.#output}${data}`.slice(-LOG_TAIL_CHARACTERS);
        this.#pageUrl ??= /"url":"(http:[^"]+)"/.exec(this.#output)?.[1] ?? null;
      });
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        running.delete(this);
        rmSync(this.#directory, { recursive: true, force: true });
        resolve(code ?? signal ?? -1);
      });
    });
    running.add(this);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** The end of its log. */
  get output(): string {
    return this.#output;
  }

  get metricsPort(): number | null {
    const port = /"port":(\d+)/.exec(this.#output)?.[1];
    return port === undefined ? null : Number(port);
  }

  /** Of its page; null before it is served. */
  get pageUrl(): string | null {
    return this.#pageUrl;
  }

  signal(name: NodeJS.Signals): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(name);
  }

  /** However it ends. */
  async stop(): Promise<number | string> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_GRACE_MS);
    const end = await this.ended;
    clearTimeout(timer);
    return end;
  }
}

/** A module that moves the wall clock of its process. */
function clockSkew(byMs: number): string {
  const code = byMs === 0 ? '' : `const now = Date.now; Date.now = () => now() + ${byMs};`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
