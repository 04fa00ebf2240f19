/**
 * One container of a pod over its life: started, probed, restarted by its policy with a growing delay, stopped. Keeps the
 * container's status as the pod shows it. Knows nothing of its neighbours in the pod.
 */
import type { ContainerStatus } from '../cluster/objects.ts';
import { type ContainerExit, type ContainerLaunch, ContainerProcess } from './container.ts';
import { type HttpProbe, sleep, watchProbe } from './probes.ts';

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

/** Delay before a restart: doubled each time, as in a kubelet, though shorter: there is no image to pull. */
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** A container that ran for so long starts over with the first delay. */
const BACKOFF_RESET_MS = 60_000;

export interface ContainerProbes {
  readonly startup: HttpProbe | null;
  readonly readiness: HttpProbe | null;
  readonly liveness: HttpProbe | null;
}

export interface RunnerOptions {
  readonly name: string;
  readonly image: string;
  readonly launch: ContainerLaunch;
  readonly probes: ContainerProbes;
  readonly restartPolicy: RestartPolicy;
  /** Grace for a restart that a probe brings about. */
  readonly graceMs: number;
  readonly onChange: () => void;
}

export class ContainerRunner {
  readonly #options: RunnerOptions;
  readonly #stopping = new AbortController();
  readonly #whenStarted = Promise.withResolvers<void>();
  #process: ContainerProcess | null = null;
  #status: ContainerStatus;
  /** The last exit once no restart will follow; never rejects. */
  readonly ended: Promise<ContainerExit | null>;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#status = waitingStatus(options.name, options.image);
    this.ended = this.#run();
  }

  get status(): ContainerStatus {
    return this.#status;
  }

  /** Resolves when it has started (its startup probe has passed where it has one), or has ended for good. */
  get started(): Promise<void> {
    return this.#whenStarted.promise;
  }

  /** Ends it for good: SIGTERM, SIGKILL after the grace. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#process?.stop(graceMs);
    await this.ended;
  }

  /** Ends it at once. */
  kill(): void {
    this.#stopping.abort();
    this.#process?.signal('SIGKILL');
  }

  async #run(): Promise<ContainerExit | null> {
    let backoffMs = FIRST_BACKOFF_MS;
    let exit: ContainerExit | null = null;
    while (!this.#stopping.signal.aborted) {
      exit = await this.#runOnce();
      if (!this.#shouldRestart(exit)) break;
      if (exit.finishedAt.getTime() - exit.startedAt.getTime() > BACKOFF_RESET_MS) backoffMs = FIRST_BACKOFF_MS;
      await sleep(backoffMs, this.#stopping.signal);
      backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS);
      if (!this.#stopping.signal.aborted) this.#update({ restartCount: this.#status.restartCount + 1 });
    }
    this.#whenStarted.resolve();
    return exit;
  }

  async #runOnce(): Promise<ContainerExit> {
    const { launch, probes } = this.#options;
    const process = new ContainerProcess(launch);
    this.#process = process;
    this.#update({
      ...(process.pid === undefined ? {} : { containerID: `process://${process.pid}` }),
      state: { running: { startedAt: process.startedAt.toISOString() } },
      started: probes.startup === null,
      ready: probes.startup === null && probes.readiness === null,
    });
    if (probes.startup === null) this.#whenStarted.resolve();
    const probing = new AbortController();
    void this.#probe(process, AbortSignal.any([probing.signal, this.#stopping.signal]));
    const exit = await process.exited;
    probing.abort();
    this.#recordExit(exit);
    return exit;
  }

  async #probe(process: ContainerProcess, signal: AbortSignal): Promise<void> {
    const { startup, readiness, liveness } = this.#options.probes;
    if (startup !== null) {
      const hasStarted = await firstVerdict(startup, signal);
      if (signal.aborted) return;
      if (!hasStarted) return this.#restart(process);
      this.#update({ started: true, ready: readiness === null });
      this.#whenStarted.resolve();
    }
    await Promise.all([
      readiness && watchProbe(readiness, signal, (isOk) => this.#update({ ready: isOk })),
      liveness && watchProbe(liveness, signal, (isOk) => isOk || this.#restart(process)),
    ]);
  }

  #restart(process: ContainerProcess): void {
    void process.stop(this.#options.graceMs);
  }

  #recordExit(exit: ContainerExit): void {
    const terminated = {
      exitCode: exit.exitCode,
      ...(exit.signal === null ? {} : { signal: exit.signal }),
      reason: exit.exitCode === 0 ? 'Completed' : 'Error',
      ...(exit.lastWords === '' ? {} : { message: exit.lastWords }),
      startedAt: exit.startedAt.toISOString(),
      finishedAt: exit.finishedAt.toISOString(),
    };
    const willRestart = this.#shouldRestart(exit);
    this.#update({
      ready: false,
      started: false,
      state: willRestart ? { waiting: { reason: 'CrashLoopBackOff' } } : { terminated },
      ...(willRestart ? { lastState: { terminated } } : {}),
    });
  }

  #shouldRestart(exit: ContainerExit): boolean {
    if (this.#stopping.signal.aborted) return false;
    const { restartPolicy } = this.#options;
    return restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && exit.exitCode !== 0);
  }

  #update(change: Partial<ContainerStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#options.onChange();
  }
}

export function waitingStatus(name: string, image: string, reason = 'ContainerCreating'): ContainerStatus {
  return { name, image, ready: false, started: false, restartCount: 0, state: { waiting: { reason } } };
}

/** The probe's first verdict; false when the signal aborts. */
async function firstVerdict(probe: HttpProbe, signal: AbortSignal): Promise<boolean> {
  const decided = new AbortController();
  let verdict = false;
  await watchProbe(probe, AbortSignal.any([signal, decided.signal]), (isOk) => {
    verdict = isOk;
    decided.abort();
  });
  return verdict;
}
