/**
 * What a PPOJob may say about its pods in Kubernetes' own words, for all of them or for those of a role. Fields whose
 * content is Kubernetes' business are passed on as they are, also those that came into being after this was written.
 * Knows no merging: operator/plan/pod-template.ts does that.
 */
import { z } from 'zod';
import { countCharacters, integer, looseObject, rawObject, resourcesSchema, text } from './fields.ts';
import { GROUP, LABELS, MOUNTS } from './names.ts';

const MAX_ENTRIES = 64;
const MAX_KEY_CHARACTERS = 317; // a DNS prefix of 253, a slash, a name of 63
const MAX_LABEL_CHARACTERS = 63;
const MAX_ANNOTATION_CHARACTERS = 16_384;
const MAX_NAME_CHARACTERS = 253;
const MAX_VALUE_NAME_CHARACTERS = 1024;
const MAX_VOLUMES = 64;
const MAX_MOUNTS = 128;
const MAX_VARIABLES = 256;
const MAX_GROUPS = 64;
/** Of users and groups of Linux. */
const MAX_ID = 2 ** 31 - 1;
/** What the operator names itself, and nobody else may. */
export const OWN_VARIABLES = 'PPO_';
export const OWN_VOLUMES = 'ppo-';
const OWN_LABELS = [LABELS.appName, LABELS.managedBy];
const OWN_MOUNTS = [MOUNTS.config, MOUNTS.shared];

const keyRule = `must have keys of at most ${MAX_KEY_CHARACTERS} characters`;
const labelRule = `must not set ${OWN_LABELS.join(', ')} or labels of ${GROUP}: they are the operator's`;
const variableRule = `must not begin with ${OWN_VARIABLES}: those are the operator's`;
const volumeRule = `must not begin with ${OWN_VOLUMES}: those are the operator's`;
const mountRule = `must not lie below ${OWN_MOUNTS.join(' or ')}, which are the operator's`;

function stringMap(maxValueCharacters: number) {
  const tooMany = `must have at most ${MAX_ENTRIES} entries`;
  return z
    .record(z.string(), boundedText(maxValueCharacters))
    .refine((map) => Object.keys(map).length <= MAX_ENTRIES, { error: tooMany })
    .refine((map) => Object.keys(map).every((key) => countCharacters(key) <= MAX_KEY_CHARACTERS), { error: keyRule })
    .meta({ maxProperties: MAX_ENTRIES, ...cel([`self.all(key, size(key) <= ${MAX_KEY_CHARACTERS})`, keyRule]) });
}

/** May be empty, unlike `text`. */
function boundedText(max: number) {
  return z
    .string()
    .refine((value) => countCharacters(value) <= max, { error: `must have at most ${max} characters` })
    .meta({ maxLength: max });
}

function cel(...rules: readonly (readonly [rule: string, message: string])[]) {
  return { 'x-kubernetes-validations': rules.map(([rule, message]) => ({ rule, message })) };
}

function list<T extends z.ZodType>(item: T, max: number, description: string) {
  return z.array(item).max(max).optional().describe(description).meta({ 'x-kubernetes-list-type': 'atomic' });
}

/** Text that doesn't begin with any of `prefixes`. */
function notBeginning(prefixes: readonly string[], o: { readonly max: number; readonly rule: string }) {
  const tests = prefixes.map((prefix) => `!self.startsWith('${prefix}')`);
  return z
    .string()
    .min(1)
    .refine((value) => countCharacters(value) <= o.max, { error: `must have at most ${o.max} characters` })
    .refine((value) => !prefixes.some((prefix) => value.startsWith(prefix)), { error: o.rule })
    .meta({ maxLength: o.max, ...cel([tests.join(' && '), o.rule]) });
}

function isOwnLabel(key: string): boolean {
  return key.startsWith(`${GROUP}/`) || (OWN_LABELS as readonly string[]).includes(key);
}

const labels = stringMap(MAX_LABEL_CHARACTERS)
  .refine((map) => !Object.keys(map).some(isOwnLabel), { error: labelRule })
  .meta({
    maxProperties: MAX_ENTRIES,
    ...cel(
      [`self.all(key, size(key) <= ${MAX_KEY_CHARACTERS})`, keyRule],
      [
        `!self.exists(key, key.startsWith('${GROUP}/') || key in [${OWN_LABELS.map((key) => `'${key}'`).join(', ')}])`,
        labelRule,
      ],
    ),
  });

const variable = looseObject(
  { name: notBeginning([OWN_VARIABLES], { max: MAX_VALUE_NAME_CHARACTERS, rule: variableRule }).describe('Name.') },
  'An EnvVar: {name, value} or {name, valueFrom}.',
);
const volume = looseObject(
  { name: notBeginning([OWN_VOLUMES], { max: MAX_LABEL_CHARACTERS, rule: volumeRule }).describe('Name.') },
  'A Volume: {name, persistentVolumeClaim} and so on.',
);
const mount = looseObject(
  {
    name: text(MAX_LABEL_CHARACTERS).describe('Name of a volume.'),
    mountPath: notBeginning(OWN_MOUNTS, { max: MAX_VALUE_NAME_CHARACTERS, rule: mountRule }).describe(
      'Path in the container.',
    ),
  },
  'A VolumeMount: {name, mountPath, readOnly, subPath} and so on.',
);

/** No more than who may read which files: all else is as the Pod Security level "restricted" demands. */
const securityContext = z
  .object({
    runAsUser: integer(1, MAX_ID).optional().describe('User of every process; not root.'),
    runAsGroup: integer(0, MAX_ID).optional().describe('Primary group of every process.'),
    fsGroup: integer(0, MAX_ID).optional().describe('Group that owns the volumes, where their kind allows it.'),
    fsGroupChangePolicy: z
      .enum(['Always', 'OnRootMismatch'])
      .optional()
      .describe('Whether the owner of what is on a volume is set each time, or only if that of its root differs.'),
    supplementalGroups: list(integer(0, MAX_ID), MAX_GROUPS, 'Further groups of every process.'),
  })
  .describe('Users and groups of the pods, such as a network file system asks for.');

const DESCRIPTION =
  "What to set on the pods, in Kubernetes' own fields. A role's podTemplate takes precedence over the job's: mappings " +
  'and named items (volumes, mounts, variables) are merged, tolerations and affinity terms added, everything else ' +
  'replaced.';

export const podTemplateSchema = z
  .object({
    labels: labels.optional().describe('Additional labels of the pods.'),
    annotations: stringMap(MAX_ANNOTATION_CHARACTERS).optional().describe('Annotations of the pods.'),
    image: text(512).optional().describe('Image of every container, instead of spec.image.'),
    imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional().describe('When images are pulled.'),
    imagePullSecrets: list(
      looseObject({ name: text(MAX_NAME_CHARACTERS).describe('Name of a Secret.') }, 'A reference to a Secret.'),
      16,
      'Secrets with which images are pulled.',
    ),
    nodeSelector: stringMap(MAX_LABEL_CHARACTERS).optional().describe('Labels that a node must have.'),
    tolerations: list(rawObject('A Toleration.'), MAX_ENTRIES, 'Taints that the pods tolerate.'),
    affinity: rawObject('An Affinity: {nodeAffinity, podAffinity, podAntiAffinity}.').optional(),
    topologySpreadConstraints: list(rawObject('A TopologySpreadConstraint.'), 16, 'How the pods spread over nodes.'),
    priorityClassName: text(MAX_NAME_CHARACTERS).optional().describe('PriorityClass of the pods.'),
    runtimeClassName: text(MAX_NAME_CHARACTERS).optional().describe('Runtime of the containers, such as nvidia.'),
    volumes: list(volume, MAX_VOLUMES, 'Volumes of the pods, such as claims with models, data and checkpoints.'),
    volumeMounts: list(
      mount,
      MAX_MOUNTS,
      "Where the workers' containers mount the volumes, which the paths of the spec refer to.",
    ),
    env: list(variable, MAX_VARIABLES, 'Additional environment variables of every container.'),
    communicatorResources: resourcesSchema
      .optional()
      .describe("Resources of the communicator sidecar; the worker's are the role's own."),
  })
  .describe(DESCRIPTION);

/** For the pods of all roles, which share their volumes. */
export const jobPodTemplateSchema = podTemplateSchema
  .extend({ securityContext: securityContext.optional() })
  .describe(DESCRIPTION);

export type PodTemplate = z.output<typeof jobPodTemplateSchema>;
