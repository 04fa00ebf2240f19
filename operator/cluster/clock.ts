// Time as a value that tests can replace. The only place in the control plane that reads the system's clock.

export interface Clock {
  /** Since 1970, for what others read; somebody may set it forward or back. */
  nowMs(): number;
  /** Only differences mean anything: for how long something took or may take. Nobody sets it. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs`; the function returned cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Timers keep the process alive: whoever starts one stops it. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** RFC 3339 to the second, as Kubernetes writes times. */
export function timestamp(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
}
