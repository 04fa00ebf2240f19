/** Prometheus series of whatever scores. Knows nothing of how. */
import { Counter, Histogram, type Registry } from 'prom-client';

export interface ScorerMetrics {
  readonly tokens: Counter;
  readonly seconds: Histogram;
}

export function createScorerMetrics(registry: Registry): ScorerMetrics {
  const registers = [registry];
  return {
    tokens: new Counter({ name: 'ppo_scored_tokens_total', help: 'Tokens of prompts and responses scored', registers }),
    seconds: new Histogram({
      name: 'ppo_score_batch_seconds',
      help: 'Length of one forward pass',
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
      registers,
    }),
  };
}
