/** All pods of a job: by role or shared by roles, each with its devices, its company and its scheduler's marks. */
import { COLOCATED, ROLE_NAMES, SHARED_ROLES } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { Pod } from '../cluster/objects.ts';
import { colocate } from './colocate.ts';
import { addDevices } from './devices.ts';
import type { PodIdentity } from './environment.ts';
import { admitPods, type GangState, isElastic, joinGang } from './gang.ts';
import { pack } from './packing.ts';
import type { Platform } from './platform.ts';
import { buildPod } from './pod.ts';
import { applyContainerTemplate, applyPodTemplate } from './pod-template.ts';
import { type carrierOf, isColocated } from './ports.ts';
import { addTls } from './tls.ts';
import { addTracing } from './tracing.ts';
import { imageOf, rememberImage } from './worker-image.ts';
import { addScratch } from './workspace.ts';

interface PlannedPod {
  readonly carrier: ReturnType<typeof carrierOf>;
  readonly index: number;
  readonly pod: Pod;
}

interface Surroundings {
  readonly platform: Platform;
  readonly image: string;
}

function buildRolePod(job: PPOJob, identity: PodIdentity, { platform, image }: Surroundings): Pod {
  const { role } = identity;
  const pod = addTracing(addTls(buildPod(job, identity, image, platform.userId), job, { role, platform }), job);
  return addScratch(applyContainerTemplate(pod, job, role), job);
}

function buildRole(job: PPOJob, role: PodIdentity['role'], surroundings: Surroundings): PlannedPod[] {
  const { replicas } = job.spec.roles[role];
  return Array.from({ length: replicas }, (_, index) => ({
    ...{ carrier: role, index },
    pod: buildRolePod(job, { role, index }, surroundings),
  }));
}

function buildColocated(job: PPOJob, surroundings: Surroundings): PlannedPod[] {
  return Array.from({ length: job.spec.roles.actor.replicas }, (_, index) => {
    const rolePods = SHARED_ROLES.map((role) => ({ role, pod: buildRolePod(job, { role, index }, surroundings) }));
    return { carrier: COLOCATED, index, pod: colocate(job, index, rolePods) };
  });
}

function place({ pod, carrier, index }: PlannedPod, job: PPOJob, state: GangState | null): Pod {
  const described = applyPodTemplate(pod, job, carrier);
  return joinGang(pack(addDevices(described, job, carrier), job), job, { role: carrier, index, state });
}

/** Ordered: coordinator first, then by role and index. `existing` are the job's pods as they stand. */
export function buildPods(
  job: PPOJob,
  platform: Platform,
  { gang: state, existing }: { readonly gang: GangState | null; readonly existing: readonly Pod[] },
): Pod[] {
  const image = imageOf(job, platform, existing);
  const surroundings = { platform, image };
  const planned = isColocated(job)
    ? [...buildRole(job, 'coordinator', surroundings), ...buildColocated(job, surroundings)]
    : ROLE_NAMES.flatMap((role) => buildRole(job, role, surroundings));
  const wanted = planned.map((one) => rememberImage(place(one, job, state), job, image));
  if (state === null) return wanted;
  const surplus = new Set(
    planned
      .filter(({ carrier, index }) => isElastic(job, { role: carrier, index }))
      .map(({ pod }) => pod.metadata.name),
  );
  return admitPods({ wanted, isSurplus: ({ metadata }) => surplus.has(metadata.name), existing });
}
