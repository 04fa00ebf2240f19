/**
 * A collective as a part of a remote call: its failure becomes a status that tells a broken group from a slow one. Knows
 * nothing of what is exchanged.
 */
import * as grpc from '@grpc/grpc-js';
import { CommunicatorError } from '../collectives/communicator.ts';
import { RpcError } from './rpc.ts';

/**
 * Waits for a collective; `what` begins the sentence that says what failed. Throws RpcError: DEADLINE_EXCEEDED after the
 * collective's timeout, ABORTED for anything else that its communicator says.
 */
export async function awaitCollective(what: string, collective: Promise<void>): Promise<void> {
  try {
    await collective;
  } catch (error) {
    if (!(error instanceof CommunicatorError)) throw error;
    const code = error.code === 'TIMEOUT' ? grpc.status.DEADLINE_EXCEEDED : grpc.status.ABORTED;
    throw new RpcError(code, `${what} failed (${error.code}): ${error.message}`, { cause: error });
  }
}
