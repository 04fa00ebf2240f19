/**
 * Saves trainers and coordinator as one checkpoint, and brings both back to one. Knows nothing of when either is due.
 * Consumes: the gang's ranks. Waits for: their files. Unblocked by: deadlines, the gang's loss.
 */
import * as grpc from '@grpc/grpc-js';
import { HopelessError } from '../service/lifecycle.ts';
import type { Logger } from '../service/log.ts';
import { RpcError, unary } from '../service/rpc.ts';
import type { MemberCalls } from './calls.ts';
import type { CheckpointFolder, CheckpointFolders } from './checkpoint-folders.ts';
import { compareIdentities, decodeCheckpoint, encodeCheckpoint, type JobIdentity, type JobState } from './job-state.ts';
import { memberName } from './membership.ts';
import { together } from './together.ts';
import type { TrainerGang } from './trainers.ts';
import type { WeightVersion } from './weight-sync.ts';

export interface CheckpointingOptions {
  readonly calls: MemberCalls;
  readonly folders: CheckpointFolders;
  /** False where the job has checkpoints turned off: none is then looked for either. */
  readonly isOn: boolean;
  readonly identity: JobIdentity;
  readonly initial: JobState;
  readonly log: Logger;
}

export interface Restored {
  readonly state: JobState;
  /** What the actor holds now. */
  readonly weights: WeightVersion;
}

/** What a trainer answers when its files of a checkpoint are missing or damaged. */
const DAMAGED = new Set([grpc.status.DATA_LOSS, grpc.status.NOT_FOUND]);

export class Checkpointing {
  readonly #options: CheckpointingOptions;

  constructor(options: CheckpointingOptions) {
    this.#options = options;
  }

  /** Writes a complete checkpoint of the gang and `state`. Nothing is left of one that fails. */
  async save(gang: TrainerGang, state: JobState, signal: AbortSignal): Promise<void> {
    const { calls, folders, identity } = this.#options;
    const directory = folders.begin(state.iteration);
    const saves = gang.all.map((member) => (shared: AbortSignal) => {
      return calls.call(member, { signal: shared }, ({ client, epoch, unary: options }) => {
        const trainer = client('Trainer');
        return unary(trainer, trainer.saveCheckpoint, { epoch, iteration: state.iteration, directory }, options);
      });
    });
    const replies = await together(signal, saves);
    replies.forEach(({ version }, rank) => {
      if (version === state.iteration) return;
      const name = memberName(gang.all[rank]!);
      throw gang.giveUp(`${name} saved version ${version} where ${state.iteration} was due`);
    });
    folders.commit(state.iteration, encodeCheckpoint({ state, identity }));
  }

  /**
   * Brings every rank back to the newest checkpoint that can be read, or to the initial models. Throws HopelessError when
   * the checkpoint belongs to a job with other settings.
   */
  async restore(gang: TrainerGang, signal: AbortSignal): Promise<Restored> {
    const { folders, isOn, log, initial } = this.#options;
    for (const folder of isOn ? folders.list() : []) {
      try {
        const { state } = this.#read(folder);
        const weights = await this.#load(gang, { iteration: folder.iteration, directory: folder.path }, signal);
        log.info({ checkpoint: folder.path, checksum: weights.checksum }, 'resumed from a checkpoint');
        return { state, weights };
      } catch (error) {
        signal.throwIfAborted();
        const isDamaged = error instanceof RpcError && DAMAGED.has(error.code);
        if (!isDamaged && !(error instanceof UnreadableError)) throw error;
        log.warn({ err: error, checkpoint: folder.path }, 'a checkpoint is damaged; trying an older one');
      }
    }
    return { state: initial, weights: await this.#load(gang, { iteration: 0, directory: '' }, signal) };
  }

  #read(folder: CheckpointFolder): { readonly state: JobState } {
    let checkpoint: ReturnType<typeof decodeCheckpoint>;
    try {
      checkpoint = decodeCheckpoint(this.#options.folders.readState(folder), folder.path);
    } catch (error) {
      throw new UnreadableError(error instanceof Error ? error.message : String(error), { cause: error });
    }
    const { state, identity } = checkpoint;
    const differences = compareIdentities(identity, this.#options.identity);
    if (differences.length > 0) {
      const remedy = 'Restore the settings, or name another folder in checkpoint.path.';
      const list = differences.map((line) => `  ${line}`).join('\n');
      throw new HopelessError(`checkpoint ${folder.path} is of a job with other settings:\n${list}\n${remedy}`);
    }
    if (state.iteration !== folder.iteration) throw new UnreadableError(`it holds iteration ${state.iteration}`);
    return { state };
  }

  async #load(
    gang: TrainerGang,
    what: { readonly iteration: number; readonly directory: string },
    signal: AbortSignal,
  ): Promise<WeightVersion> {
    const { calls } = this.#options;
    const loads = gang.all.map((member) => (shared: AbortSignal) => {
      return calls.call(member, { signal: shared }, ({ client, epoch, unary: options }) => {
        const trainer = client('Trainer');
        return unary(trainer, trainer.loadCheckpoint, { epoch, ...what }, options);
      });
    });
    const replies = await together(signal, loads);
    const { version, checksum } = replies[0]!;
    const wrong = replies.findIndex((reply) => reply.version !== what.iteration);
    if (wrong >= 0) {
      const found = `${memberName(gang.all[wrong]!)} loaded version ${replies[wrong]!.version}`;
      throw new Error(`${found} where ${what.iteration} was due`);
    }
    const different = gang.actors.findIndex((_member, rank) => replies[rank]!.checksum !== checksum);
    if (different >= 0) throw new Error(`actor-${different} loaded other weights than actor-0`);
    return { policyVersion: version, checksum };
  }
}

/** A checkpoint's own file can't be used. */
class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}
