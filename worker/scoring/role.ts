/**
 * How a role with a model starts: its job read, its model opened. What a restart would only repeat becomes
 * HopelessError. Knows nothing of what the role computes.
 */
import type { JobConfig } from '../api/job-config.ts';
import { readJobConfig, type WorkerSettings } from '../config.ts';
import { ComputeCallError } from '../runtime/compute-messages.ts';
import { HopelessError } from '../service/lifecycle.ts';

export function readWorkerJob({ jobConfigPath, role }: WorkerSettings): JobConfig {
  if (jobConfigPath === null) throw new HopelessError(`PPO_JOB_CONFIG is not set; role ${role} needs it`);
  try {
    return readJobConfig(jobConfigPath);
  } catch (error) {
    throw new HopelessError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Opens what a thread serves, or ends the thread. */
export async function openOrGiveUp<T>(thread: { terminate(): Promise<void> }, open: () => Promise<T>): Promise<T> {
  try {
    return await openModel(open);
  } catch (error) {
    await thread.terminate();
    throw error;
  }
}

/** The user's own: the same again after a restart. */
const HOPELESS = ['ModelError', 'RewardFunctionError'];

/** Runs what loads a model or a reward function on a compute thread; one that can't be used is hopeless. */
export async function openModel<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    // The class doesn't cross threads, the name does.
    const isHopeless = error instanceof ComputeCallError && HOPELESS.includes(error.name);
    throw isHopeless ? new HopelessError(error.message, { cause: error }) : error;
  }
}
