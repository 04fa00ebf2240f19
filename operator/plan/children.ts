/** Names, labels and owner of a job's children: deterministic, so that a child is found again by name alone. */
import { API_VERSION, type COLOCATED, FIELD_MANAGER, KIND, LABELS, type RoleName } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { ObjectMeta, OwnerReference } from '../cluster/objects.ts';

const APP_NAME = 'ppojob';

export function podName(jobName: string, role: RoleName | typeof COLOCATED, index: number): string {
  return `${jobName}-${role}-${index}`;
}

export function configMapName(jobName: string): string {
  return `${jobName}-config`;
}

/** The Secret with the authority that signs for the job; mounted nowhere. */
export function authoritySecretName(jobName: string): string {
  return `${jobName}-ca`;
}

/** The Secret with the job's certificates; each pod sees its own part. */
export function certificatesSecretName(jobName: string): string {
  return `${jobName}-tls`;
}

export function networkPolicyName(jobName: string): string {
  return jobName;
}

export function serviceName(jobName: string, role: RoleName): string {
  return `${jobName}-${role}`;
}

/** host:port at which a job's workers find their coordinator. */
export function coordinatorAddress(job: PPOJob, port: number): string {
  return `${serviceName(job.metadata.name, 'coordinator')}.${job.metadata.namespace}.svc:${port}`;
}

/** Labels that select all children of a job. */
export function jobLabels(jobName: string): Record<string, string> {
  return { [LABELS.job]: jobName };
}

/** Labels that select the pods of a role, or of all roles that share pods. */
export function roleLabels(jobName: string, role: RoleName | typeof COLOCATED): Record<string, string> {
  return { ...jobLabels(jobName), [LABELS.role]: role };
}

/** Makes the job the controller of a child: garbage collection, and the way back from child to job. */
export function ownerReference(job: PPOJob): OwnerReference {
  const { name, uid } = job.metadata;
  if (uid === undefined) throw new Error('internal: children are planned after the cluster gave the job a uid');
  return { apiVersion: API_VERSION, kind: KIND, name, uid, controller: true, blockOwnerDeletion: true };
}

/** Metadata of a child; `labels` beyond those that every child has. */
export function childMeta(job: PPOJob, name: string, labels: Readonly<Record<string, string>> = {}): ObjectMeta {
  return {
    name,
    namespace: job.metadata.namespace,
    labels: {
      [LABELS.appName]: APP_NAME,
      [LABELS.managedBy]: FIELD_MANAGER,
      ...jobLabels(job.metadata.name),
      ...labels,
    },
    ownerReferences: [ownerReference(job)],
  };
}
