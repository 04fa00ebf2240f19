/**
 * The generation server's process: a table of contents. Model in, engine on its compute thread, gRPC and HTTP up, until
 * asked to end.
 */
import { SidecarClient } from '../collectives/sidecar-client.ts';
import type { WorkerSettings } from '../config.ts';
import { loadModelConfig, loadModelFolder } from '../models/folder.ts';
import { layoutParameters } from '../models/layout.ts';
import { loadTokenizer } from '../models/tokenizer.ts';
import { EpochFence } from '../service/epoch.ts';
import { GroupMembership } from '../service/group-member.ts';
import { Closers, failureOf } from '../service/lifecycle.ts';
import { createLogger } from '../service/log.ts';
import { createMetrics } from '../service/metrics.ts';
import { definitions } from '../service/protos.ts';
import { serveWorker } from '../service/worker.ts';
import { kvCacheBytes } from './decode-buffers.ts';
import { EngineClient } from './engine-client.ts';
import { GenerationMetrics } from './generation-metrics.ts';
import { generationHandlers } from './generation-service.ts';
import { startOpenAiServer } from './openai/openai-server.ts';
import { cacheTokensOf, hopelessIfItThrows, readGenerationSettings } from './settings.ts';
import { WeightReceiver } from './weight-receiver.ts';
import { WeightSlots } from './weight-slots.ts';

const CLOSE_GRACE_MS = 2000;
/** What waits costs memory alone; beyond this a caller is told to send less. */
const MAX_UNFINISHED = 65_536;
/** The model folder's weights, until the first weight sync. */
const FIRST_POLICY_VERSION = 0;

/** Serves until SIGTERM. Throws HopelessError for settings or a model that can't succeed, else the fault. */
export async function runGeneration(settings: WorkerSettings): Promise<void> {
  const { job, sidecarAddress, sharedDir } = readGenerationSettings(settings);
  const log = createLogger(settings);
  const closers = new Closers(log);
  try {
    const path = job.models.actor;
    const config = hopelessIfItThrows(() => loadModelConfig(path));
    const cacheTokens = cacheTokensOf(job, config);
    const slots = new WeightSlots(sharedDir, layoutParameters(config, 'language-model').numElements);
    closers.add('the weights', async () => slots.dispose());
    hopelessIfItThrows(() => loadModelFolder(path, 'language-model', { into: slots.view(0) }));

    const registry = createMetrics();
    const maxRows = job.rollout.maxConcurrentSequences;
    const metrics = new GenerationMetrics(registry, {
      modelName: job.job.name,
      maxRows,
      parameterBytes: slots.numElements * Float32Array.BYTES_PER_ELEMENT,
      kvCacheBytes: kvCacheBytes({ config, maxRows, cacheTokens }),
    });
    const engine = await EngineClient.start(
      {
        config,
        threads: settings.threads,
        maxRows,
        cacheTokens,
        sharedDir,
        weightBuffers: slots.names,
        policyVersion: FIRST_POLICY_VERSION,
      },
      metrics,
    );
    closers.add('the engine', () => engine.close());
    log.info({ model: path, maxRows, cacheTokens, threads: settings.threads }, 'the model is loaded');

    const fence = new EpochFence();
    const sidecar = new SidecarClient(sidecarAddress);
    closers.add('the sidecar client', async () => sidecar.close());
    const membership = new GroupMembership({ sidecar, fence, log });
    closers.add('the process groups', () => membership.close());
    const weights = new WeightReceiver({
      slots,
      engine,
      group: (name) => membership.group(name),
      timeoutMs: job.deadlines.callSeconds * 1000,
      onReceived: (reply) => metrics.onReceived(reply),
    });
    const limits = { vocabSize: config.vocabSize, cacheTokens, maxUnfinished: MAX_UNFINISHED };
    if (settings.openaiPort !== null) {
      const tokenizer = hopelessIfItThrows(() => loadTokenizer(path));
      const [host, port, modelName] = [settings.podIp, settings.openaiPort, job.job.name];
      const http = await startOpenAiServer({ host, port, engine, config, tokenizer, modelName, limits });
      closers.add('the HTTP server', () => http.close(CLOSE_GRACE_MS / 2));
    }
    await serveWorker({
      settings,
      log,
      fence,
      metrics: registry,
      services: [
        [definitions.Generation, generationHandlers({ engine, weights, fence, limits })],
        [definitions.GroupMember, membership.handlers],
      ],
      failed: failureOf(engine),
      close: async () => {},
    });
  } finally {
    await closers.closeAll(CLOSE_GRACE_MS);
  }
}
