/**
 * What the coordinator must remember to go on after a checkpoint, and which settings may not have changed by then.
 * Knows nothing of where it is stored.
 */
import { z } from 'zod';
import type { JobConfig } from '../api/job-config.ts';

const stateSchema = z.strictObject({
  /** Iterations done; the policy version as well. */
  iteration: z.int().min(0),
  /** Prompts drawn from the dataset so far, over all its epochs. */
  promptsDrawn: z.int().min(0),
  klCoef: z.number().min(0),
  /** Response tokens of all rollouts. */
  tokens: z.number().min(0),
  /** Held-out exact match of the initial policy and of the newest one measured, 0..1. */
  accuracyBefore: z.number().nullable(),
  accuracy: z.number().nullable(),
  /** Largest |rollout logprob - trainer logprob| so far. */
  maxLogprobDifference: z.number().min(0),
});

/** Randomness needs no state of its own: every seed follows from the job's seed and these counters. */
export type JobState = Readonly<z.infer<typeof stateSchema>>;

export function initialState(config: JobConfig): JobState {
  return {
    iteration: 0,
    promptsDrawn: 0,
    klCoef: config.algorithm.kl.coef,
    tokens: 0,
    accuracyBefore: null,
    accuracy: null,
    maxLogprobDifference: 0,
  };
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** The settings that the course of training depends on, and the data's checksums: they must be the same on resumption. */
export interface JobIdentity {
  readonly [key: string]: Json;
}

/** `checksums`: CRC-32 of what was read, by name. */
export function identify(config: JobConfig, checksums: Readonly<Record<string, number>>): JobIdentity {
  const { maxConcurrentSequences: _speedOnly, ...rollout } = config.rollout;
  // Gradients are sums over it: apart from rounding the course is the same, and who ran out of memory goes on with less.
  const { microbatchSize: _memoryOnly, ...training } = config.training;
  const { function: source, clipRange } = config.reward;
  return {
    seed: config.seed,
    models: config.models,
    criticHead: config.criticHead,
    reward: { clipRange, function: source && { path: source.path, name: source.name } },
    dataset: config.dataset,
    algorithm: config.algorithm,
    rollout,
    training,
    roles: { actor: config.roles.actor, critic: config.roles.critic },
    checksums,
  };
}

/** Where two identities differ: `path: was X, is Y`. */
export function compareIdentities(saved: JobIdentity, present: JobIdentity): string[] {
  const before = flatten(saved);
  const now = flatten(present);
  const paths = [...new Set([...before.keys(), ...now.keys()])].sort();
  const show = (value: string | undefined) => value ?? 'absent';
  return paths
    .filter((path) => before.get(path) !== now.get(path))
    .map((path) => `${path}: was ${show(before.get(path))}, is ${show(now.get(path))}`);
}

function flatten(value: Json, path = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value !== 'object' || value === null) return into.set(path, JSON.stringify(value));
  for (const [key, child] of Object.entries(value)) flatten(child, path === '' ? key : `${path}.${key}`, into);
  return into;
}

const checkpointSchema = z.strictObject({
  formatVersion: z.literal(1),
  state: stateSchema,
  identity: z.record(z.string(), z.json()),
});

export interface CoordinatorCheckpoint {
  readonly state: JobState;
  readonly identity: JobIdentity;
}

export function encodeCheckpoint(checkpoint: CoordinatorCheckpoint): string {
  return `${JSON.stringify({ formatVersion: 1, ...checkpoint }, null, 2)}\n`;
}

/** Throws an Error that lists what is wrong with the text; `path` names it. */
export function decodeCheckpoint(text: string, path: string): CoordinatorCheckpoint {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is not JSON`, { cause: error });
  }
  const parsed = checkpointSchema.safeParse(value);
  if (!parsed.success) throw new Error(`${path} is no checkpoint of this program:\n${z.prettifyError(parsed.error)}`);
  return { state: parsed.data.state, identity: parsed.data.identity };
}
