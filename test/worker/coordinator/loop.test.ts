/** The whole loop against in-process workers: what is written, and that it repeats bit by bit. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '../../../worker/service/protos.ts';
import { stream } from '../../../worker/service/rpc.ts';
import { FakeJob, runUndisturbed } from './fake-job.ts';

test('a job runs from rendezvous to the exported actor', async () => {
  await using job = new FakeJob();
  const run = await job.startCoordinator();
  const client = connect('Coordinator', run.address);
  const phases = new Set<string>();
  const watching = (async () => {
    let last = null;
    for await (const progress of stream(client, client.watchProgress, {}, { deadlineMs: 30_000, idleMs: 30_000 })) {
      phases.add(progress.phase);
      last = progress;
    }
    return last;
  })();
  await job.startWorkers(run.address);
  await run.ended;
  const last = await watching;
  client.close();

  assert.equal(last?.phase, 'Finished');
  assert.equal(last.iteration, 4);
  assert.equal(last.policyVersion, 4);
  assert.equal(last.lastCheckpointIteration, 4);
  assert.equal(last.maxLogprobDifference, 0);
  assert.ok(last.accuracyBefore !== undefined && last.accuracy !== undefined);
  assert.deepEqual(
    ['WaitingForWorkers', 'Generating', 'Scoring', 'Training'].filter((phase) => !phases.has(phase)),
    [],
  );

  const metrics = job.metrics();
  assert.deepEqual(
    metrics.map(({ iteration }) => iteration),
    [1, 2, 3, 4],
  );
  const expected = [
    'critic/explainedVariance',
    'critic/gradientNorm',
    'loss/policy',
    'loss/value',
    'policy/approxKl',
    'policy/clipFraction',
    'policy/entropy',
    'policy/gradientNorm',
    'policy/kl',
    'policy/klCoef',
    'policy/logprobDifference',
    'rollout/finishedShare',
    'rollout/responseTokens',
    'rollout/score',
    'rollout/scoreStd',
  ];
  for (const line of metrics)
    assert.deepEqual(
      expected.filter((name) => !Number.isFinite(line[name])),
      [],
    );
  assert.deepEqual(
    metrics.map((line) => 'evaluation/accuracy' in line),
    [false, true, false, true],
  );
  assert.equal(metrics[0]!['policy/kl'], 0, 'at version 0 the actor is the reference');
  assert.notEqual(metrics[1]!['policy/klCoef'], metrics[0]!['policy/klCoef'], 'the coefficient is adaptive');

  assert.equal(job.exportedWeight(), job.workers.get('actor-0')!.weight);
  assert.equal(job.workers.get('generation-1')!.weight, job.exportedWeight());
  const checkpoints = readdirSync(job.config.checkpoint.directory).sort();
  assert.deepEqual(checkpoints, ['iteration-000002', 'iteration-000004']);
  const files = readdirSync(join(job.config.checkpoint.directory, 'iteration-000004')).sort();
  assert.deepEqual(files, ['COMPLETE', 'actor-0.json', 'coordinator.json', 'critic-0.json']);
});

test('the same seed gives the same figures, whatever the number of generation, reference and reward replicas', async () => {
  const one = await runUndisturbed();
  const other = await runUndisturbed({
    overrides: { roles: { generation: { replicas: 3 }, reference: { replicas: 2 }, reward: { replicas: 2 } } },
  });
  assert.deepEqual(other, one);
  const reseeded = await runUndisturbed({ overrides: { seed: 6 } });
  assert.notDeepEqual(reseeded.metrics, one.metrics);
});

test('while the critic warms up the actor keeps its weights and its version rises', async () => {
  await using job = new FakeJob({ overrides: { algorithm: { criticWarmupIterations: 4 } } });
  const run = await job.startCoordinator();
  await job.startWorkers(run.address);
  await run.ended;
  assert.equal(job.exportedWeight(), 1);
  assert.equal(job.workers.get('actor-0')!.version, 4);
  assert.notEqual(job.workers.get('critic-0')!.weight, 2);
  assert.ok(!('loss/policy' in job.metrics()[0]!));
});

test('several ranks of actor and critic train together', async () => {
  await using job = new FakeJob({
    overrides: { roles: { actor: { replicas: 2 }, critic: { replicas: 2 } }, algorithm: { criticWarmupIterations: 1 } },
  });
  const run = await job.startCoordinator();
  await job.startWorkers(run.address);
  // Fake ranks don't reduce gradients, so they end with different weights, and that is noticed.
  await assert.rejects(run.ended, /rollbacks led no further.*ended with other weights than/s);
  assert.ok(existsSync(job.config.output.directory));
});
