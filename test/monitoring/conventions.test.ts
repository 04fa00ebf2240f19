/** Names, units and suffixes of all series, as promtool judges them; vLLM's and Node's own are what they are. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import type { Registry } from 'prom-client';
import { createOperatorMetrics } from '../../operator/metrics.ts';
import type { Operation } from '../../worker/collectives/communicator.ts';
import { SidecarMetrics } from '../../worker/collectives/sidecar-metrics.ts';
import { JobMetrics } from '../../worker/coordinator/job-metrics.ts';
import { Membership } from '../../worker/coordinator/membership.ts';
import { ProgressBoard } from '../../worker/coordinator/progress.ts';
import { GenerationMetrics } from '../../worker/generation/generation-metrics.ts';
import { createScorerMetrics } from '../../worker/scoring/scorer-metrics.ts';
import { createMetrics } from '../../worker/service/metrics.ts';
import { createTrainerMetrics } from '../../worker/training/trainer-metrics.ts';
import { jobConfig } from '../worker/coordinator/fake-job.ts';
import { findProgram, skipWithout } from './prometheus.ts';

const OTHERS = /^(vllm:\w+ metric names should not contain ':'|nodejs_\w+ )/;

const OWNERS: Readonly<Record<string, () => Registry>> = {
  coordinator: () => worker((registry) => new JobMetrics(registry, observedJob()).onIteration(EVERY_FIGURE)),
  generation: () => worker((registry) => new GenerationMetrics(registry, GENERATION)),
  trainer: () => worker(trained),
  scorer: () => worker(createScorerMetrics),
  communicator: () =>
    worker((registry) =>
      new SidecarMetrics(registry).countRun([{ kind: 'barrier' } as Operation], { bytes: 1, seconds: 1 }),
    ),
  operator: () => {
    const { registry, onAttempt, controller, jobs } = createOperatorMetrics();
    jobs.onStart(() => []);
    controller.onStart({ ...IDLE, concurrency: 1 });
    onAttempt({ method: 'GET', host: 'h', status: 200, durationMs: 1 });
    return registry;
  },
};
const EVERY_FIGURE = new Proxy<Record<string, number>>({}, { get: () => 1 });
const IDLE = {
  statistics: () => ({ depth: 0, unfinishedMs: 0, longestMs: 0, stuckMs: 0 }),
  unsyncedKinds: () => [],
  mostSilentWatch: () => ({ kind: 'pods', silentMs: 0 }),
};
const GENERATION = { modelName: 'm', maxRows: 8, parameterBytes: 1000, kvCacheBytes: 300 };

function worker(add: (registry: Registry) => unknown): Registry {
  const registry = createMetrics();
  add(registry);
  return registry;
}

function observedJob() {
  const expected = { generation: 1, actor: 1, critic: 1, reference: 1, reward: 1 };
  const progress = new ProgressBoard(4, () => 0);
  progress.update({ accuracy: 0.5, accuracyBefore: 0.5 });
  return {
    config: jobConfig('/models', { algorithm: { kl: { target: 1 } } }),
    membership: new Membership({ expected, silentMs: 1000, nowMs: () => 0 }),
    progress,
  };
}

function trained(registry: Registry): void {
  const metrics = createTrainerMetrics(registry);
  metrics.onMemory({ parameters: 1, gradients: 1, optimizer: 1 });
  for (const gauge of [metrics.version, metrics.versionTime, metrics.loss, metrics.gradientNorm, metrics.learningRate])
    gauge.set(1);
}

/** Of these promtool says nothing. */
function withoutSample(text: string): string[] {
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);
  return names.filter((name) => !name.startsWith('nodejs_') && !new RegExp(`^${name}(_bucket)?[{ ]`, 'm').test(text));
}

/** promtool's objections. */
function lint(text: string): string[] {
  const { stderr, error } = spawnSync(findProgram('promtool')!, ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  return stderr.split('\n').filter((line) => line !== '' && !OTHERS.test(line));
}

describe('series are named as Prometheus has it', { skip: skipWithout('promtool') }, () => {
  for (const [owner, create] of Object.entries(OWNERS)) {
    it(owner, async () => {
      const text = await create().metrics();
      assert.deepEqual(withoutSample(text), []);
      assert.deepEqual(lint(text), []);
    });
  }

  it('and a wrong name would be seen', () => {
    const text = '# HELP ppo_x_milliseconds X\n# TYPE ppo_x_milliseconds counter\nppo_x_milliseconds 1\n';
    assert.equal(lint(text).length, 2);
  });
});
