/** Prometheus series of whatever scores. Knows nothing of how. */
import type { Counter, Histogram, Registry } from 'prom-client';
import { SECONDS_BUCKETS, Series } from '../service/series.ts';

export interface ScorerMetrics {
  readonly sequences: Counter;
  readonly tokens: Counter;
  readonly seconds: Histogram;
  readonly errors: Counter;
}

export function createScorerMetrics(registry: Registry): ScorerMetrics {
  const series = new Series(registry);
  return {
    sequences: series.counter('ppo_scoring_sequences_total', 'Prompts with their responses scored'),
    tokens: series.counter('ppo_scoring_tokens_total', 'Tokens of prompts and responses scored'),
    seconds: series.histogram('ppo_scoring_batch_seconds', 'Length of one forward pass', SECONDS_BUCKETS),
    errors: series.counter('ppo_scoring_errors_total', 'Forward passes that failed, or gave what is not finite'),
  };
}
