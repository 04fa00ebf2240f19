/**
 * Merges what a manifest says about its pods in Kubernetes' own words, and lays it over the pods that the operator builds.
 * Objects are merged key by key, lists of named items item by item, lists of terms are added up, and anything else is
 * replaced; so fields that nobody here knows are merged as well. Checks nothing: operator/api has.
 */
import { posix } from 'node:path';
import { COLOCATED, CONTAINERS, type RoleName, SHARED_ROLES } from '../api/names.ts';
import type { PodTemplate } from '../api/pod-template-schema.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { Container, Pod } from '../cluster/objects.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** By which key the items of a list are known; an item replaces the one of the same key as a whole. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  volumes: 'name',
  volumeMounts: 'mountPath',
  env: 'name',
  imagePullSecrets: 'name',
};
/** Lists whose items hold beside each other, as a scheduler reads them. */
const ADDED_UP = [
  ...['tolerations', 'topologySpreadConstraints'],
  ...['preferredDuringSchedulingIgnoredDuringExecution', 'requiredDuringSchedulingIgnoredDuringExecution'],
];

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Items of `over` in the places of those of `base` that have the same key, the others behind. */
function mergeItems(base: readonly Mapping[], over: readonly Mapping[], key: string): Mapping[] {
  const byKey = new Map(base.map((item) => [item[key], item]));
  for (const item of over) byKey.set(item[key], item);
  return [...byKey.values()];
}

function mergeField(name: string, base: unknown, over: unknown): unknown {
  if (isMapping(base) && isMapping(over)) return mergeTemplates(base, over);
  if (!Array.isArray(base) || !Array.isArray(over)) return over;
  const key = MERGE_KEYS[name];
  if (key !== undefined) return mergeItems(base, over, key);
  return ADDED_UP.includes(name) ? [...base, ...over] : over;
}

/** `over` laid over `base`. */
export function mergeTemplates<T extends Mapping>(base: T, over: Mapping): T {
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    // Null is as good as absent, as the API server has it.
    if (value !== undefined && value !== null) merged[name] = mergeField(name, base[name], value);
  }
  return merged as T;
}

/** What the manifest says of pods that carry these roles: the job's words, then each role's. */
function templateOf(job: PPOJob, roles: readonly RoleName[]): PodTemplate {
  const { podTemplate = {}, roles: specs } = job.spec;
  return roles.reduce<PodTemplate>(
    (merged, role) => mergeTemplates(merged, specs[role].podTemplate ?? {}),
    podTemplate,
  );
}

/** Only what is there: a key that is there, even with nothing in it, would be owned by the operator. */
function defined(mapping: Mapping): Mapping {
  return Object.fromEntries(Object.entries(mapping).filter(([, value]) => value !== undefined));
}

/** A path has one spelling from here on, so that `/data/` replaces `/data`, and covers what lies in it. */
function resolveMounts(mounts: PodTemplate['volumeMounts']): PodTemplate['volumeMounts'] {
  return mounts?.map((mount) => ({ ...mount, mountPath: posix.resolve('/', mount.mountPath) }));
}

/** `pod`, of one role, with what the manifest says of its containers and their volumes. */
export function applyContainerTemplate(pod: Pod, job: PPOJob, role: RoleName): Pod {
  const template = templateOf(job, [role]);
  const { image, imagePullPolicy, env, volumes, communicatorResources } = template;
  const volumeMounts = resolveMounts(template.volumeMounts);
  const common = defined({ image, imagePullPolicy, env });
  const apply = (container: Container): Container => {
    const own = container.name === CONTAINERS.worker ? { volumeMounts } : { resources: communicatorResources };
    return mergeTemplates(container as Container & Mapping, { ...common, ...defined(own) });
  };
  const { initContainers, containers } = pod.spec;
  const spec = {
    ...pod.spec,
    ...(initContainers && { initContainers: initContainers.map(apply) }),
    containers: containers.map(apply),
  };
  return { ...pod, spec: mergeTemplates(spec as Pod['spec'] & Mapping, defined({ volumes })) };
}

/** `pod` with what the manifest says of the pod as a whole. Labels that the operator gave stay. */
export function applyPodTemplate(pod: Pod, job: PPOJob, carrier: RoleName | typeof COLOCATED): Pod {
  const template = templateOf(job, carrier === COLOCATED ? SHARED_ROLES : [carrier]);
  const { labels, annotations, nodeSelector, tolerations, affinity } = template;
  const { topologySpreadConstraints, priorityClassName, runtimeClassName, imagePullSecrets, securityContext } =
    template;
  const { metadata } = pod;
  const spec = defined({
    ...{ nodeSelector, tolerations, affinity, topologySpreadConstraints },
    ...{ priorityClassName, runtimeClassName, imagePullSecrets, securityContext },
  });
  return {
    ...pod,
    metadata: {
      ...metadata,
      ...(labels && { labels: { ...labels, ...metadata.labels } }),
      ...(annotations && { annotations: { ...annotations, ...metadata.annotations } }),
    },
    spec: mergeTemplates(pod.spec as Pod['spec'] & Mapping, spec),
  };
}
