// From decisions on faults to restarts: which pods are replaced together, and what each restart counts towards. Pure; it
// refuses to know limits and time.

import type { RoleName } from '../api/names.ts';
import type { PPOJobStatus } from '../api/ppojob.ts';
import type { Pod, Stored } from '../cluster/objects.ts';
import type { Decision } from './failure-policy.ts';
import type { PodFault } from './pod-fault.ts';
import { groupOf } from './pod-state.ts';

/** One replacement of pods, however many faults led to it at the same time. */
export interface Restart {
  readonly scope: 'Pod' | 'Role' | 'Job';
  /** Of the fault that is told. */
  readonly role: RoleName;
  readonly faults: readonly [PodFault, ...PodFault[]];
  /** Pods that are replaced. */
  readonly uids: readonly string[];
  /** The count that it raises. */
  readonly count: 'Program' | 'Infrastructure' | 'Ignored';
}

/** None of `decisions` is FailJob. */
export function planRestarts(decisions: readonly Decision[], pods: readonly Stored<Pod>[]): Restart[] {
  const faultsWith = (action: Decision['action']): PodFault[] =>
    decisions.filter((decision) => decision.action === action).map(({ fault }) => fault);
  const ofJob = faultsWith('RestartJob');
  if (isFilled(ofJob)) return [restartOf('Job', ofJob, pods)];
  const byGroup = Map.groupBy(faultsWith('RestartRole'), ({ group }) => group);
  const ofRoles = [...byGroup].map(([group, faults]) =>
    restartOf(
      'Role',
      faults as [PodFault, ...PodFault[]],
      pods.filter((pod) => groupOf(pod) === group),
    ),
  );
  const ofPods = decisions
    .filter(({ action, fault }) => (action === 'RestartPod' || action === 'Ignore') && !byGroup.has(fault.group))
    .map(({ action, fault }): Restart => {
      const count = action === 'Ignore' ? 'Ignored' : fault.cause;
      return { scope: 'Pod', role: fault.role, faults: [fault], uids: [fault.uid], count };
    });
  return [...ofRoles, ...ofPods];
}

/** Pods that fail together because one was taken away are no fault of the program. */
function restartOf(
  scope: Restart['scope'],
  faults: readonly [PodFault, ...PodFault[]],
  pods: readonly Stored<Pod>[],
): Restart {
  const told = faults.find(({ cause }) => cause === 'Infrastructure') ?? faults[0];
  const others = faults.filter((fault) => fault !== told);
  return {
    ...{ scope, role: told.role, count: told.cause },
    faults: [told, ...others],
    uids: pods.map((pod) => pod.metadata.uid),
  };
}

function isFilled<T>(items: readonly T[]): items is readonly [T, ...T[]] {
  return items.length > 0;
}

export interface RestartCounts {
  /** Of a role by itself; restarts of the whole job are in `job` alone. */
  readonly program: Readonly<Counts>;
  readonly infrastructure: Readonly<Counts>;
  /** That a rule of the failure policy leaves out of every limit. */
  readonly ignored: Readonly<Counts>;
  readonly job: number;
  /** What backoffLimit limits. */
  readonly total: number;
}

/** The counts that `status` holds, with those of `restarts`. */
export function countRestarts(status: PPOJobStatus, restarts: readonly Restart[]): RestartCounts {
  const counts = { program: {} as Counts, infrastructure: {} as Counts, ignored: {} as Counts };
  let job = status.jobRestarts ?? 0;
  for (const [role, known] of Object.entries(status.roles ?? {}) as [RoleName, Known][]) {
    counts.program[role] = known.restarts;
    counts.infrastructure[role] = known.infrastructureRestarts ?? 0;
    counts.ignored[role] = known.ignoredRestarts ?? 0;
  }
  for (const { scope, role, count } of restarts) {
    if (count === 'Program' && scope === 'Job') job += 1;
    else counts[COUNTS[count]][role] = (counts[COUNTS[count]][role] ?? 0) + 1;
  }
  const total = Object.values(counts.program).reduce((sum, value) => sum + value, job);
  return { ...counts, job, total };
}

const COUNTS = { Program: 'program', Infrastructure: 'infrastructure', Ignored: 'ignored' } as const;
type Counts = Partial<Record<RoleName, number>>;
type Known = NonNullable<NonNullable<PPOJobStatus['roles']>[RoleName]>;
