/**
 * Who the job's workers are: members by role and index, whether each is alive, and the epoch that every change raises.
 * Knows nothing of the wire, of what members do, or of what their loss leads to.
 */
import * as grpc from '@grpc/grpc-js';
import { RpcError } from '../service/rpc.ts';

export const WORKER_ROLES = ['generation', 'actor', 'critic', 'reference', 'reward'] as const;
export type WorkerRole = (typeof WORKER_ROLES)[number];

/** One process of the job. `incarnation` is new with every process start. */
export interface Member {
  readonly role: WorkerRole;
  /** Rank (actor, critic) or replica index. */
  readonly index: number;
  /** host:port */
  readonly address: string;
  readonly incarnation: string;
  readonly pod: string;
}

/**
 * awaited: nobody has registered for this place yet.
 * alive: registered, and heard of within the time allowed.
 * lost: silent for too long; the place waits for a replacement, or for the same process to register again.
 */
export type MemberState = 'awaited' | 'alive' | 'lost';

/** joined: a process took a place. lost: it fell silent, or another process took its place. */
export interface MembershipChange {
  readonly kind: 'joined' | 'lost';
  readonly member: Member;
}

/** Replicas that the job may get while it runs take places of their own; nobody waits for them. */
const MAX_GENERATION_REPLICAS = 1024;

interface Place {
  /** Whether the job can't start without it. */
  isExpected: boolean;
  state: MemberState;
  member: Member | null;
  lastHeardMs: number;
}

export interface MembershipOptions {
  /** Places of each role that the job starts with. */
  readonly expected: Readonly<Record<WorkerRole, number>>;
  /** A member silent for longer is lost. */
  readonly silentMs: number;
  /** A monotonic clock. */
  readonly nowMs: () => number;
}

/** role-index, as in the pod's name. */
export function memberName(member: { readonly role: string; readonly index: number }): string {
  return `${member.role}-${member.index}`;
}

function isWorkerRole(role: string): role is WorkerRole {
  return (WORKER_ROLES as readonly string[]).includes(role);
}

function isLaterReplica(role: WorkerRole, index: number): boolean {
  return role === 'generation' && Number.isInteger(index) && index >= 0 && index < MAX_GENERATION_REPLICAS;
}

function emptyPlace(isExpected: boolean): Place {
  return { isExpected, state: 'awaited', member: null, lastHeardMs: 0 };
}

export class Membership {
  readonly #options: MembershipOptions;
  readonly #places = new Map<string, Place>();
  readonly #numWanted: Record<WorkerRole, number>;
  readonly #replaced = new Set<string>();
  readonly #listeners = new Set<(change: MembershipChange | null) => void>();
  #epoch = 0;
  #lastSweepMs: number;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#numWanted = { ...options.expected };
    this.#lastSweepMs = options.nowMs();
    for (const role of WORKER_ROLES) {
      for (let index = 0; index < options.expected[role]; index++) {
        this.#places.set(memberName({ role, index }), emptyPlace(true));
      }
    }
  }

  get epoch(): number {
    return this.#epoch;
  }

  get isComplete(): boolean {
    return this.missing().length === 0;
  }

  /**
   * Takes a process in. The same incarnation again is no change, unless it had been lost. `lastEpoch` is the highest
   * epoch that the process has seen: a restarted coordinator must go above it.
   * Generation replicas beyond those that the job started with are welcome.
   * Throws RpcError: INVALID_ARGUMENT for a place that the job doesn't have, FAILED_PRECONDITION for a replaced process.
   */
  register(candidate: Omit<Member, 'role'> & { readonly role: string }, lastEpoch: number): void {
    const member = this.#check(candidate);
    const place = this.#places.get(memberName(member)) ?? emptyPlace(false);
    this.#places.set(memberName(member), place);
    const previous = place.member;
    const isSame = previous?.incarnation === member.incarnation;
    place.lastHeardMs = this.#options.nowMs();
    this.#epoch = Math.max(this.#epoch, lastEpoch);
    if (isSame && place.state === 'alive') return;
    const wasAlive = place.state === 'alive';
    if (previous !== null && !isSame) this.#replaced.add(previous.incarnation);
    place.state = 'alive';
    place.member = member;
    this.#epoch++;
    if (previous !== null && wasAlive) this.#tell({ kind: 'lost', member: previous });
    this.#tell({ kind: 'joined', member });
  }

  /** True when the incarnation holds its place; otherwise it must register (again). */
  heartbeat(sender: { readonly role: string; readonly index: number; readonly incarnation: string }): boolean {
    const place = this.#places.get(memberName(sender));
    if (place?.state !== 'alive' || place.member?.incarnation !== sender.incarnation) return false;
    place.lastHeardMs = this.#options.nowMs();
    return true;
  }

  /** Declares silent members lost. To be called several times within `silentMs`. */
  sweep(): void {
    const nowMs = this.#options.nowMs();
    const { silentMs } = this.#options;
    const isLate = nowMs - this.#lastSweepMs > silentMs / 2;
    this.#lastSweepMs = nowMs;
    for (const place of this.#places.values()) {
      if (place.state !== 'alive') continue;
      // This process itself was held up: heartbeats may be waiting unread, so silence proves nothing yet.
      if (isLate) place.lastHeardMs = Math.max(place.lastHeardMs, nowMs - silentMs / 2);
      if (nowMs - place.lastHeardMs <= silentMs) continue;
      place.state = 'lost';
      this.#epoch++;
      this.#tell({ kind: 'lost', member: place.member! });
    }
  }

  /** Ends the present epoch without a change of members, so that process groups can be formed anew. */
  raiseEpoch(): void {
    this.#epoch++;
    this.#tell(null);
  }

  /** Workers that the settings ask for now. */
  numWanted(role: WorkerRole): number {
    return this.#numWanted[role];
  }

  /**
   * Places from `count` on are awaited no more: who comes all the same is welcome, as one that came later. Nobody waits for
   * places that are wanted again, or anew.
   */
  want(role: 'generation', count: number): void {
    this.#numWanted[role] = count;
    let hasChanged = false;
    for (const [name, place] of this.#places) {
      if (!place.isExpected || !name.startsWith(`${role}-`) || Number(name.slice(role.length + 1)) < count) continue;
      place.isExpected = false;
      hasChanged = true;
    }
    // Who waits looks again; the members themselves are the same, and so is the epoch.
    if (hasChanged) this.#tell(null);
  }

  /** Members of a role that are alive, by index. */
  alive(role: WorkerRole): Member[] {
    const members: Member[] = [];
    for (const place of this.#places.values()) {
      if (place.state === 'alive' && place.member?.role === role) members.push(place.member);
    }
    return members.sort((a, b) => a.index - b.index);
  }

  everyone(): Member[] {
    return WORKER_ROLES.flatMap((role) => this.alive(role));
  }

  state(role: WorkerRole, index: number): MemberState {
    return this.#places.get(memberName({ role, index }))?.state ?? 'awaited';
  }

  /** Whether this very process still holds its place. */
  isAlive(member: Member): boolean {
    const place = this.#places.get(memberName(member));
    return place?.state === 'alive' && place.member?.incarnation === member.incarnation;
  }

  /** Names of the places that nobody alive holds, of all roles or of those given; but not of replicas that came later. */
  missing(roles: readonly WorkerRole[] = WORKER_ROLES): string[] {
    const names: string[] = [];
    for (const [name, place] of this.#places) {
      const isMissing = place.isExpected && place.state !== 'alive';
      if (isMissing && roles.some((role) => name.startsWith(`${role}-`))) names.push(name);
    }
    return names;
  }

  /** Hears every change; null is a raised epoch without one, or fewer members that are awaited. Returns how to stop it. */
  onChange(listener: (change: MembershipChange | null) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves once `condition` holds, true, or when `timeoutMs` has passed, false. Throws the signal's reason. */
  async waitUntil(condition: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    if (condition()) return true;
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(() => resolve(false), timeoutMs);
    const stop = this.onChange(() => {
      if (condition()) resolve(true);
    });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      stop();
      signal.removeEventListener('abort', abort);
    }
  }

  #check(candidate: Omit<Member, 'role'> & { readonly role: string }): Member {
    const { role, index, address, incarnation } = candidate;
    const problems: string[] = [];
    if (!isWorkerRole(role)) problems.push(`role "${role}" is none of ${WORKER_ROLES.join(', ')}`);
    else if (!this.#places.has(memberName({ role, index })) && !isLaterReplica(role, index)) {
      problems.push(`index ${index} is not below the ${this.#options.expected[role]} replicas of ${role}`);
    }
    if (address === '') problems.push('address is empty');
    if (incarnation === '') problems.push('incarnation is empty');
    if (problems.length > 0 || !isWorkerRole(role)) {
      throw new RpcError(grpc.status.INVALID_ARGUMENT, problems.join('; '));
    }
    if (this.#replaced.has(incarnation)) {
      const message = `incarnation ${incarnation} of ${memberName(candidate)} has been replaced; it must end`;
      throw new RpcError(grpc.status.FAILED_PRECONDITION, message);
    }
    return { role, index, address, incarnation, pod: candidate.pod };
  }

  #tell(change: MembershipChange | null): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}
