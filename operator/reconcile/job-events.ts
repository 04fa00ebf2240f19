// Which events a status write is worth: what a user wants to read in `kubectl describe`, once each. Pure.

import { CONDITIONS, REASONS, type Reason, STAGES_LATEST_FIRST } from '../api/names.ts';
import type { PPOJob, PPOJobStatus } from '../api/ppojob.ts';
import type { EventMessage } from '../cluster/event-recorder.ts';
import type { Condition, Pod, Stored } from '../cluster/objects.ts';
import { findCondition } from './conditions.ts';
import { describeFault, type Judgement } from './judge.ts';
import type { Restart } from './restarts.ts';

/** Conditions whose turning is news, and when. */
const NEWS: Readonly<Record<string, readonly Condition['status'][]>> = {
  [CONDITIONS.accepted]: ['False'],
  [CONDITIONS.scheduled]: ['True'],
  [CONDITIONS.running]: ['True'],
  [CONDITIONS.suspended]: ['True', 'False'],
  [CONDITIONS.succeeded]: ['True'],
  [CONDITIONS.failed]: ['True'],
};
const WARNINGS: ReadonlySet<string> = new Set([REASONS.invalid]);

export function conditionEvents(previous: PPOJobStatus, next: PPOJobStatus): EventMessage[] {
  return STAGES_LATEST_FIRST.toReversed().flatMap((type): EventMessage[] => {
    const condition = findCondition(next.conditions, type);
    if (condition === undefined) return [];
    const known = findCondition(previous.conditions, condition.type);
    const isSame = known?.status === condition.status && known.reason === condition.reason;
    if (isSame || !NEWS[condition.type]?.includes(condition.status)) return [];
    const isWarning = condition.type === CONDITIONS.failed || WARNINGS.has(condition.reason);
    return [{ type: isWarning ? 'Warning' : 'Normal', reason: condition.reason, message: condition.message }];
  });
}

export function restartEvents(job: PPOJob, next: PPOJobStatus, judgement: Judgement): EventMessage[] {
  return judgement.restarts.map((restart) => {
    const message = `${describeFault(restart.faults[0])}; ${describeRestart(restart, job, next)}`;
    return { type: 'Warning', reason: RESTART_REASONS[restart.scope], message };
  });
}

const RESTART_REASONS = {
  Pod: REASONS.podRestarted,
  Role: REASONS.roleRestarted,
  Job: REASONS.jobRestarted,
} as const satisfies Record<Restart['scope'], Reason>;

function describeRestart({ scope, role, count }: Restart, { spec }: PPOJob, next: PPOJobStatus): string {
  const what = { Pod: '', Role: `all pods of role ${role} are replaced; `, Job: 'all pods are replaced; ' }[scope];
  if (count === 'Ignored') return `${what}ignored, as failurePolicy.rules say`;
  if (count === 'Infrastructure') return `${what}it was taken away, which counts towards no limit`;
  if (scope !== 'Job') {
    const { restarts } = next.roles?.[role] ?? { restarts: 0 };
    return `${what}restart ${restarts} of at most ${spec.roles[role].maxRestarts} of role ${role}`;
  }
  const most = spec.backoffLimit === undefined ? '' : ` of at most ${spec.backoffLimit}`;
  return `${what}restart ${next.restarts}${most} of the job`;
}

export function abandonEvents(pods: readonly Stored<Pod>[], uids: ReadonlySet<string>): EventMessage[] {
  return pods
    .filter(({ metadata }) => uids.has(metadata.uid))
    .map(({ metadata }) => ({
      type: 'Warning',
      reason: REASONS.podAbandoned,
      message: `pod ${metadata.name} should have stopped long ago: its node seems lost, and it is removed by force`,
    }));
}

/** Of what the API server refused. */
export function refusalEvent({ message }: Error): EventMessage {
  return { type: 'Warning', reason: REASONS.applyFailed, message };
}
