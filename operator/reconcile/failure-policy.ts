// What follows from a fault: the first rule of the job's failure policy that fits it, else what suits its role. Pure; it
// refuses to know limits and counts.

import type { FailureAction } from '../api/lifecycle-schema.ts';
import { COLOCATED, type RoleName } from '../api/names.ts';
import type { PPOJob, PPOJobSpec } from '../api/ppojob.ts';
import type { PodFault } from './pod-fault.ts';

export interface Decision {
  readonly fault: PodFault;
  readonly action: FailureAction;
  /** Index in `failurePolicy.rules` of the rule that decided; null where none did. */
  readonly rule: number | null;
}

type Rule = PPOJobSpec['failurePolicy']['rules'][number];

export function decide(job: PPOJob, fault: PodFault): Decision {
  const { rules } = job.spec.failurePolicy;
  const rule = rules.findIndex((candidate) => fits(candidate, fault));
  return rule === -1
    ? { fault, action: defaultAction(job, fault), rule: null }
    : { fault, action: rules[rule]!.action, rule };
}

/** Whether the pods of a group are ranks that train together: without one of them the others have nothing to do. */
export function isGang({ spec }: PPOJob, group: string): boolean {
  const role: RoleName | null =
    group === COLOCATED || group === 'actor' ? 'actor' : group === 'critic' ? 'critic' : null;
  return role !== null && spec.roles[role].replicas > 1;
}

function defaultAction(job: PPOJob, fault: PodFault): FailureAction {
  if (fault.hopeless !== null) return 'FailJob';
  return isGang(job, fault.group) ? 'RestartRole' : 'RestartPod';
}

function fits(rule: Rule, fault: PodFault): boolean {
  return (
    (rule.roles?.includes(fault.role) ?? true) &&
    (rule.exitCodes?.includes(fault.exitCode) ?? true) &&
    (rule.exitCodesNotIn === undefined || (hasExitCode(fault) && !rule.exitCodesNotIn.includes(fault.exitCode))) &&
    (rule.reasons?.some((reason) => fault.reasons.includes(reason)) ?? true) &&
    (rule.podConditions?.some((condition) => fault.conditions.includes(condition)) ?? true)
  );
}

/** False where no process ended: then no rule about exit codes is for it, as in batch/v1. */
function hasExitCode({ exitCode }: PodFault): boolean {
  return exitCode >= 0;
}
