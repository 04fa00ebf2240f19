/**
 * Which loss leads to what. A generation, reference or reward replica: its work waits for it or goes elsewhere (rollout
 * and scoring see to that). A trainer: all trainers and the coordinator's state go back to the last checkpoint, here. The
 * coordinator: its replacement starts as this one did. Knows nothing of what an attempt does.
 * Waits for: the lost trainers' replacements. Unblocked by: the rendezvous deadline.
 */
import { type Attempt, type Job, rendezvousMs } from './job.ts';
import { WORKER_ROLES, type WorkerRole } from './membership.ts';
import { TrainerGang, TrainersLostError } from './trainers.ts';

/** Rollbacks without a single new iteration in between, after which the job gives up. */
const MAX_ROLLBACKS = 5;

/** Resolves when every place of `roles` is taken; otherwise throws an Error that names who is missing. */
export async function waitForMembers(job: Job, roles: readonly WorkerRole[] = WORKER_ROLES): Promise<void> {
  const { membership, progress, signal } = job;
  const show = () => {
    const missing = membership.missing(roles);
    if (missing.length === 0) return;
    const message = `waiting for ${missing.join(', ')}`;
    progress.update({ phase: 'WaitingForWorkers', message, epoch: membership.epoch });
  };
  show();
  const stop = membership.onChange(show);
  try {
    const timeoutMs = rendezvousMs(job.config);
    if (await membership.waitUntil(() => membership.missing(roles).length === 0, timeoutMs, signal)) return;
  } finally {
    stop();
  }
  const missing = membership.missing(roles).join(', ');
  throw new Error(`not every worker registered within ${rendezvousMs(job.config) / 1000} s; missing: ${missing}`);
}

/**
 * Runs `run` with a gang of all trainers, and again with a new gang whenever the trainers are lost. `numFinished` tells
 * how far the job has ever come: rollbacks that lead no further are limited.
 */
export async function withTrainers(
  job: Job,
  numFinished: () => number,
  run: (attempt: Attempt) => Promise<void>,
): Promise<void> {
  for (let rollbacks = 0, reached = numFinished(); ; ) {
    await waitForMembers(job, ['actor', 'critic']);
    const gang = new TrainerGang(job.membership);
    try {
      await run({ job, gang, signal: AbortSignal.any([job.signal, gang.signal]) });
      return;
    } catch (error) {
      job.signal.throwIfAborted();
      if (!(error instanceof TrainersLostError)) throw error;
      rollbacks = numFinished() > reached ? 1 : rollbacks + 1;
      reached = numFinished();
      if (rollbacks > MAX_ROLLBACKS) {
        throw new Error(`${MAX_ROLLBACKS} rollbacks led no further: ${error.message}`, { cause: error });
      }
      job.metrics.rollbacks.inc();
      job.log.warn({ err: error }, 'the trainers go back to the last checkpoint');
    } finally {
      gang.dispose();
    }
  }
}
