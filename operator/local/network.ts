/**
 * Loopback addresses for pods: one 127.x.y.z per pod name, the same again when a pod is re-created under its name.
 * A run leases a whole 127.x.0.0/16 by listening on one port of it, so that runs at the same time never meet; the lease
 * ends with the process, however it ends. Knows nothing of pods beyond their names.
 */
import { createServer, type Server } from 'node:net';

/** A kubelet's own port: here it marks the block as taken. */
export const LEASE_PORT = 10250;
const FIRST_BLOCK = 10;
const NUM_BLOCKS = 240;
const HOSTS_PER_SUBNET = 254;

export class PodNetwork {
  readonly #lease: Server;
  readonly #block: number;
  readonly #addressByPod = new Map<string, string>();

  private constructor(lease: Server, block: number) {
    this.#lease = lease;
    this.#block = block;
  }

  /**
   * Leases the first free block, counted from `seed` (a process id, so that neighbours start apart).
   * Throws where the platform has only one loopback address, and when no block is free.
   */
  static async lease(seed: number, platform: NodeJS.Platform = process.platform): Promise<PodNetwork> {
    if (platform !== 'linux') {
      throw new Error(
        `the local mode gives every pod its own address in 127.0.0.0/8, which ${platform} doesn't route; run it on Linux, in a container or a virtual machine`,
      );
    }
    for (let attempt = 0; attempt < NUM_BLOCKS; attempt++) {
      const block = FIRST_BLOCK + ((seed + attempt) % NUM_BLOCKS);
      const lease = await listen(`127.${block}.0.1`, LEASE_PORT);
      if (lease !== null) return new PodNetwork(lease, block);
    }
    throw new Error(
      `no free loopback block: port ${LEASE_PORT} is taken on all of 127.${FIRST_BLOCK}-${FIRST_BLOCK + NUM_BLOCKS - 1}.0.1; is a real kubelet listening on every address?`,
    );
  }

  /** The node's own address. */
  get hostAddress(): string {
    return `127.${this.#block}.0.1`;
  }

  /** The address of the pod with this key (`namespace/name`); given out at the first question. */
  address(podKey: string): string {
    const known = this.#addressByPod.get(podKey);
    if (known !== undefined) return known;
    const index = this.#addressByPod.size;
    const address = `127.${this.#block}.${1 + Math.floor(index / HOSTS_PER_SUBNET)}.${1 + (index % HOSTS_PER_SUBNET)}`;
    this.#addressByPod.set(podKey, address);
    return address;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#lease.close(() => resolve()));
  }
}

/** The ports of `ports` that can't be bound on `address`, because another program has them (often on 0.0.0.0). */
export async function findTakenPorts(address: string, ports: readonly number[]): Promise<number[]> {
  const servers = await Promise.all(ports.map((port) => listen(address, port)));
  await Promise.all(servers.map((server) => server && new Promise<void>((resolve) => server.close(() => resolve()))));
  return ports.filter((_, i) => servers[i] === null);
}

/** A listening server, or null when address and port are taken. */
async function listen(host: string, port: number): Promise<Server | null> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}
