/**
 * What an actor and a critic pod do the same way: a rank's model on a compute thread, its sidecar beside it, served until
 * the end. Knows nothing of the loss.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JobConfig } from '../api/job-config.ts';
import { SidecarClient } from '../collectives/sidecar-client.ts';
import type { WorkerSettings } from '../config.ts';
import { ComputeThread } from '../runtime/compute-thread.ts';
import { openModel, readWorkerJob } from '../scoring/role.ts';
import { createScorerMetrics } from '../scoring/scorer-metrics.ts';
import { scorerHandlers } from '../scoring/scorer-service.ts';
import { EpochFence } from '../service/epoch.ts';
import { GroupMembership } from '../service/group-member.ts';
import { formatAddress } from '../service/host-port.ts';
import { failureOf, HopelessError } from '../service/lifecycle.ts';
import { createLogger } from '../service/log.ts';
import { createMetrics } from '../service/metrics.ts';
import { definitions } from '../service/protos.ts';
import { serveWorker } from '../service/worker.ts';
import { createPolicyObjective } from './objectives/policy.ts';
import { createValueObjective } from './objectives/value.ts';
import { Trainer } from './trainer.ts';
import { createTrainerMetrics } from './trainer-metrics.ts';
import type { TrainerApi, TrainerInfo, TrainerProgramData } from './trainer-program.ts';
import { trainerHandlers } from './trainer-service.ts';

export interface TrainerRole {
  /** Also the name of the ranks' process group. */
  readonly name: 'actor' | 'critic';
  readonly modelPath: (job: JobConfig) => string;
  /** The seed of a new head; null: the folder's own. */
  readonly newHeadSeed: (job: JobConfig) => number | null;
  readonly objective: (job: JobConfig) => TrainerProgramData['objective'];
}

type Thread = ComputeThread<TrainerApi>;

/** Serves until SIGTERM. Throws HopelessError for settings, a job or a model that can't be used. */
export async function runTrainer(settings: WorkerSettings, role: TrainerRole): Promise<void> {
  const job = readWorkerJob(settings);
  const data = programData(settings, role, job);
  const thread: Thread = await ComputeThread.start(new URL('./trainer-program.ts', import.meta.url), data);
  try {
    const info = await openModel(() => thread.call('open'));
    await serve({ settings, role, job, data, thread, info });
  } finally {
    await thread.terminate();
    for (const name of [data.parametersName, data.reductionName]) rmSync(join(data.sharedDir, name), { force: true });
  }
}

function programData(settings: WorkerSettings, role: TrainerRole, job: JobConfig): TrainerProgramData {
  const { sharedDir, communicatorPort, index } = settings;
  const missing = [
    ...(sharedDir === null ? ['PPO_SHARED_DIR'] : []),
    ...(communicatorPort === null ? ['PPO_COMMUNICATOR_PORT'] : []),
  ];
  if (sharedDir === null || communicatorPort === null) {
    throw new HopelessError(`${missing.join(' and ')} not set; role ${role.name} needs a communicator sidecar`);
  }
  const name = `${role.name}-${index}`;
  return {
    name,
    modelPath: role.modelPath(job),
    newHeadSeed: role.newHeadSeed(job),
    objective: role.objective(job),
    threads: settings.threads,
    sharedDir,
    parametersName: `${name}.parameters`,
    reductionName: `${name}.gradients`,
  };
}

interface ServeOptions {
  readonly settings: WorkerSettings;
  readonly role: TrainerRole;
  readonly job: JobConfig;
  readonly data: TrainerProgramData;
  readonly thread: Thread;
  readonly info: TrainerInfo;
}

async function serve({ settings, role, job, data, thread, info }: ServeOptions): Promise<void> {
  const log = createLogger(settings);
  log.info({ model: data.modelPath, elements: info.numElements }, 'model loaded');
  const fence = new EpochFence();
  const registry = createMetrics();
  const sidecar = new SidecarClient(formatAddress({ host: settings.podIp, port: settings.communicatorPort! }));
  const membership = new GroupMembership({ sidecar, fence, log });
  const { kind, options } = data.objective;
  const { columns } = kind === 'policy' ? createPolicyObjective(options) : createValueObjective(options);
  const trainer = new Trainer({
    thread,
    info,
    optimizer: job.training[role.name],
    numRanks: job.roles[role.name].replicas,
    parametersName: data.parametersName,
    reductionName: data.reductionName,
    reductionGroup: () => membership.group(role.name),
    weightsGroup: () => membership.group('weights'),
    collectiveMs: job.deadlines.callSeconds * 1000,
    metrics: createTrainerMetrics(registry),
  });
  const scorer = scorerHandlers({
    kind: kind === 'policy' ? 'LOGPROBS' : 'VALUES',
    limits: info,
    fence,
    metrics: createScorerMetrics(registry),
    microbatchSize: job.training.microbatchSize,
    score: (sequences) => trainer.score(sequences),
    acquire: () => trainer.acquireForScoring(),
  });
  await serveWorker({
    settings,
    log,
    fence,
    metrics: registry,
    services: [
      [definitions.Trainer, trainerHandlers({ trainer, fence, limits: info, columns })],
      [definitions.Scorer, scorer],
      [definitions.GroupMember, membership.handlers],
    ],
    failed: failureOf(thread),
    close: async () => {
      await membership.close();
      sidecar.close();
      await thread.terminate();
    },
  });
}
