/**
 * A container's probes: HTTP GET at a period, with Kubernetes' thresholds. Reports changes of verdict and decides nothing:
 * what a failed liveness probe leads to is the pod worker's business.
 */
import { get } from 'node:http';

export interface HttpProbe {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** Locally a probe costs next to nothing: until its first success it runs this often, so that a start isn't held up by the period. */
const EAGER_PERIOD_MS = 250;

/**
 * Probes until the signal aborts; `onVerdict` hears every change of verdict: true after `successThreshold` successes in a
 * row, false after `failureThreshold` failures in a row.
 */
export async function watchProbe(
  probe: HttpProbe,
  signal: AbortSignal,
  onVerdict: (isOk: boolean) => void,
): Promise<void> {
  const results = new ProbeResults(probe, Date.now());
  while (!signal.aborted) {
    const startMs = Date.now();
    const isOk = await probeOnce(probe, signal);
    if (signal.aborted) return;
    if (results.add(isOk, startMs)) onVerdict(results.verdict === true);
    await sleep(results.msUntilNext(startMs, Date.now()), signal);
  }
}

/** A probe's results in a row, and the verdict that they amount to. */
export class ProbeResults {
  readonly #probe: HttpProbe;
  #successes = 0;
  #failures = 0;
  /** Eager probing must not count towards the failures sooner than the probe's own period would. */
  #nextFailureMs: number;
  #verdict: boolean | null = null;

  constructor(probe: HttpProbe, nowMs: number) {
    this.#probe = probe;
    this.#nextFailureMs = nowMs + probe.initialDelaySeconds * 1000;
  }

  /** Null until either threshold has been reached. */
  get verdict(): boolean | null {
    return this.#verdict;
  }

  /** Whether the result changed the verdict. */
  add(isOk: boolean, nowMs: number): boolean {
    this.#count(isOk, nowMs);
    const before = this.#verdict;
    if (this.#successes >= this.#probe.successThreshold) this.#verdict = true;
    else if (this.#failures >= this.#probe.failureThreshold) this.#verdict = false;
    return this.#verdict !== before;
  }

  /** From start to start, as a kubelet counts: a probe that times out must not put off the verdict. */
  msUntilNext(startMs: number, nowMs: number): number {
    const periodMs = this.#verdict === true ? this.#probe.periodSeconds * 1000 : EAGER_PERIOD_MS;
    return Math.max(0, startMs + periodMs - nowMs);
  }

  #count(isOk: boolean, nowMs: number): void {
    if (isOk) {
      this.#successes++;
      this.#failures = 0;
      return;
    }
    this.#successes = 0;
    if (nowMs < this.#nextFailureMs) return;
    this.#failures++;
    this.#nextFailureMs = nowMs + this.#probe.periodSeconds * 1000;
  }
}

/** One GET; true for a status of 200 to 399 within the timeout. Never rejects. */
export function probeOnce(probe: HttpProbe, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(
      {
        host: probe.host,
        port: probe.port,
        path: probe.path,
        agent: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(probe.timeoutSeconds * 1000)]),
      },
      (response) => {
        const status = response.statusCode ?? 0;
        resolve(status >= 200 && status < 400);
        response.destroy();
      },
    );
    request.on('error', () => resolve(false));
  });
}

/** Resolves after the delay, or at once when the signal aborts. */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    signal?.addEventListener('abort', finish, { once: true });
  });
}
