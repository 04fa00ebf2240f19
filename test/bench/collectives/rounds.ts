/** What both processes of the collectives' benchmark do in step. */
import type { Communicator } from '../../../worker/collectives/communicator.ts';

export const BYTES = 64 * 1024 * 1024;
export const NUM_ROUNDS = 15;
const timeoutMs = 30_000;

export interface PeerPorts {
  readonly copyPort: number;
  readonly echoPort: number;
}
export interface PeerTask {
  /** Hexadecimal. */
  readonly uniqueId: string;
}

export type Rounds = 'broadcast' | 'allReduce' | 'barrier';

/** Tells of the milliseconds of every round; a barrier before each keeps the ranks from running ahead. */
export async function runRounds(communicator: Communicator, record: (kind: Rounds, ms: number) => void): Promise<void> {
  const buffer = { name: 'data', offsetBytes: 0 };
  const calls: Record<Rounds, () => Promise<void>> = {
    broadcast: () => communicator.broadcast({ buffer, count: BYTES, dataType: 'uint8', root: 1, timeoutMs }),
    allReduce: () => communicator.allReduce({ buffer, count: BYTES / 4, dataType: 'float32', op: 'sum', timeoutMs }),
    barrier: () => communicator.barrier({ timeoutMs }),
  };
  for (const [kind, call] of Object.entries(calls)) {
    for (let round = 0; round < NUM_ROUNDS; round++) {
      await communicator.barrier({ timeoutMs });
      const startedAt = performance.now();
      await call();
      record(kind as Rounds, performance.now() - startedAt);
    }
  }
}
