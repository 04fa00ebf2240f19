/** A real job with every tracker on: they all tell the same as metrics.jsonl, and the job is the same bits as without. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readScalars } from '../worker/coordinator/tracking/read-events.ts';
import { readRun } from '../worker/coordinator/tracking/read-wandb.ts';
import { OtlpReceiver } from '../worker/service/otlp-receiver.ts';
import { endRuns, JobRun, readMetrics } from './job-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ppo-tracking-'));
const [tracked, untracked, unheard] = ['tracked', 'untracked', 'unheard'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
const FEW = [
  ...['spec.algorithm.numIterations=2', 'spec.roles.generation.replicas=2'],
  // Two ranks, which sum their gradients.
  ...['spec.roles.actor.replicas=2', 'spec.training.microbatchSize=24'],
].flatMap((change) => ['--set', change]);
const ROLES = ['actor', 'communicator', 'coordinator', 'critic', 'generation', 'reference', 'reward'];
let receiver: OtlpReceiver;

async function run(output: string, ...options: string[]): Promise<void> {
  const job = new JobRun(output, ...FEW, ...options);
  assert.equal(await job.exit, 0, job.text());
}

describe('a job with every tracker on', () => {
  before(async () => {
    receiver = await OtlpReceiver.start();
    const tracing = `tracing: {endpoint: "${receiver.endpoint}"}`;
    await run(tracked, '--set', `spec.tracking={tensorboard: {}, wandb: {project: sums}, ${tracing}}`);
    await run(untracked);
    await run(unheard, '--set', 'spec.tracking={tracing: {endpoint: "http://127.0.0.1:9"}}');
  });
  after(async () => {
    await endRuns();
    await receiver[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has the figures of one without, bit by bit', () => {
    assert.equal(readMetrics(tracked).length, 2);
    assert.deepEqual(readMetrics(tracked), readMetrics(untracked));
  });

  it('goes on where nobody takes its spans, and says so', () => {
    assert.deepEqual(readMetrics(unheard), readMetrics(untracked));
    const log = readFileSync(join(unheard, 'logs', 'arithmetic-coordinator-0-worker.log'), 'utf8');
    assert.match(log, /spans are lost/);
  });

  it('shows in TensorBoard and in Weights & Biases what metrics.jsonl has', () => {
    const lines = readFileSync(join(tracked, 'metrics.jsonl'), 'utf8').split('\n').slice(0, -1);
    const scalars = readScalars(join(tracked, 'tensorboard'));
    const { history, kinds } = readRun(join(tracked, 'wandb'));
    assert.deepEqual([...scalars.keys()], [0, 1, 2]);
    assert.equal(kinds.at(-1), 'exit');
    for (const line of lines) {
      const { iteration, policyVersion: _, ...figures } = JSON.parse(line) as Record<string, number>;
      const single = Object.entries(figures).map(([name, value]) => [name, Math.fround(value)]);
      assert.deepEqual(scalars.get(iteration!), Object.fromEntries(single));
      const { _timestamp, _runtime, _step, ...logged } = history.get(iteration!)!;
      assert.deepEqual(logged, figures);
    }
  });

  it('tells in the logs of all roles which iteration they worked on', () => {
    const folder = join(tracked, 'logs');
    const lasts = readdirSync(folder).flatMap((name) => {
      const last = readFileSync(join(folder, name), 'utf8').trim().split('\n').at(-1)!;
      const { iteration, msg, role, name: part } = JSON.parse(last) as Record<string, unknown>;
      // The sidecar of a single critic is never called. Of who was ended by force the last line may be an early one.
      const isIdle = role === 'critic' && part === 'communicator';
      return !isIdle && (msg === 'ending' || role === 'coordinator') ? [{ part, iteration }] : [];
    });
    assert.deepEqual(
      lasts.filter(({ iteration }) => iteration !== 2),
      [],
    );
    assert.deepEqual([...new Set(lasts.map(({ part }) => part))].toSorted(), ROLES);
  });

  it('sends the spans of an iteration as one tree, from every role', () => {
    assert.deepEqual([...receiver.paths], ['/v1/traces']);
    const roots = receiver.spans.filter(({ parentId }) => parentId === '');
    assert.deepEqual(roots.map(({ name }) => name).toSorted(), ['export', 'iteration', 'iteration', 'start']);
    const wholeTraces = roots.filter(({ name, traceId }) => {
      const spans = receiver.spans.filter((span) => span.traceId === traceId);
      const services = new Set(spans.map(({ resource }) => resource['service.name']));
      return name === 'iteration' && ROLES.every((role) => services.has(role));
    });
    // A worker that is ended by force on a busy machine may take its last spans along.
    assert.ok(
      wholeTraces.length >= 1,
      [...new Set(receiver.spans.map((span) => receiver.pathOf(span).join(' > ')))].join('\n'),
    );
    const pods = new Set(receiver.spans.map(({ resource }) => resource['k8s.pod.name']));
    assert.ok(pods.has('arithmetic-generation-0') && pods.has('arithmetic-generation-1'), [...pods].join());
    const jobs = new Set(receiver.spans.map(({ resource }) => resource['rlhf.dev/job']));
    assert.deepEqual([...jobs], ['arithmetic']);
  });

  it('nests what a pod does below the phase that asked for it', () => {
    const paths = new Set(receiver.spans.map((span) => receiver.pathOf(span).join(' > ')));
    const call = (role: string, method: string) => `coordinator: ppo.v1.${method} > ${role}: ppo.v1.${method}`;
    const iteration = 'coordinator: iteration';
    const training = `${iteration} > coordinator: training`;
    const collective = 'ppo.v1.Communicator/Run';
    const expected = [
      `${iteration} > coordinator: rollout > ${call('generation', 'Generation/Generate')}`,
      ...['actor', 'critic', 'reference', 'reward'].map((role) => {
        return `${iteration} > coordinator: scoring > ${call(role, 'Scorer/Score')}`;
      }),
      ...['actor', 'critic'].map((role) => {
        return `${training} > coordinator: train ${role} > ${call(role, 'Trainer/Train')} > ${role}: train step`;
      }),
      `${training} > coordinator: train actor > ${call('actor', 'Trainer/Train')} > actor: train step > actor: ${collective} > communicator: ${collective}`,
      `${iteration} > coordinator: weightSync > ${call('generation', 'Generation/ReceiveWeights')} > generation: ${collective} > communicator: ${collective}`,
      `${iteration} > coordinator: weightSync > ${call('actor', 'Trainer/PublishWeights')} > actor: ${collective} > communicator: ${collective}`,
      `${iteration} > coordinator: checkpoint > ${call('critic', 'Trainer/SaveCheckpoint')}`,
      `${iteration} > coordinator: evaluation > ${call('generation', 'Generation/Generate')}`,
      `coordinator: start > coordinator: evaluation > ${call('generation', 'Generation/Generate')}`,
    ];
    assert.deepEqual(
      expected.filter((path) => !paths.has(path)),
      [],
      [...paths].sort().join('\n'),
    );
  });
});
