// The connections to one API server: kept open, shared by all requests, and replaced when certificates are. Watches have
// connections of their own, so that they never keep a request waiting. It refuses to know what travels.
//
// client-node makes a new connection for every request (measured: an eighth of the throughput), so it isn't used for them.

import { Agent, type buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import type { ServerAccess } from './credentials.ts';

export interface Pool {
  readonly requests: Dispatcher;
  readonly watches: Dispatcher;
}

const MAX_REQUEST_CONNECTIONS = 16;
const CONNECT_TIMEOUT_MS = 10_000;
/** Less than the server's 90 s, so that it's us who close idle connections and no request meets a closing one. */
const IDLE_TIMEOUT_MS = 60_000;

export class ConnectionPool {
  #pool: Pool | null = null;
  #key = '';
  #isClosed = false;

  /** The pool for `access`; requests under way on an older one end there. */
  use(access: ServerAccess): Pool {
    if (this.#isClosed) throw new Error('internal: the connection pool is closed');
    if (this.#pool !== null && this.#key === access.connectionKey) return this.#pool;
    const outdated = this.#pool;
    this.#pool = {
      requests: createDispatcher(access, MAX_REQUEST_CONNECTIONS),
      watches: createDispatcher(access, null),
    };
    this.#key = access.connectionKey;
    if (outdated !== null) void closeGracefully(outdated);
    return this.#pool;
  }

  /** Ends every connection at once, but those that were replaced before and have not ended yet. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const pool = this.#pool;
    this.#pool = null;
    if (pool !== null) await Promise.all([pool.requests.destroy(), pool.watches.destroy()]);
  }
}

async function closeGracefully(pool: Pool): Promise<void> {
  await Promise.allSettled([pool.requests.close(), pool.watches.close()]);
}

function createDispatcher({ dispatcher }: ServerAccess, connections: number | null): Dispatcher {
  const shared = {
    connections,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    keepAliveMaxTimeout: IDLE_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // One connection for everything would make one lost packet everybody's.
    allowH2: false,
  };
  if (dispatcher.type === 'socks') {
    throw new Error(`the kubeconfig's proxy ${dispatcher.uri} is a SOCKS proxy; use an HTTP proxy`);
  }
  if (dispatcher.type === 'proxy') {
    const requestTls = dispatcher.requestTls as buildConnector.BuildOptions;
    return new ProxyAgent({ ...shared, uri: dispatcher.uri, requestTls });
  }
  const connect = dispatcher.type === 'agent' ? dispatcher.connect : { keepAlive: true, keepAliveInitialDelay: 30_000 };
  return new Agent({ ...shared, connect: connect as buildConnector.BuildOptions });
}
