/** `kubectl ppo suspend`, `resume` and `scale`: one field of a job's spec each. Waits for nothing. */
import { CONDITIONS } from '../../api/names.ts';
import { ConflictError } from '../../cluster/errors.ts';
import { isJsonObject, type Json } from '../../cluster/json.ts';
import type { Stored } from '../../cluster/objects.ts';
import { buildJobView } from '../../local/job-view.ts';
import { PPO_JOBS, type PPOJobObject } from '../../reconcile/ppojob-kind.ts';
import type { Invocation } from '../arguments.ts';
import { findJob } from '../find-job.ts';
import { commandOn, EXIT, type Session, UserError } from '../session.ts';

/** Owner of the fields that the plugin writes. */
export const PLUGIN_MANAGER = 'kubectl-ppo';
const MAX_ATTEMPTS = 10;

export function suspend(session: Session, { name }: Invocation): Promise<number> {
  return setSuspend(session, name ?? '', true);
}

export function resume(session: Session, { name }: Invocation): Promise<number> {
  return setSuspend(session, name ?? '', false);
}

export async function scale(session: Session, { name, flags }: Invocation): Promise<number> {
  const job = await findJob(session, name ?? '');
  refuseEnded(job, 'scaled');
  const before = generationOf(job);
  const wanted = flags.generation ?? 1;
  await session.pods.scale(PPO_JOBS, job.metadata, wanted);
  const change = before === null || before === wanted ? `${wanted}` : `${wanted}, from ${before}`;
  session.output.print(`${titleOf(job)} scaled: generation pods ${change}`);
  return EXIT.done;
}

async function setSuspend(session: Session, name: string, suspend: boolean): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const job = await findJob(session, name);
    refuseEnded(job, suspend ? 'suspended' : 'resumed');
    try {
      session.output.print(`${titleOf(job)} ${await writeSuspend(session, job, suspend)}`);
      return EXIT.done;
    } catch (error) {
      // The operator has just written its status.
      if (!(error instanceof ConflictError) || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}

/** What has come of it. */
async function writeSuspend({ cluster }: Session, job: Stored<PPOJobObject>, suspend: boolean): Promise<string> {
  if (isSuspended(job) === suspend) return suspend ? 'is suspended already' : 'is not suspended';
  const spec = { ...specOf(job), suspend };
  await cluster.update(PPO_JOBS, { ...job, spec }, { fieldManager: PLUGIN_MANAGER });
  return suspend ? `suspended; ${keptText(job)}` : 'resumed';
}

/** What is lost: a user without checkpoints must hear it now. */
function keptText({ status, metadata }: Stored<PPOJobObject>): string {
  const { iteration = 0, lastCheckpointIteration = 0 } = status?.progress ?? {};
  const resume = commandOn('resume', metadata);
  if (lastCheckpointIteration <= 0) return `${resume} starts it from the beginning: it has no checkpoint`;
  const lost = iteration - lastCheckpointIteration;
  const again = lost > 0 ? `, ${lost} of ${iteration} iterations are done again` : '';
  return `${resume} goes on from the checkpoint of iteration ${lastCheckpointIteration}${again}`;
}

function refuseEnded(job: Stored<PPOJobObject>, what: string): void {
  const { condition } = buildJobView(job, []);
  const isOver = condition?.type === CONDITIONS.succeeded || condition?.type === CONDITIONS.failed;
  if (isOver) throw new UserError(`${titleOf(job)} has ${condition.type.toLowerCase()} and can't be ${what} any more`);
  if (job.metadata.deletionTimestamp === undefined) return;
  throw new UserError(`${titleOf(job)} is being deleted and can't be ${what} any more`);
}

function specOf({ spec }: Stored<PPOJobObject>): { [key: string]: Json } {
  return isJsonObject(spec as Json) ? (spec as { [key: string]: Json }) : {};
}

function isSuspended(job: Stored<PPOJobObject>): boolean {
  return specOf(job).suspend === true;
}

/** Null where the manifest leaves it to the default. */
function generationOf(job: Stored<PPOJobObject>): number | null {
  const { roles } = specOf(job);
  const generation = isJsonObject(roles) ? roles.generation : undefined;
  return isJsonObject(generation) && typeof generation.replicas === 'number' ? generation.replicas : null;
}

/** As kubectl writes names of objects that it has changed. */
function titleOf({ metadata }: Stored<PPOJobObject>): string {
  return `ppojob/${metadata.name}`;
}
