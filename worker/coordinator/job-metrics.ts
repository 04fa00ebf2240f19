/**
 * The coordinator's Prometheus series. Knows nothing of how the figures come about.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type Membership, WORKER_ROLES } from './membership.ts';

export interface JobMetrics {
  readonly iteration: Gauge;
  readonly responseTokens: Counter;
  readonly requeuedResponses: Counter;
  readonly rollbacks: Counter;
  readonly phaseSeconds: Histogram<'phase'>;
  /** Every figure of metrics.jsonl, by its name there. */
  readonly figure: Gauge<'name'>;
}

export function createJobMetrics(registry: Registry, membership: Membership): JobMetrics {
  const registers = [registry];
  new Gauge({
    name: 'ppo_membership_epoch',
    help: 'Epoch of the membership',
    registers,
    collect() {
      this.set(membership.epoch);
    },
  });
  new Gauge({
    name: 'ppo_members_alive',
    help: 'Workers that are alive, by their role',
    labelNames: ['member_role'] as const,
    registers,
    collect() {
      for (const role of WORKER_ROLES) this.set({ member_role: role }, membership.alive(role).length);
    },
  });
  return {
    iteration: new Gauge({ name: 'ppo_iteration', help: 'Iterations done', registers }),
    responseTokens: new Counter({ name: 'ppo_response_tokens_total', help: 'Response tokens of rollouts', registers }),
    requeuedResponses: new Counter({
      name: 'ppo_requeued_responses_total',
      help: 'Responses that another replica had to make',
      registers,
    }),
    rollbacks: new Counter({ name: 'ppo_rollbacks_total', help: 'Returns to a checkpoint', registers }),
    phaseSeconds: new Histogram({
      name: 'ppo_phase_seconds',
      help: 'Length of each phase of an iteration',
      labelNames: ['phase'] as const,
      buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000],
      registers,
    }),
    figure: new Gauge({
      name: 'ppo_figure',
      help: 'Figures of the last iteration, as in metrics.jsonl',
      labelNames: ['name'] as const,
      registers,
    }),
  };
}
