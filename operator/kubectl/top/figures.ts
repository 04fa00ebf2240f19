/**
 * From two looks at a worker's metrics page to the figures of `kubectl ppo top`. Pure. The series' names are the workers'
 * own (docs/metrics.md).
 */
import { type Sample, sumOf } from './exposition.ts';

/** A page, and when it was read. */
export interface Look {
  readonly samples: readonly Sample[];
  readonly atMs: number;
}

/** Null where the worker has no such figure. */
export interface Figures {
  readonly tokensPerSecond: number | null;
  /** Requests that are decoded, and that wait for it. */
  readonly running: number | null;
  readonly waiting: number | null;
  /** 1 is all of it. */
  readonly cacheShare: number | null;
  /** Mean of the steps between the two looks; of all steps where there was none. */
  readonly stepSeconds: number | null;
  /** Of the process itself. */
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
}

export const SERIES = {
  running: 'vllm:num_requests_running',
  waiting: 'vllm:num_requests_waiting',
  cacheShare: 'vllm:kv_cache_usage_perc',
  memoryBytes: 'process_resident_memory_bytes',
  cpuSeconds: 'process_cpu_seconds_total',
} as const;
/** Of a role the first that it has. */
export const TOKEN_COUNTERS = [
  'vllm:generation_tokens_total',
  'ppo_train_tokens_total',
  'ppo_scoring_tokens_total',
] as const;
export const STEP_HISTOGRAMS = ['ppo_train_step_seconds', 'ppo_scoring_batch_seconds'] as const;

export function figuresOf(first: Look, second: Look): Figures {
  const seconds = (second.atMs - first.atMs) / 1000;
  const now = (name: string): number | null => sumOf(second.samples, name);
  const rate = (name: string): number | null => {
    const [before, after] = [sumOf(first.samples, name), now(name)];
    if (before === null || after === null || seconds <= 0) return null;
    // A process that was restarted in between counts from nought.
    return Math.max(0, after - before) / seconds;
  };
  // A trainer scores as well; whatever it did meanwhile is its speed.
  const rates = TOKEN_COUNTERS.map(rate).filter((value) => value !== null);
  const steps = STEP_HISTOGRAMS.map((name) => meanOf(name, first, second)).find((mean) => mean !== null);
  return {
    tokensPerSecond: rates.length === 0 ? null : Math.max(...rates),
    running: now(SERIES.running),
    waiting: now(SERIES.waiting),
    cacheShare: now(SERIES.cacheShare),
    stepSeconds: steps ?? null,
    cpus: rate(SERIES.cpuSeconds),
    memoryBytes: now(SERIES.memoryBytes),
  };
}

function meanOf(histogram: string, first: Look, second: Look): number | null {
  const [sum, count] = [`${histogram}_sum`, `${histogram}_count`].map((name) => sumOf(second.samples, name));
  if (sum == null || count == null || count === 0) return null;
  const newCount = count - (sumOf(first.samples, `${histogram}_count`) ?? 0);
  const newSum = sum - (sumOf(first.samples, `${histogram}_sum`) ?? 0);
  return newCount > 0 ? newSum / newCount : sum / count;
}
