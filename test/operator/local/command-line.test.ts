/** The command line as a process: exit codes, words, the output folder, and what an interrupt leaves behind. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isRunning, waitFor } from './fixtures/node.ts';

const CLI = join(import.meta.dirname, 'fixtures', 'cli.ts');
const MANIFEST = `apiVersion: rlhf.dev/v1alpha1
kind: PPOJob
metadata: { name: tiny }
spec:
  models: { actor: { path: ./model }, critic: { path: ./model } }
  reward: { model: { path: ./model } }
  dataset: { train: { path: ./train.jsonl } }
  algorithm: { numIterations: 3 }
  roles: { reward: { maxRestarts: 1 } }
`;

interface Run {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  output(): string;
}

class Workspace {
  readonly directory = mkdtempSync(join(tmpdir(), 'ppo-cli-test-'));
  readonly #runs: Run[] = [];

  constructor() {
    mkdirSync(join(this.directory, 'model'));
    writeFileSync(join(this.directory, 'model', 'config.json'), '{}');
    writeFileSync(join(this.directory, 'train.jsonl'), '{}\n');
    writeFileSync(join(this.directory, 'job.yaml'), MANIFEST);
  }

  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  start(...args: string[]): Run {
    const child = spawn(process.execPath, [CLI, ...args], { cwd: this.directory, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
    const run = { child, exit, output: () => text };
    this.#runs.push(run);
    return run;
  }

  async run(...args: string[]): Promise<{ code: number | null; output: string }> {
    const run = this.start(...args);
    return { code: await run.exit, output: run.output() };
  }

  /** Every worker process that wrote its id into a log. */
  workerPids(output = this.path('outputs', 'tiny')): number[] {
    const logs = join(output, 'logs');
    if (!existsSync(logs)) return [];
    return readdirSync(logs).flatMap((name) =>
      [...readFileSync(join(logs, name), 'utf8').matchAll(/^pid (\d+)$/gm)].map((match) => Number(match[1])),
    );
  }

  async close(): Promise<void> {
    for (const { child, exit } of this.#runs) {
      child.kill('SIGKILL');
      await exit;
    }
    await waitFor(() => (this.workerPids().some(isRunning) ? null : true));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function inWorkspace(body: (workspace: Workspace) => Promise<void>): Promise<void> {
  const workspace = new Workspace();
  try {
    await body(workspace);
  } finally {
    await workspace.close();
  }
}

function foldersOf(pid: number | undefined): string[] {
  return [tmpdir(), '/dev/shm'].map((root) => join(root, `ppo-operator-${pid}`)).filter((folder) => existsSync(folder));
}

test('a job that succeeds: a line an iteration, results, exit code 0; run again, the first results are kept', async () => {
  await inWorkspace(async (workspace) => {
    const first = await workspace.run('job.yaml', '--seed', '1');
    assert.equal(first.code, 0, first.output);
    assert.equal(first.output.match(/^iteration \d\/3 {2}score 0\.\d+ {2}KL /gm)?.length, 3);
    assert.match(first.output, /accuracy +25\.0 % before, 50\.0 % after \(\+25\.0 points/);
    const summary = JSON.parse(readFileSync(workspace.path('outputs/tiny/summary.json'), 'utf8'));
    assert.equal(summary.condition, 'Succeeded');
    assert.equal(summary.iterations, 3);
    assert.equal(summary.restarts.generation, 0);
    assert.match(readFileSync(workspace.path('outputs/tiny/ppojob.yaml'), 'utf8'), /gaeLambda: "1"/);
    assert.match(readFileSync(workspace.path('outputs/tiny/curves.svg'), 'utf8'), /^<svg /);
    writeFileSync(workspace.path('outputs/tiny/first'), '');

    const second = await workspace.run('job.yaml', '--seed', '1', '--quiet');
    assert.equal(second.code, 0, second.output);
    assert.doesNotMatch(second.output, /^iteration/m);
    assert.ok(existsSync(workspace.path('outputs/tiny-1/first')));
    assert.ok(!existsSync(workspace.path('outputs/tiny/first')));

    const resumed = await workspace.run('job.yaml', '--seed', '1', '--resume');
    assert.equal(resumed.code, 0, resumed.output);
    assert.match(resumed.output, /resuming from the checkpoint of iteration 2/);
    assert.ok(!existsSync(workspace.path('outputs/tiny-2')));
  });
});

test('a bad manifest: every problem, exit code 2, nothing started', async () => {
  await inWorkspace(async (workspace) => {
    const { code, output } = await workspace.run(
      ...['job.yaml', '--set', 'spec.algorithm.gamma=1.5', '--set', 'spec.rollot.batchSize=3', '--seed', 'x'],
    );
    assert.equal(code, 2);
    for (const word of ['spec.algorithm.gamma', 'spec.rollot', 'spec.seed', 'rollout'])
      assert.match(output, new RegExp(word));
    assert.ok(!existsSync(workspace.path('outputs')));
  });
});

test('missing files, a strange output folder, nothing to resume, unknown options: exit code 2', async () => {
  await inWorkspace(async (workspace) => {
    rmSync(workspace.path('train.jsonl'));
    const missing = await workspace.run('job.yaml');
    assert.equal(missing.code, 2);
    assert.match(missing.output, /spec\.dataset\.train\.path/);
    writeFileSync(workspace.path('train.jsonl'), '');
    mkdirSync(workspace.path('notes'));
    writeFileSync(workspace.path('notes', 'thesis.tex'), '');
    const strange = await workspace.run('job.yaml', '--output', 'notes');
    assert.equal(strange.code, 2);
    assert.match(strange.output, /something other than a run/);
    const resume = await workspace.run('job.yaml', '--resume');
    assert.equal(resume.code, 2);
    assert.match(resume.output, /no complete checkpoint/);
    assert.equal((await workspace.run('job.yaml', '--nope')).code, 2);
  });
});

test('--dry-run prints the job with its defaults and its pods, and starts nothing', async () => {
  await inWorkspace(async (workspace) => {
    const { code, output } = await workspace.run('job.yaml', '--dry-run', '--set', 'spec.roles.generation.replicas=2');
    assert.equal(code, 0);
    assert.match(output, /tiny-generation-1: communicator, worker/);
    assert.match(output, /7 pods, 11 processes/);
    assert.ok(!existsSync(workspace.path('outputs')));
  });
});

test('a job that fails: exit code 1, and the reason names the pod and its last words', async () => {
  await inWorkspace(async (workspace) => {
    const { code, output } = await workspace.run('job.yaml', '--seed', '2');
    assert.equal(code, 1, output);
    assert.match(
      output,
      /HopelessConfiguration: pod tiny-reward-0 failed with exit code 78: HopelessError: the reward model has no head \(/,
    );
    const summary = JSON.parse(readFileSync(workspace.path('outputs/tiny/summary.json'), 'utf8'));
    assert.equal(summary.condition, 'Failed');
  });
});

test('results that cannot be written: the end is told all the same, with exit code 1', async () => {
  await inWorkspace(async (workspace) => {
    const run = workspace.start('job.yaml', '--seed', '1');
    await waitFor(() => (existsSync(workspace.path('outputs/tiny/ppojob.yaml')) ? true : null));
    mkdirSync(workspace.path('outputs/tiny/summary.json'));
    assert.equal(await run.exit, 1, run.output());
    assert.match(run.output(), /^job +Succeeded after/m);
    assert.match(run.output(), /the results in .*tiny are not complete: EISDIR/);
    assert.doesNotMatch(run.output(), /^ +at /m);
  });
});

test('a pod that fails once is restarted, which is said and counted', async () => {
  await inWorkspace(async (workspace) => {
    const { code, output } = await workspace.run('job.yaml', '--seed', '4');
    assert.equal(code, 0, output);
    assert.match(output, /generation restarts: 1/);
    const summary = JSON.parse(readFileSync(workspace.path('outputs/tiny/summary.json'), 'utf8'));
    assert.equal(summary.restarts.generation, 1);
  });
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} ends every process, frees shared memory and says how to go on`, async () => {
    await inWorkspace(async (workspace) => {
      const run = workspace.start('job.yaml', '--seed', '3');
      await waitFor(() => (run.output().includes('iteration 2/3') ? true : null));
      // The coordinator counts whether or not the others have come.
      const pids = await waitFor(() => (workspace.workerPids().length === 9 ? workspace.workerPids() : null));
      assert.equal(foldersOf(run.child.pid).length, 2);
      run.child.kill(signal);
      assert.equal(await run.exit, 130, run.output());
      assert.deepEqual(pids.filter(isRunning), []);
      assert.deepEqual(foldersOf(run.child.pid), []);
      assert.doesNotMatch(run.output(), /failed/);
      assert.match(run.output(), /resume from iteration 2: npm start -- job\.yaml --seed 3 --resume/);
    });
  });
}

test('a run whose output nobody reads any more ends in order', async () => {
  await inWorkspace(async (workspace) => {
    const run = workspace.start('job.yaml', '--seed', '3');
    await waitFor(() => (run.output().includes('iteration 1/3') ? true : null));
    const pids = workspace.workerPids();
    run.child.stdout?.destroy();
    assert.equal(await run.exit, 130, run.output());
    assert.deepEqual(pids.filter(isRunning), []);
    assert.deepEqual(foldersOf(run.child.pid), []);
    assert.doesNotMatch(run.output(), /EPIPE/);
  });
});

test('a second Ctrl-C is immediate, also when the workers ignore the first', async () => {
  await inWorkspace(async (workspace) => {
    const run = workspace.start('job.yaml', '--seed', '5');
    await waitFor(() => (run.output().includes('iteration 1/3') ? true : null));
    const pids = workspace.workerPids();
    run.child.kill('SIGINT');
    await waitFor(() => (run.output().includes('once more') ? true : null));
    run.child.kill('SIGINT');
    assert.equal(await run.exit, 130);
    await waitFor(() => (pids.some(isRunning) ? null : true));
    assert.deepEqual(foldersOf(run.child.pid), []);
  });
});

test('workers end with a command that is killed, and the next run removes what it left in shared memory', async () => {
  await inWorkspace(async (workspace) => {
    const run = workspace.start('job.yaml', '--seed', '3');
    await waitFor(() => (run.output().includes('iteration 1/3') ? true : null));
    const pids = workspace.workerPids();
    run.child.kill('SIGKILL');
    await run.exit;
    await waitFor(() => (pids.some(isRunning) ? null : true));
    assert.equal(foldersOf(run.child.pid).length, 2);
    assert.equal((await workspace.run('job.yaml', '--seed', '1')).code, 0);
    assert.deepEqual(foldersOf(run.child.pid), []);
  });
});

test('two runs at the same time keep out of each other; the same folder is for one of them', async () => {
  await inWorkspace(async (workspace) => {
    const first = workspace.start('job.yaml', '--seed', '3', '--output', 'a');
    await waitFor(() => (first.output().includes('iteration 1/3') ? true : null));
    for (const more of [[], ['--resume']]) {
      const second = await workspace.run('job.yaml', '--output', 'a', ...more);
      assert.equal(second.code, 2, second.output);
      assert.match(second.output, /another run is writing to .*\/a; wait for its end/);
    }
    first.child.kill('SIGINT');
    assert.equal(await first.exit, 130);
    const runs = ['a', 'b'].map((name) => workspace.run('job.yaml', '--seed', '1', '--output', name));
    for (const { code, output } of await Promise.all(runs)) assert.equal(code, 0, output);
    assert.ok(existsSync(workspace.path('a', 'summary.json')) && existsSync(workspace.path('b', 'summary.json')));
  });
});
