/**
 * What a user may do to a job while real workers run it: suspend and resume it, scale its generation up and down; and the
 * loss of one rank of several. All end in the figures of a job that was left alone.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { PPOJobStatus } from '../../operator/api/ppojob.ts';
import { PODS } from '../../operator/cluster/cluster.ts';
import { ConflictError } from '../../operator/cluster/errors.ts';
import type { Pod, Stored } from '../../operator/cluster/objects.ts';
import { LocalCluster } from '../../operator/local/local-cluster.ts';
import { loadManifest } from '../../operator/local/manifest.ts';
import { createOutput, outputPaths } from '../../operator/local/output.ts';
import { containerEnvironment } from '../../operator/local/run-job.ts';
import { PPO_JOBS, type PPOJobObject } from '../../operator/reconcile/ppojob-kind.ts';
import { type IterationMetrics, NUM_ITERATIONS, readMetrics, SMALL } from './job-run.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const NAME = { namespace: 'default', name: 'arithmetic' };
const UNTIL_MS = 120_000;
const GRACE_MS = 5000;

const folder = mkdtempSync(join(tmpdir(), 'ppo-life-'));
after(() => rmSync(folder, { recursive: true, force: true }));

type Changes = Readonly<Record<string, unknown>>;

/** A running job of the example, cut down. */
class LifeRun {
  readonly output: string;
  readonly #local: LocalCluster;

  private constructor(output: string, local: LocalCluster) {
    this.output = output;
    this.#local = local;
  }

  static async start(name: string, changes: Changes = {}): Promise<LifeRun> {
    const output = join(folder, name);
    const manifest = loadManifest({
      manifestPath: join(REPOSITORY, 'examples/arithmetic/ppojob.yaml'),
      outputPath: output,
      defaultOutputRoot: folder,
      overrides: Object.entries({ ...SMALL, ...changes }).map(([path, value]) => ({ path, value: String(value) })),
    });
    assert.ok(manifest.ok, JSON.stringify(manifest));
    const paths = outputPaths(output);
    createOutput(paths, '');
    const local = await LocalCluster.start({
      repositoryDirectory: REPOSITORY,
      logDirectory: paths.logs,
      environment: containerEnvironment(process.env, REPOSITORY),
      onFault: (error) => console.error(error),
    });
    await local.submit({ ...manifest.job });
    return new LifeRun(output, local);
  }

  async status(): Promise<PPOJobStatus> {
    return (await this.#local.cluster.get(PPO_JOBS, NAME)).status ?? {};
  }

  async pods(): Promise<readonly Stored<Pod>[]> {
    return (await this.#local.cluster.list(PODS, { namespace: NAME.namespace })).items;
  }

  async change(edit: (spec: Record<string, never>) => object): Promise<void> {
    for (;;) {
      const job: Stored<PPOJobObject> = await this.#local.cluster.get(PPO_JOBS, NAME);
      const spec = { ...(job.spec as object), ...edit(job.spec as Record<string, never>) };
      try {
        await this.#local.cluster.update(PPO_JOBS, { ...job, spec }, { fieldManager: 'test' });
        return;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
      }
    }
  }

  setSuspend(suspend: boolean): Promise<void> {
    return this.change(() => ({ suspend }));
  }

  scaleGeneration(replicas: number): Promise<void> {
    return this.change(({ roles }) => ({
      roles: { ...(roles as object), generation: { ...(roles as { generation: object }).generation, replicas } },
    }));
  }

  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const endMs = performance.now() + UNTIL_MS;
    while (!(await isSo())) {
      const { conditions = [] } = await this.status();
      const failed = conditions.find(({ type, status }) => type === 'Failed' && status === 'True');
      if (failed !== undefined || performance.now() > endMs) {
        throw new Error(`${what}: ${JSON.stringify(await this.status())}`);
      }
      await delay(20);
    }
  }

  untilCondition(type: string): Promise<void> {
    return this.until(type, async () => {
      const { conditions = [] } = await this.status();
      return conditions.some((condition) => condition.type === type && condition.status === 'True');
    });
  }

  untilIteration(count: number): Promise<void> {
    return this.until(`iteration ${count}`, async () => readMetrics(this.output).length >= count);
  }

  /** Kills a pod's worker with SIGKILL. */
  async kill(name: string): Promise<void> {
    const pod = (await this.pods()).find(({ metadata }) => metadata.name === name);
    const id = pod?.status?.containerStatuses?.[0]?.containerID ?? '';
    process.kill(Number(id.replace('process://', '')), 'SIGKILL');
  }

  async end(): Promise<IterationMetrics[]> {
    await this.untilCondition('Succeeded');
    return readMetrics(this.output);
  }

  stop(): Promise<void> {
    return this.#local.stop(GRACE_MS);
  }
}

async function withRun<T>(name: string, body: (run: LifeRun) => Promise<T>, changes: Changes = {}): Promise<T> {
  const run = await LifeRun.start(name, changes);
  try {
    return await body(run);
  } finally {
    await run.stop();
  }
}

/** Two ranks of each trainer, and microbatches that both can fill. */
const TWO_RANKS = {
  'spec.roles.actor.replicas': 2,
  'spec.roles.critic.replicas': 2,
  'spec.training.microbatchSize': 24,
};

describe('a job that is left alone, and the same job', () => {
  let undisturbed: Promise<IterationMetrics[]> | null = null;
  const figures = (): Promise<IterationMetrics[]> => {
    undisturbed ??= withRun('undisturbed', (run) => run.end());
    return undisturbed;
  };

  it('suspended and resumed: from its checkpoint, to the same figures', async () => {
    const resumed = await withRun('suspended', async (run) => {
      await run.untilIteration(3);
      await run.setSuspend(true);
      await run.untilCondition('Suspended');
      assert.deepEqual(await run.pods(), []);
      const { conditions = [], restarts } = await run.status();
      const suspended = conditions.find(({ type }) => type === 'Suspended');
      assert.match(suspended?.message ?? '', /to resume from the checkpoint of iteration [24]/);
      assert.equal(restarts, 0);
      assert.ok(readMetrics(run.output).length < NUM_ITERATIONS);
      await run.setSuspend(false);
      return run.end();
    });
    assert.deepEqual(resumed, await figures());
  });

  it('with a generation replica more, and then only one: to the same figures', async () => {
    const scaled = await withRun('scaled', async (run) => {
      await run.untilIteration(1);
      await run.scaleGeneration(3);
      await run.until('three replicas are ready', async () => (await run.status()).roles?.generation?.ready === 3);
      await run.untilIteration(4);
      await run.scaleGeneration(1);
      const figuresOfAll = await run.end();
      assert.equal((await run.status()).restarts, 0);
      return figuresOfAll;
    });
    assert.deepEqual(scaled, await figures());
  });

  it('without one of two ranks: both are replaced, once, and end in the same figures', async () => {
    const apart = await withRun(
      'rank-lost',
      async (run) => {
        await run.untilIteration(3);
        const ranks = async () => (await run.pods()).filter(({ metadata }) => metadata.name.includes('-actor-'));
        const before = (await ranks()).map(({ metadata }) => metadata.uid);
        await run.kill('arithmetic-actor-1');
        const isReplaced = (pods: readonly Stored<Pod>[]): boolean =>
          pods.length === 2 && pods.every(({ metadata }) => !before.includes(metadata.uid));
        await run.until('both ranks are replaced', async () => isReplaced(await ranks()));
        const figuresOfAll = await run.end();
        const { roles } = await run.status();
        assert.deepEqual([roles?.actor?.restarts, roles?.critic?.restarts], [1, 0]);
        return figuresOfAll;
      },
      TWO_RANKS,
    );
    assert.deepEqual(apart, await withRun('two-ranks', (run) => run.end(), TWO_RANKS));
  });
});
