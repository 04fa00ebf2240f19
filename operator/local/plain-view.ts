/** The view without a terminal: a plain line an iteration. Pure. */
import { formatCount, formatDuration, formatNumber, formatPercent } from './format.ts';
import { type IterationRecord, METRICS } from './metrics-file.ts';

export interface PlainContext {
  readonly numIterations: number;
  readonly elapsedSeconds: number;
  /** Null while unknown. */
  readonly remainingSeconds: number | null;
  /** Largest difference of logprobs so far; null while unknown. */
  readonly maxLogprobDifference: number | null;
}

/** `iteration 3/40  score 0.412  KL 0.0021  accuracy 31.0 %  812 tokens/s  policy version 3  parity 2.1e-6  21 s, 3 min 40 s left` */
export function renderIteration(record: IterationRecord, context: PlainContext): string {
  const { metrics } = record;
  const show = (label: string, value: number | null | undefined, format = formatNumber): string[] =>
    value === undefined || value === null ? [] : [label.replace('#', format(value))];
  const remaining = show(', # left', context.remainingSeconds, formatDuration).join('');
  return [
    `iteration ${record.iteration}/${context.numIterations}`,
    ...show('score #', metrics[METRICS.score]),
    ...show('KL #', metrics[METRICS.kl]),
    ...show('accuracy #', metrics[METRICS.accuracy], formatPercent),
    ...show('# tokens/s', metrics[METRICS.tokensPerSecond], formatCount),
    `policy version ${record.policyVersion}`,
    ...show('parity #', context.maxLogprobDifference),
    `${formatDuration(context.elapsedSeconds)}${remaining}`,
  ].join('  ');
}
