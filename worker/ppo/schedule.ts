/**
 * Learning rates over the iterations of a job. Knows nothing of optimizers.
 * Source: transformers' schedulers. Two differences: warmup starts above 0, because a rate of 0
 * would waste a whole rollout, and past the end the rate stays at its minimum instead of rising again.
 */

export interface Schedule {
  readonly learningRate: number;
  readonly schedule: 'constant' | 'linear' | 'cosine';
  readonly warmupIterations: number;
  /** Share of `learningRate` that linear and cosine end at. */
  readonly minLearningRateRatio: number;
}

/** The rate of iteration `iteration` (from 0) of `numIterations`. */
export function learningRateAt(schedule: Schedule, iteration: number, numIterations: number): number {
  const { learningRate, warmupIterations: warmup, minLearningRateRatio: minRatio } = schedule;
  if (iteration < warmup) return (learningRate * (iteration + 1)) / (warmup + 1);
  const progress = Math.min(1, (iteration - warmup) / Math.max(1, numIterations - warmup));
  return learningRate * (decayFactor(schedule.schedule, progress) * (1 - minRatio) + minRatio);
}

/** From 1 at progress 0 to 0 at progress 1; constant stays at 1. */
function decayFactor(kind: Schedule['schedule'], progress: number): number {
  if (kind === 'constant') return 1;
  if (kind === 'linear') return 1 - progress;
  return 0.5 * (1 + Math.cos(Math.PI * progress));
}
