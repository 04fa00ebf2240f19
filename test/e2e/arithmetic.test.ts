/**
 * Whole jobs, started by the command line on the shipped example: what an undisturbed one leaves behind, and that every
 * loss (a killed process of any kind, an interrupt) ends in the very same figures.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { loadModelFolder } from '../../worker/models/folder.ts';
import { loadTokenizer } from '../../worker/models/tokenizer.ts';
import { endRuns, type IterationMetrics, JobRun, NUM_ITERATIONS, readMetrics } from './job-run.ts';

const PARITY_TOLERANCE = 1e-4;
const EXPECTED_PROCESSES = [
  'arithmetic-actor-0 communicator',
  'arithmetic-actor-0 worker',
  'arithmetic-coordinator-0 worker',
  'arithmetic-critic-0 communicator',
  'arithmetic-critic-0 worker',
  'arithmetic-generation-0 communicator',
  'arithmetic-generation-0 worker',
  'arithmetic-generation-1 communicator',
  'arithmetic-generation-1 worker',
  'arithmetic-reference-0 worker',
  'arithmetic-reward-0 worker',
];

interface Summary {
  readonly condition: string;
  readonly iterations: number;
  readonly accuracyBefore: number;
  readonly accuracyAfter: number;
  readonly maxLogprobDifference: number;
  readonly tokens: number;
  readonly restarts: Readonly<Record<string, number>>;
}

function readSummary(output: string): Summary {
  return JSON.parse(readFileSync(join(output, 'summary.json'), 'utf8')) as Summary;
}

/** Whether a gRPC server talks to whoever shows what is in `options`. */
function serves(options: ConnectionOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...options, ALPNProtocols: ['h2'], checkServerIdentity: () => undefined });
    // An HTTP/2 server speaks first, once it has let a client in.
    socket.once('data', () => resolve(true));
    socket.on('error', () => {});
    socket.on('close', () => resolve(false));
    socket.once('data', () => socket.destroy());
    socket.setTimeout(5000, () => socket.destroy());
  });
}

describe('a job on one machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ppo-e2e-'));
  let undisturbed: IterationMetrics[] = [];

  function start(name: string, ...options: string[]): JobRun {
    return new JobRun(join(folder, name), ...options);
  }

  async function succeed(run: JobRun): Promise<Summary> {
    assert.equal(await run.exit, 0, run.text());
    assert.deepEqual(run.processes(), []);
    assert.deepEqual(run.sharedFolders(), []);
    const summary = readSummary(run.output);
    assert.equal(summary.condition, 'Succeeded');
    return summary;
  }

  before(async () => {
    const run = start('undisturbed');
    await run.untilIteration(1);
    const processes = run.processes().map(({ pod, container }) => `${pod} ${container}`);
    assert.deepEqual(processes.sort(), EXPECTED_PROCESSES);
    await succeed(run);
    undisturbed = readMetrics(run.output);
  });

  after(async () => {
    await endRuns();
    rmSync(folder, { recursive: true, force: true });
  });

  it('trains, and leaves a summary, a line an iteration, the curves and the manifest', () => {
    const output = join(folder, 'undisturbed');
    const summary = readSummary(output);
    assert.equal(summary.iterations, NUM_ITERATIONS);
    assert.deepEqual(Object.values(summary.restarts), [0, 0, 0, 0, 0, 0]);
    assert.ok(summary.tokens > NUM_ITERATIONS * 96 * 2, `${summary.tokens} tokens`);
    assert.equal(undisturbed.length, NUM_ITERATIONS);
    // 12 optimizer steps on 576 responses are few, yet the reward is far above its start already.
    assert.ok(undisturbed.at(-1)!['rollout/score']! > undisturbed[0]!['rollout/score']! + 0.1);
    assert.match(readFileSync(join(output, 'curves.svg'), 'utf8'), /^<svg/);
    assert.match(readFileSync(join(output, 'ppojob.yaml'), 'utf8'), /batchSize: 96/);
  });

  it('generates with the very policy that it trains: the parity metric stays below 1e-4', () => {
    const { maxLogprobDifference } = readSummary(join(folder, 'undisturbed'));
    assert.ok(maxLogprobDifference > 0 && maxLogprobDifference < PARITY_TOLERANCE, String(maxLogprobDifference));
  });

  it('exports the trained actor as a folder that loads', () => {
    const model = loadModelFolder(join(folder, 'undisturbed', 'actor'), 'language-model');
    const initial = loadModelFolder('examples/arithmetic/models/actor', 'language-model');
    assert.deepEqual(model.config, initial.config);
    assert.notDeepEqual(model.parameters, initial.parameters);
    const tokenizer = loadTokenizer(join(folder, 'undisturbed', 'actor'));
    assert.equal(tokenizer.decode(tokenizer.encode('12+34='), { skipSpecialTokens: true }), '12+34=');
  });

  it('gives the same figures over mutual TLS, where nobody without a certificate of the job is served', async () => {
    const secured = start('secured', '--set', 'spec.security.tls.mode=Enabled');
    await secured.untilIteration(1);
    for (const { pod, environment } of secured.processes()) {
      const [directory, host, port] = ['PPO_TLS_DIR', 'PPO_POD_IP', 'PPO_GRPC_PORT'].map((key) => environment.get(key));
      assert.ok(directory !== undefined && host !== undefined && port !== undefined, pod);
      const ca = readFileSync(join(directory, 'ca.crt'), 'utf8');
      assert.equal(
        await serves({ host, port: Number(port), ca }),
        false,
        `${pod} serves somebody without a certificate`,
      );
      const [cert, key] = ['tls.crt', 'tls.key'].map((name) => readFileSync(join(directory, name), 'utf8'));
      assert.equal(await serves({ host, port: Number(port), ca, ...{ cert, key } }), true, pod);
    }
    await succeed(secured);
    assert.deepEqual(readMetrics(secured.output), undisturbed);
  });

  it('gives the same figures again from the same seed, and others from another', async () => {
    const again = start('again');
    await succeed(again);
    assert.deepEqual(readMetrics(again.output), undisturbed);
    const other = start('other-seed', '--seed', '1', '--set', 'spec.algorithm.numIterations=2');
    await succeed(other);
    assert.notEqual(readMetrics(other.output)[0]!['rollout/score'], undisturbed[0]!['rollout/score']);
  });

  const losses = [
    { name: 'a generation server', pod: 'arithmetic-generation-0', role: 'generation' },
    { name: 'the actor', pod: 'arithmetic-actor-0', role: 'actor' },
    { name: 'the critic', pod: 'arithmetic-critic-0', role: 'critic' },
    { name: 'the reward model', pod: 'arithmetic-reward-0', role: 'reward' },
    { name: 'the coordinator', pod: 'arithmetic-coordinator-0', role: 'coordinator' },
  ];
  for (const { name, pod, role } of losses) {
    it(`survives the loss of ${name} with the same figures`, async () => {
      const run = start(`without-${role}`);
      await run.untilIteration(3);
      run.killWorker(pod);
      const summary = await succeed(run);
      assert.equal(summary.restarts[role], 1, run.text());
      assert.deepEqual(readMetrics(run.output), undisturbed);
    });
  }

  it('survives the loss of a communicator sidecar with the same figures', async () => {
    const run = start('without-sidecar');
    await run.untilIteration(3);
    run.killWorker('arithmetic-generation-1', 'communicator');
    await succeed(run);
    assert.deepEqual(readMetrics(run.output), undisturbed);
  });

  it('ends everything on Ctrl-C, and goes on with --resume to the same figures', async () => {
    const run = start('interrupted');
    await run.untilIteration(4);
    run.kill('SIGINT');
    assert.equal(await run.exit, 130, run.text());
    assert.deepEqual(run.processes(), []);
    assert.deepEqual(run.sharedFolders(), []);
    assert.match(run.text(), /--resume/);
    const resumed = start('interrupted', '--resume');
    await succeed(resumed);
    assert.deepEqual(readMetrics(resumed.output), undisturbed);
  });
});
