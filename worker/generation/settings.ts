/**
 * A generation server's settings, checked at its start: what it lacks, and a model that can't serve the job, is hopeless.
 * Knows nothing of what is done with them.
 */
import type { JobConfig } from '../api/job-config.ts';
import { readJobConfig, type WorkerSettings } from '../config.ts';
import type { ModelConfig } from '../models/config.ts';
import { HEAD_DIM_MULTIPLE } from '../models/decoder.ts';
import { formatAddress } from '../service/host-port.ts';
import { HopelessError } from '../service/lifecycle.ts';

export interface GenerationSettings {
  readonly job: JobConfig;
  /** host:port of the communicator sidecar. */
  readonly sidecarAddress: string;
  readonly sharedDir: string;
}

/** Throws HopelessError that names everything missing. */
export function readGenerationSettings(settings: WorkerSettings): GenerationSettings {
  const { jobConfigPath, communicatorPort, sharedDir, coordinatorAddress, podIp } = settings;
  const missing = [
    jobConfigPath === null ? 'PPO_JOB_CONFIG' : '',
    communicatorPort === null ? 'PPO_COMMUNICATOR_PORT' : '',
    sharedDir === null ? 'PPO_SHARED_DIR' : '',
    coordinatorAddress === null ? 'PPO_COORDINATOR_ADDRESS' : '',
  ].filter((name) => name !== '');
  if (jobConfigPath === null || communicatorPort === null || sharedDir === null || missing.length > 0) {
    throw new HopelessError(`role generation needs ${missing.join(', ')} in its environment`);
  }
  const job = hopelessIfItThrows(() => readJobConfig(jobConfigPath));
  return { job, sidecarAddress: formatAddress({ host: podIp, port: communicatorPort }), sharedDir };
}

/** Tokens of the longest sequence of the job. Throws HopelessError, every problem listed, where the model can't serve it. */
export function cacheTokensOf({ rollout, models }: JobConfig, { maxPositions, headDim }: ModelConfig): number {
  const needed = rollout.maxPromptTokens + rollout.maxResponseTokens;
  const problems: string[] = [];
  if (needed > maxPositions) {
    const found = `rollout.maxPromptTokens + rollout.maxResponseTokens: found ${needed}`;
    problems.push(`${found}, allowed up to the ${maxPositions} positions of ${models.actor}; lower one of them`);
  }
  if (headDim % HEAD_DIM_MULTIPLE !== 0) {
    const found = `models.actor: found heads of ${headDim} elements in ${models.actor}`;
    problems.push(`${found}, allowed multiples of ${HEAD_DIM_MULTIPLE}; use a model with other heads`);
  }
  if (problems.length > 0) throw new HopelessError(problems.join('\n'));
  return needed;
}

/** Data and settings that are wrong stay wrong when the process is started again. */
export function hopelessIfItThrows<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new HopelessError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
