// Metrics of jobs as a whole: how many stand where, how long they took to start, which pods were replaced and why. It
// refuses to know how that is found out; no series carries a job's name.

import { Gauge, type Histogram, type Registry } from 'prom-client';
import { Series } from '../worker/service/series.ts';
import { COLOCATED, CONDITIONS, ROLE_NAMES, STAGES_LATEST_FIRST } from './api/names.ts';
import type { PPOJobStatus } from './api/ppojob.ts';
import { type JobObserver, type Milestone, RESTART_CAUSES } from './reconcile/job-observer.ts';
import type { PPOJobObject } from './reconcile/ppojob-kind.ts';

/** From a second, for pods whose image is there, to an hour of waiting for room. */
const START_BUCKETS = [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];
/** Of jobs that the operator has not looked at yet, and of those whose manifest is wrong. */
const PENDING = 'Pending';
const INVALID = 'Invalid';

export function createJobObserver(registry: Registry): JobObserver {
  const series = new Series(registry);
  let list = (): readonly PPOJobObject[] | null => null;
  new Gauge({
    name: 'ppo_operator_jobs',
    help: 'Jobs by the latest stage that they have reached; a job is counted once. Only the operator that leads has any.',
    labelNames: ['condition'],
    registers: [registry],
    collect() {
      this.reset();
      const jobs = list();
      if (jobs === null) return;
      for (const condition of [...STAGES_LATEST_FIRST, INVALID, PENDING]) this.set({ condition }, 0);
      for (const { status = {} } of jobs) this.inc({ condition: stageOf(status) });
    },
  });
  const replaced =
    'Pods replaced, by role and cause: program, infrastructure, ignored, gang (with a rank that failed) or job.';
  const restarts = series.counterBy('ppo_operator_restarts_total', replaced, ['role', 'cause']);
  for (const role of [...ROLE_NAMES, COLOCATED]) {
    for (const cause of RESTART_CAUSES) restarts.inc({ role, cause }, 0);
  }
  const until = (stage: string): string => `From a job's creation until it was first ${stage}.`;
  const milestones: Record<Milestone, Histogram> = {
    scheduled: series.histogram('ppo_operator_job_scheduled_seconds', until('Scheduled'), START_BUCKETS),
    running: series.histogram('ppo_operator_job_running_seconds', until('Running'), START_BUCKETS),
  };
  return {
    onStart: (read) => {
      list = read;
    },
    onMilestone: (milestone, sinceCreationMs) => milestones[milestone].observe(sinceCreationMs / 1000),
    onPodReplaced: (role, cause) => restarts.inc({ role, cause }),
  };
}

/** What `kubectl get` shows as the status, and a word for jobs that have none. */
function stageOf({ conditions = [] }: PPOJobStatus): string {
  const [first] = conditions.filter(({ status }) => status === 'True');
  if (first !== undefined) return first.type;
  return conditions.some(({ type }) => type === CONDITIONS.accepted) ? INVALID : PENDING;
}
