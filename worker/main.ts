/**
 * Entry of every worker process: read the environment, become the role it names, exit with a code that says how it
 * ended: 0 done, 78 hopeless (configuration or data that a restart can't mend), 1 a fault.
 */
import { type Role, readSettings, type WorkerSettings } from './config.ts';
import { adoptIdentity } from './service/credentials.ts';
import { EXIT_HOPELESS, HopelessError } from './service/lifecycle.ts';
import { createLogger, logEnd } from './service/log.ts';
import { startTracing } from './service/start-tracing.ts';

type Run = (settings: WorkerSettings) => Promise<void>;

// Each role loads only what it needs: the coordinator must not load the compute runtime.
const ROLE_LOADERS: Record<Role, () => Promise<Run>> = {
  coordinator: async () => (await import('./coordinator/main.ts')).runCoordinator,
  generation: async () => (await import('./generation/main.ts')).runGeneration,
  actor: async () => (await import('./training/actor.ts')).runActor,
  critic: async () => (await import('./training/critic.ts')).runCritic,
  reference: async () => (await import('./scoring/reference.ts')).runReference,
  reward: async () => (await import('./scoring/reward.ts')).runReward,
  communicator: async () => (await import('./collectives/sidecar.ts')).runCommunicator,
};

async function main(): Promise<number> {
  let settings: WorkerSettings;
  try {
    settings = readSettings(process.env);
  } catch (error) {
    // Nobody knows yet whose log it would be.
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
  try {
    await work(settings);
    return 0;
  } catch (error) {
    const exitCode = error instanceof HopelessError ? EXIT_HOPELESS : 1;
    logEnd(createLogger(settings), error, exitCode);
    return exitCode;
  }
}

async function work(settings: WorkerSettings): Promise<void> {
  process.title = `ppo-${settings.role}-${settings.index}`;
  adoptIdentity(settings);
  const endTracing = await startTracing(settings);
  try {
    const run = await ROLE_LOADERS[settings.role]();
    await run(settings);
  } finally {
    await endTracing();
  }
}

process.exit(await main());
