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
import { AlreadyExistsError, ConflictError, NotFoundError, UnavailableError } from '../cluster/errors.ts';
import { flattenFields } from '../cluster/field-paths.ts';
import { copyJson, type Json } from '../cluster/json.ts';
import type { KubernetesObject, NetworkPolicy, Pod, Stored } from '../cluster/objects.ts';
import type { DesiredObjects, PlacementObject } from '../plan/plan.ts';
import { isControlledBy, type Observed } from './observe.ts';
import type { StoredPlacement } from './placement.ts';
import { groupOf, hasEnded } from './pod-state.ts';
import { changeQueued, type QueuedInput } from './queued-pods.ts';
import { nameTaken } from './refusals.ts';

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
  readonly run: () => Promise<unknown>;
}

/** Pods of one job written at the same time. */
const MAX_BATCH = 16;
/** When so much has failed, what is left would most likely fail as well; it's tried later. */
const MAX_ERRORS = 16;

/** Takes every step, whatever becomes of the others. Returns what failed. */
export async function act(cluster: Cluster, input: ActInput): Promise<Error[]> {
  const errors: Error[] = [];
  let { mayCreatePods } = input;
  for (const step of applySteps(cluster, input)) {
    const error = await attempt(step);
    if (error === null) continue;
    if (step.isForPods) mayCreatePods = false;
    errors.push(error);
  }
  errors.push(...(await takeTogether(podDeletions(cluster, input))));
  const creations = mayCreatePods ? podCreations(cluster, input) : [];
  errors.push(...(await takeTogether(creations, isUnavailable)));
  return errors;
}

/**
 * The first alone, then ever more at once, as Kubernetes' own controllers: what refuses one may refuse all. Ends early when a
 * whole batch failed as `isHopeless` says. Returns what failed.
 */
async function takeTogether(
  steps: readonly Step[],
  isHopeless: (error: Error | null) => boolean = () => false,
): Promise<Error[]> {
  const errors: Error[] = [];
  for (let start = 0, size = 1; start < steps.length; start += size, size = Math.min(2 * size, MAX_BATCH)) {
    const results = await Promise.all(steps.slice(start, start + size).map(attempt));
    errors.push(...results.filter((error) => error !== null));
    if (errors.length >= MAX_ERRORS || results.every(isHopeless)) break;
  }
  return errors;
}

/** Such answers take long, and keep the connections that other jobs need: whoever waits on a namespace's webhooks waits alone. */
function isUnavailable(error: Error | null): boolean {
  return error?.cause instanceof UnavailableError;
}

/** Deletes pods of a job of which nothing else is done. Returns what failed. */
export async function removePods(
  cluster: Cluster,
  pods: readonly Stored<Pod>[],
  { cleanPodPolicy, ...input }: Pick<ActInput, 'cleanPodPolicy' | 'abandoned' | 'isOver'>,
): Promise<Error[]> {
  const due = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && isCleaned(pod, cleanPodPolicy));
  return takeTogether([
    ...queuedPodSteps(cluster, pods, input),
    ...abandonSteps(cluster, pods, input.abandoned),
    ...due.map((pod) => deletion(cluster, PODS, pod)),
  ]);
}

function abandonSteps(cluster: Cluster, pods: readonly Stored<Pod>[], abandoned: ReadonlySet<string>): Step[] {
  return pods
    .filter(({ metadata }) => abandoned.has(metadata.uid))
    .map((pod) => deletion(cluster, PODS, pod, { gracePeriodSeconds: 0 }));
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
    if (!isControlledBy(stored, jobUid)) throw nameTaken(stored, object);
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
function podDeletions(cluster: Cluster, { observed, desired, ...input }: ActInput): Step[] {
  const wanted = new Set(desired.pods.map(({ metadata }) => metadata.name));
  const isDue = (pod: Stored<Pod>): boolean => {
    if (pod.metadata.deletionTimestamp !== undefined) return false;
    if (wanted.has(pod.metadata.name)) return input.replacing.has(pod.metadata.uid);
    return isCleaned(pod, input.cleanPodPolicy);
  };
  const all = [...observed.pods, ...observed.formerPods];
  return [
    ...queuedPodSteps(cluster, all, input),
    ...abandonSteps(cluster, all, input.abandoned),
    ...observed.pods.filter(isDue).map((pod) => deletion(cluster, PODS, pod)),
  ];
}

function podCreations(cluster: Cluster, { observed, desired, heldGroups }: ActInput): Step[] {
  const existing = new Set(observed.pods.map(({ metadata }) => metadata.name));
  return desired.pods
    .filter((pod) => !existing.has(pod.metadata.name) && !heldGroups.has(groupOf(pod) ?? ''))
    .map((pod) => creation(cluster, pod, observed.job.metadata.uid));
}

/**
 * The name may still belong to a pod of an earlier job: then trying again later is right, and no news. Or the pod is there
 * already, made by a request whose answer was lost.
 */
function creation(cluster: Cluster, pod: Pod, jobUid: string): Step {
  const run = async (): Promise<void> => {
    try {
      await cluster.create(PODS, pod, { fieldManager: FIELD_MANAGER });
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
      const other = await cluster.get(PODS, pod.metadata);
      if (other.metadata.deletionTimestamp === undefined && !isOwnPod(other, pod, jobUid)) throw error;
    }
  };
  return { name: `create Pod ${pod.metadata.name}`, run };
}

/** Not one that has lost the labels by which the job's pods are followed: the job would wait for it without a word. */
function isOwnPod(stored: Stored<Pod>, wanted: Pod, jobUid: string): boolean {
  const { labels = {} } = wanted.metadata;
  const isFollowed = Object.entries(labels).every(([name, value]) => stored.metadata.labels?.[name] === value);
  return isControlledBy(stored, jobUid) && isFollowed;
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
