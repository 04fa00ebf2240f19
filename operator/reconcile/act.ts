// From what should exist and what does to the cluster's writes, and the writes themselves. Every step may be repeated:
// names are deterministic and deletions name a uid. It refuses to know why something is desired.

import { isDeepStrictEqual } from 'node:util';
import type { CleanPodPolicy } from '../api/lifecycle-schema.ts';
import { FIELD_MANAGER } from '../api/names.ts';
import {
  type Cluster,
  CONFIG_MAPS,
  type DeleteOptions,
  NETWORK_POLICIES,
  PODS,
  type ResourceKind,
  SERVICES,
} from '../cluster/cluster.ts';
import { AlreadyExistsError, ConflictError, NotFoundError } from '../cluster/errors.ts';
import { flattenFields } from '../cluster/field-paths.ts';
import { copyJson, type Json } from '../cluster/json.ts';
import type { KubernetesObject, NetworkPolicy, Pod, Stored } from '../cluster/objects.ts';
import type { DesiredObjects, PlacementObject } from '../plan/plan.ts';
import { isControlledBy, type Observed } from './observe.ts';
import type { StoredPlacement } from './placement.ts';
import { groupOf, hasEnded } from './pod-state.ts';
import { changeQueued, type QueuedInput } from './queued-pods.ts';

export interface ActInput {
  readonly observed: Observed;
  readonly desired: DesiredObjects;
  /** Of the job, for schedulers and devices. */
  readonly placement: readonly StoredPlacement[];
  /** Uids of pods that the stored status says are replaced: no others may be, or a fault would not be counted. */
  readonly replacing: ReadonlySet<string>;
  /** Uids of pods that have been going for too long. */
  readonly abandoned: ReadonlySet<string>;
  /** Whether the job has ended. */
  readonly isOver: boolean;
  /** Groups of pods (see groupOf) of which none may be made yet. */
  readonly heldGroups: ReadonlySet<string>;
  /** Which pods are deleted that are no longer wanted. */
  readonly cleanPodPolicy: CleanPodPolicy;
  /** The job's NetworkPolicies as they stand. */
  readonly networkPolicies: readonly Stored<NetworkPolicy>[];
  /** False while something is missing that every pod needs. */
  readonly mayCreatePods: boolean;
  /** Whether the spec has changed since children were last applied. */
  readonly isSpecNew: boolean;
}

/** One write, with a name for messages. */
interface Step {
  readonly name: string;
  /** Whether no pod may be created when it fails. */
  readonly isForPods?: boolean;
  readonly createsPod?: boolean;
  readonly run: () => Promise<unknown>;
}

/** Pods of one job created at the same time. */
const MAX_BATCH = 16;
/** When so much has failed, what is left would most likely fail as well; it's tried later. */
const MAX_ERRORS = 16;

/** Takes every step, whatever becomes of the others. Returns what failed. */
export async function act(cluster: Cluster, input: ActInput): Promise<Error[]> {
  const errors: Error[] = [];
  let { mayCreatePods } = input;
  const take = async (step: Step): Promise<void> => {
    const error = await attempt(step);
    if (error === null) return;
    if (step.isForPods) mayCreatePods = false;
    errors.push(error);
  };
  const queueSteps = queuedPodSteps(cluster, input.observed.pods, input);
  const steps = [...applySteps(cluster, input), ...queueSteps, ...podSteps(cluster, input)];
  for (const step of steps) if (!step.createsPod) await take(step);
  const creations = mayCreatePods ? steps.filter((step) => step.createsPod) : [];
  // The first alone, then ever more at once, as Kubernetes' own controllers: a quota that refuses one refuses all.
  for (let start = 0, size = 1; start < creations.length; start += size, size = Math.min(2 * size, MAX_BATCH)) {
    await Promise.all(creations.slice(start, start + size).map(take));
    if (errors.length >= MAX_ERRORS) break;
  }
  return errors;
}

/** Deletes pods of a job of which nothing else is done. Returns what failed. */
export async function removePods(
  cluster: Cluster,
  pods: readonly Stored<Pod>[],
  policy: CleanPodPolicy,
): Promise<Error[]> {
  const due = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && isCleaned(pod, policy));
  const errors = await Promise.all(due.map((pod) => attempt(deletion(cluster, PODS, pod))));
  return errors.filter((error) => error !== null);
}

/** Has Kueue's queues let go of pods of a job of which nothing else is done. Returns what failed. */
export async function releasePods(
  cluster: Cluster,
  pods: readonly Stored<Pod>[],
  input: QueuedInput,
): Promise<Error[]> {
  const errors = await Promise.all(queuedPodSteps(cluster, pods, input).map(attempt));
  return errors.filter((error) => error !== null);
}

function queuedPodSteps(cluster: Cluster, pods: readonly Stored<Pod>[], input: QueuedInput): Step[] {
  return changeQueued(pods, input).map((pod) => ({
    name: `update Pod ${pod.metadata.name}`,
    // Whoever has changed it meanwhile has it looked at again.
    run: () => unlessChanged(cluster.update(PODS, pod, { fieldManager: FIELD_MANAGER })),
  }));
}

async function unlessChanged(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof NotFoundError || error instanceof ConflictError)) throw error;
  }
}

function isCleaned(pod: Pod, policy: CleanPodPolicy): boolean {
  return policy === 'All' || (policy === 'Running' && !hasEnded(pod));
}

/** What failed, in words; null where it worked. */
async function attempt({ name, run }: Step): Promise<Error | null> {
  try {
    await run();
    return null;
  } catch (error) {
    return new Error(`${name}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

function applySteps(cluster: Cluster, input: ActInput): Step[] {
  const { desired, observed, isSpecNew } = input;
  const apply = <T extends KubernetesObject>(kind: ResourceKind<T>, object: T, known: readonly Stored<T>[]): Step[] => {
    const existing = known.find(({ metadata }) => metadata.name === object.metadata.name);
    if (existing !== undefined && !isSpecNew && holds(existing, object)) return [];
    const run = async (): Promise<void> => {
      if (existing === undefined) await refuseForeign(cluster, kind, { object, jobUid: observed.job.metadata.uid });
      await cluster.apply<T>(kind, object, { fieldManager: FIELD_MANAGER, force: true });
    };
    return [{ name: `apply ${kind.kind} ${object.metadata.name}`, isForPods: true, run }];
  };
  const wanted = new Set(desired.services.map(({ metadata }) => metadata.name));
  return [
    ...apply(CONFIG_MAPS, desired.configMap, observed.configMaps),
    ...desired.services.flatMap((service) => apply(SERVICES, service, observed.services)),
    ...observed.services
      .filter(({ metadata }) => !wanted.has(metadata.name))
      .map((service) => deletion(cluster, SERVICES, service)),
    ...placementSteps(cluster, input, apply),
    ...networkPolicySteps(cluster, input, apply),
  ];
}

type Apply = <T extends KubernetesObject>(kind: ResourceKind<T>, object: T, known: readonly Stored<T>[]) => Step[];

/**
 * Throws where the name is somebody else's: an apply would take the object over, and it would go with the job. Whoever may
 * make a job could so undo a NetworkPolicy that is not theirs to change.
 */
async function refuseForeign<T extends KubernetesObject>(
  cluster: Cluster,
  kind: ResourceKind<T>,
  { object, jobUid }: { readonly object: T; readonly jobUid: string },
): Promise<void> {
  try {
    const stored = await cluster.get(kind, object.metadata);
    if (!isControlledBy(stored, jobUid)) throw new Error('there is one already, and it is not of this job');
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
}

/** Pods wait for their policy: until it is there, anybody may reach them. */
function networkPolicySteps(cluster: Cluster, { desired, networkPolicies }: ActInput, apply: Apply): Step[] {
  const wanted = new Set(desired.networkPolicies.map(({ metadata }) => metadata.name));
  return [
    ...desired.networkPolicies.flatMap((policy) => apply(NETWORK_POLICIES, policy, networkPolicies)),
    ...networkPolicies
      .filter(({ metadata }) => !wanted.has(metadata.name))
      .map((policy) => deletion(cluster, NETWORK_POLICIES, policy)),
  ];
}

/** A pod that comes before its group or its claim would wait for them, or start without. */
function placementSteps(cluster: Cluster, { desired, placement }: ActInput, apply: Apply): Step[] {
  const isSame = (a: PlacementObject, b: PlacementObject): boolean =>
    a.kind.apiVersion === b.kind.apiVersion &&
    a.kind.kind === b.kind.kind &&
    a.object.metadata.name === b.object.metadata.name;
  const known = placement.map(({ object }) => object);
  return [
    ...desired.placement.flatMap(({ kind, object }) => {
      const ofKind = known.filter(({ apiVersion, kind: name }) => apiVersion === kind.apiVersion && name === kind.kind);
      return apply(kind, object, ofKind).map((step) => ({ ...step, name: `${step.name} (${kind.apiVersion})` }));
    }),
    ...placement
      .filter((stored) => !desired.placement.some((wanted) => isSame(wanted, stored)))
      .filter(({ object }) => object.metadata.deletionTimestamp === undefined)
      .map(({ kind, object }) => deletion(cluster, kind, object)),
  ];
}

/** Whether every field of `desired` has its value in `existing` already, so that an apply would write nothing. */
function holds(existing: KubernetesObject, desired: KubernetesObject): boolean {
  const fields = flattenFields(copyJson(existing));
  for (const [id, { value }] of flattenFields(copyJson(desired))) {
    const known = fields.get(id);
    if (known === undefined ? !isZero(value) : !isDeepStrictEqual(known.value, value)) return false;
  }
  return true;
}

/** What the API server leaves out when it is asked: then not having it is having it. */
function isZero(value: Json): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return !value;
}

/** Pods are created and deleted, never changed: their spec can't be. */
function podSteps(cluster: Cluster, { observed, desired, ...input }: ActInput): Step[] {
  const existing = new Set(observed.pods.map(({ metadata }) => metadata.name));
  const wanted = new Set(desired.pods.map(({ metadata }) => metadata.name));
  const isDue = (pod: Stored<Pod>): boolean => {
    if (pod.metadata.deletionTimestamp !== undefined) return false;
    if (wanted.has(pod.metadata.name)) return input.replacing.has(pod.metadata.uid);
    return isCleaned(pod, input.cleanPodPolicy);
  };
  const isMissing = (pod: Pod): boolean =>
    !existing.has(pod.metadata.name) && !input.heldGroups.has(groupOf(pod) ?? '');
  return [
    ...observed.pods
      .filter(({ metadata }) => input.abandoned.has(metadata.uid))
      .map((pod) => deletion(cluster, PODS, pod, { gracePeriodSeconds: 0 })),
    ...observed.pods.filter(isDue).map((pod) => deletion(cluster, PODS, pod)),
    ...desired.pods.filter(isMissing).map((pod) => creation(cluster, pod)),
  ];
}

/** The name may still belong to a pod of an earlier job: then trying again later is right, and no news. */
function creation(cluster: Cluster, pod: Pod): Step {
  const run = async (): Promise<void> => {
    try {
      await cluster.create(PODS, pod, { fieldManager: FIELD_MANAGER });
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
      const other = await cluster.get(PODS, pod.metadata);
      if (other.metadata.deletionTimestamp === undefined) throw error;
    }
  };
  return { name: `create Pod ${pod.metadata.name}`, createsPod: true, run };
}

function deletion<T extends KubernetesObject>(
  cluster: Cluster,
  kind: ResourceKind<T>,
  object: Stored<T>,
  options: DeleteOptions = {},
): Step {
  const { name, uid } = object.metadata;
  const run = (): Promise<void> =>
    unlessChanged(cluster.delete(kind, object.metadata, { ...options, preconditions: { uid } }));
  return { name: `delete ${kind.kind} ${name}`, run };
}
