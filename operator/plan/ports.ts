/** The ports of a role's containers: roles that share a pod also share its address, so theirs lie apart. */
import { COLOCATED, PORTS, type RoleName, SHARED_ROLES } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';

export type Ports = Readonly<Record<keyof typeof PORTS, number>>;

/** More than the ports that lie side by side in PORTS. */
const STRIDE = 10;

export function isColocated(job: PPOJob): boolean {
  return job.spec.placement.mode === 'Colocated';
}

/** What carries a role: pods of its own, or those that all shared roles are in. */
export function carrierOf(job: PPOJob, role: RoleName): RoleName | typeof COLOCATED {
  return isColocated(job) && (SHARED_ROLES as readonly string[]).includes(role) ? COLOCATED : role;
}

export function portsOf(job: PPOJob, role: RoleName): Ports {
  if (carrierOf(job, role) !== COLOCATED) return PORTS;
  const shift = STRIDE * (SHARED_ROLES as readonly RoleName[]).indexOf(role);
  return Object.fromEntries(Object.entries(PORTS).map(([name, port]) => [name, port + shift])) as Ports;
}
