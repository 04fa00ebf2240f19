/**
 * The part of a PPOJob's spec that says how its pods find their places: all of them or none, near each other, on which
 * devices, and which roles share a pod. Knows no scheduler's objects.
 */
import { z } from 'zod';
import { integer, text } from './fields.ts';

/** Lower-case letters, digits, "-" and "."; a name that is also a label's value has at most 63 characters. */
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const MAX_NAME_CHARACTERS = 63;
const MAX_CLASS_CHARACTERS = 253;
/** A label's key: a name, which may have a DNS prefix before a "/". */
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const MAX_LABEL_KEY_CHARACTERS = 253;
const MAX_DEVICES = 64;
const MAX_SELECTORS = 8;
const MAX_EXPRESSION_CHARACTERS = 4096;

function objectName(max: number) {
  return z.string().max(max).regex(OBJECT_NAME, { error: 'must be a name: lower-case letters, digits, "-" and "."' });
}

export const GANG_MODES = ['Auto', 'None', 'Kubernetes', 'Volcano', 'SchedulerPlugins', 'Kueue'] as const;
export type GangMode = (typeof GANG_MODES)[number];

const packingSchema = z
  .object({
    topologyKey: z
      .string()
      .max(MAX_LABEL_KEY_CHARACTERS)
      .regex(LABEL_KEY, { error: 'must be the key of a node label, such as topology.kubernetes.io/zone' })
      .describe(
        'Node label; nodes with the same value are near each other: kubernetes.io/hostname, topology.kubernetes.io/zone, ...',
      ),
    mode: z
      .enum(['Preferred', 'Required'])
      .default('Preferred')
      .describe('Preferred: near each other if there is room. Required: all in one place, or not at all.'),
  })
  .describe("Places the job's pods near each other.");

export const schedulingSchema = z
  .object({
    gang: z
      .enum(GANG_MODES)
      .default('Auto')
      .describe(
        'Gang scheduling: who makes sure that either all pods of the job are placed, or none. Auto: Kubernetes itself, by ' +
          'its PodGroups, if the server has them, else None. None: each pod is scheduled by itself.',
      ),
    minGenerationReplicas: integer(1, 1024)
      .optional()
      .describe(
        'Generation replicas that belong to the gang; the others are scheduled one by one. Default: all belong to it.',
      ),
    queue: objectName(MAX_NAME_CHARACTERS)
      .optional()
      .describe("Volcano's queue, or Kueue's LocalQueue; needed with Kueue."),
    schedulerName: objectName(MAX_NAME_CHARACTERS)
      .optional()
      .describe("Scheduler of every pod. Default: the gang scheduler's own, else the cluster's default."),
    packing: packingSchema.optional(),
  })
  .prefault({})
  .describe('How the pods are scheduled.');

/** Devices by claim (resource.k8s.io/v1) for every pod of a role, or for every pod that several roles share. */
export const devicesSchema = z
  .object({
    deviceClassName: objectName(MAX_CLASS_CHARACTERS).describe('DeviceClass, such as gpu.nvidia.com.'),
    count: integer(1, MAX_DEVICES).default(1).describe('Number of devices of each pod.'),
    selectors: z
      .array(text(MAX_EXPRESSION_CHARACTERS))
      .max(MAX_SELECTORS)
      .optional()
      .describe('CEL expressions, all of which a device must meet, as in a ResourceClaim.')
      .meta({ 'x-kubernetes-list-type': 'atomic' }),
  })
  .describe('Devices by ResourceClaim, instead of extended resources such as nvidia.com/gpu.');

export const placementSchema = z
  .object({
    mode: z
      .enum(['Disaggregated', 'Colocated'])
      .default('Disaggregated')
      .describe(
        'Disaggregated: every role in pods of its own. Colocated: actor, critic, generation, reference and reward of ' +
          'the same index share a pod and its devices, all in memory at the same time.',
      ),
    devices: devicesSchema.optional().describe('Devices that the roles of a colocated pod share.'),
  })
  .prefault({})
  .describe('Whether roles share pods.');
