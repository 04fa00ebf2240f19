/** A session on a cluster in memory, whose pods write and serve what a test says. Keeps what is printed. */
import type { WriteStream } from 'node:tty';
import { systemClock } from '../../../operator/cluster/clock.ts';
import type { ResourceKind } from '../../../operator/cluster/cluster.ts';
import { InvalidError, NotFoundError } from '../../../operator/cluster/errors.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import type { KubernetesObject, Stored } from '../../../operator/cluster/objects.ts';
import type { LogLine, LogOptions, PodAccess } from '../../../operator/cluster/pod-access.ts';
import type { Invocation } from '../../../operator/kubectl/arguments.ts';
import { parseArguments } from '../../../operator/kubectl/arguments.ts';
import type { Session } from '../../../operator/kubectl/session.ts';

const WRITER = { fieldManager: 'test' };

export class FakeSession {
  readonly cluster = new MemoryCluster();
  readonly printed: string[] = [];
  readonly noted: string[] = [];
  readonly stop = new AbortController();
  /** By pod and container: "tiny-actor-0/worker". A followed log ends when the lines are over. */
  readonly logs = new Map<string, readonly LogLine[]>();
  /** By pod: the pages in order, the last one again and again. */
  readonly pages = new Map<string, string[]>();
  readonly scaled: number[] = [];
  /** Null: nobody looks. */
  terminal: WriteStream | null = null;

  get session(): Session {
    const output = {
      print: (text: string) => this.printed.push(text),
      note: (text: string) => this.noted.push(text),
      terminal: this.terminal,
      hasColor: false,
    };
    const ask = async () => ({});
    const { cluster, stop } = this;
    return { cluster, pods: this.#access(), namespace: 'ml', output, clock: systemClock, signal: stop.signal, ask };
  }

  get text(): string {
    return this.printed.join('\n');
  }

  /** Creates an object with its status, as an API server has it after a controller has been there. */
  async put<T extends KubernetesObject>(kind: ResourceKind<T>, object: T): Promise<Stored<T>> {
    const { uid: _u, resourceVersion: _r, ...metadata } = object.metadata;
    const created = await this.cluster.create(kind, { ...object, metadata }, WRITER);
    const { status } = object as T & { status?: unknown };
    return status === undefined ? created : this.cluster.updateStatus(kind, { ...created, status }, WRITER);
  }

  #access(): PodAccess {
    const { logs, pages, scaled } = this;
    return {
      async *logs({ name }, { container }: LogOptions) {
        const lines = logs.get(`${name}/${container}`);
        if (lines === undefined)
          throw new InvalidError(`container "${container}" in pod "${name}" is waiting to start`);
        yield* lines;
      },
      fetch: async ({ name }) => {
        const [page, ...rest] = pages.get(name) ?? [];
        if (page === undefined) throw new InvalidError(`pod ${name}: address not allowed`);
        if (rest.length > 0) pages.set(name, rest);
        return page;
      },
      usage: async () => {
        throw new NotFoundError('metrics.k8s.io: not found');
      },
      scale: async (_kind, _name, replicas) => {
        scaled.push(replicas);
      },
    };
  }
}

export function invocation(...args: string[]): Invocation {
  const parsed = parseArguments(args);
  if (parsed.kind !== 'run') throw new Error(JSON.stringify(parsed));
  return parsed.run;
}
