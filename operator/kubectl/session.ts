/**
 * What every command of the plugin works with: the cluster, the namespace, where text goes, when to stop. Knows no
 * command.
 */
import type { WriteStream } from 'node:tty';
import type { Clock } from '../cluster/clock.ts';
import type { Cluster, ObjectName } from '../cluster/cluster.ts';
import type { JsonObject } from '../cluster/json.ts';
import type { PodAccess } from '../cluster/pod-access.ts';

export interface Output {
  print(text: string): void;
  /** To people, not to programs that read what is printed. */
  note(text: string): void;
  /** Null: nobody looks. */
  readonly terminal: WriteStream | null;
  readonly hasColor: boolean;
}

export interface Session {
  readonly cluster: Cluster;
  readonly pods: PodAccess;
  readonly namespace: string;
  readonly output: Output;
  readonly clock: Clock;
  /** The user has had enough. */
  readonly signal: AbortSignal;
  /** A page of the API server itself, as JSON. */
  readonly ask: (path: string) => Promise<JsonObject>;
}

/** What a person can act on: shown without a stack. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

export const EXIT = { done: 0, refused: 1, wrong: 2, interrupted: 130 } as const;

/** A command to copy; most kubeconfigs name no namespace, and mean this one. */
export function commandOn(command: string, { namespace, name }: ObjectName): string {
  return `kubectl ppo ${command} ${name}${namespace === 'default' ? '' : ` -n ${namespace}`}`;
}

export function noPods(job: ObjectName): string {
  return `PPOJob ${job.name} has no pods; ${commandOn('status', job)} says how it stands`;
}
