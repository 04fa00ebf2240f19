// A pod's service account as credentials: the files that the kubelet puts into the pod and replaces, and the addresses in
// its environment. It refuses to know kubeconfigs.

import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import type { ServerAccess } from './credentials.ts';
import { RememberedCredentials } from './remembered-credentials.ts';

const DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 30_000 };

/** Where a pod's environment says that the API server is. */
export interface PodEnvironment {
  readonly host: string;
  readonly port: string;
  /** Of the service account's files; another place for tests. */
  readonly directory?: string;
}

export class ServiceAccountCredentials extends RememberedCredentials {
  readonly namespace: string;
  readonly #directory: string;
  readonly #server: string;

  private constructor(place: { directory: string; server: string; namespace: string }, clock: Clock) {
    super(clock);
    this.namespace = place.namespace;
    this.#directory = place.directory;
    this.#server = place.server;
  }

  /** Null where there are no such files, or where a kubeconfig would come first by kubectl's rules. */
  static find({ host, port, directory = DIRECTORY }: PodEnvironment, clock: Clock): ServiceAccountCredentials | null {
    if (!existsSync(join(directory, 'token')) || existsSync(join(homedir(), '.kube', 'config'))) return null;
    const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
    const namespace = readFileSync(join(directory, 'namespace'), 'utf8').trim();
    return new ServiceAccountCredentials({ directory, server, namespace }, clock);
  }

  protected async read(): Promise<ServerAccess> {
    const read = (name: string): Promise<string> => readFile(join(this.#directory, name), 'utf8');
    const [token, ca] = await Promise.all([read('token'), read('ca.crt')]);
    return {
      server: this.#server,
      headers: { Authorization: `Bearer ${token.trim()}` },
      dispatcher: { type: 'agent', connect: { ...KEEP_ALIVE, ca } },
      connectionKey: `${this.#server}\n${ca}`,
    };
  }
}
