/** The newest failure of a job as facts: which pod, how it ended, whose doing that was. Pure. */
import { COLOCATED, CONTAINERS, ROLE_NAMES, type RoleName } from '../../api/names.ts';
import type { LastFailure } from '../../api/ppojob.ts';
import type { Pod, Stored } from '../../cluster/objects.ts';
import { groupOf } from '../../reconcile/pod-state.ts';
import type { Diagnosis, DiagnosisInput } from './diagnosis.ts';
import { explainExitCode } from './exit-code.ts';

export interface Suspect {
  readonly pod: string;
  readonly role: RoleName | null;
  /** Of the pod that is meant, and not of another one of its name; null: it is gone. */
  readonly uid: string | null;
  /** Whose log to read; null where there is none. */
  readonly container: string | null;
  /** What the operator has kept of its last words. */
  readonly message: string;
}

const CAUSES: Readonly<Record<NonNullable<LastFailure['cause']>, string>> = {
  Program: 'it failed by itself',
  Infrastructure: 'it was taken away (eviction, preemption, a lost node); that counts towards no limit',
};

export function failureFacts({ job, pods }: DiagnosisInput): Pick<Diagnosis, 'facts' | 'suspect' | 'remedies'> {
  const { lastFailure, roles, jobRestarts = 0 } = job.status ?? {};
  if (lastFailure === undefined) return { facts: [], suspect: null, remedies: [] };
  const pod = pods.find(({ metadata }) => metadata.uid === lastFailure.uid) ?? null;
  const role = roleOfName(lastFailure.pod, job.metadata.name);
  // A reason of Kubernetes that the log doesn't have stands before its words.
  const told = lastFailure.message.split(':', 1);
  const exit = explainExitCode(lastFailure.exitCode, [...endReasons(pod), ...told]);
  const restarts = role === null ? 0 : (roles?.[role]?.restarts ?? 0);
  const facts: [string, string][] = [
    ['pod', `${lastFailure.pod}${lastFailure.cause === undefined ? '' : `: ${CAUSES[lastFailure.cause]}`}`],
    ['exit code', `${lastFailure.exitCode === -1 ? 'none' : lastFailure.exitCode}: ${exit.means}`],
    ...(restarts > 0 ? [['restarts', `${restarts} of role ${role}`] as [string, string]] : []),
    ...(jobRestarts > 0 ? [['restarts', `${jobRestarts} of the whole job`] as [string, string]] : []),
  ];
  const suspect: Suspect = {
    ...{ pod: lastFailure.pod, role, message: lastFailure.message },
    ...(pod === null ? { uid: null, container: null } : { uid: pod.metadata.uid, container: failedContainer(pod) }),
  };
  return { facts, suspect, remedies: exit.remedies };
}

export function suspectOf(pod: Stored<Pod>): Suspect {
  const group = groupOf(pod);
  const role = ROLE_NAMES.find((name) => name === group) ?? null;
  return { pod: pod.metadata.name, role, uid: pod.metadata.uid, container: failedContainer(pod), message: '' };
}

/** The one that ended badly, the worker first; one that never started has written nothing. */
function failedContainer(pod: Pod): string | null {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const started = statuses.filter(({ state }) => state.terminated !== undefined || state.running !== undefined);
  const failed = started.filter(({ state }) => (state.terminated?.exitCode ?? 0) !== 0);
  const worker = (found: typeof statuses) => found.find(({ name }) => name === CONTAINERS.worker) ?? found[0];
  return (worker(failed) ?? worker(started))?.name ?? null;
}

function endReasons(pod: Pod | null): string[] {
  const statuses = [...(pod?.status?.containerStatuses ?? []), ...(pod?.status?.initContainerStatuses ?? [])];
  return [pod?.status?.reason, ...statuses.map(({ state }) => state.terminated?.reason)].filter(
    (reason) => reason !== undefined,
  );
}

/** Pods are named after their job, role and index. */
function roleOfName(pod: string, job: string): RoleName | null {
  const word = pod.startsWith(`${job}-`) ? pod.slice(job.length + 1).replace(/-\d+$/, '') : '';
  return word === COLOCATED ? null : (ROLE_NAMES.find((role) => role === word) ?? null);
}
