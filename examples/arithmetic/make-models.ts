// The command `npm run example:models`: makes the example's data and models and says how good they are. Knows options
// and printing; refuses to know how the models are trained.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createCpuDevice } from '../../worker/runtime/cpu-device.ts';
import { writeModels, writeProblems } from './example-files.ts';
import { assertLearnable, type MadeModels, makeModels } from './models.ts';
import { splitProblems } from './task.ts';

const USAGE = `npm run example:models -- [options]
  --seed N           makes other models (0: those in the repository)
  --output DIR       gets data/ and models/ (default: examples/arithmetic)
  --sft-steps N      optimizer steps of the language model (default 800)
  --reward-steps N   optimizer steps of the reward model (default 2500)
  --min-balanced P   refuses a reward model below this balanced accuracy (default 0.98)`;

const THREADS = 2;
const STEPS_PER_LINE = 250;

interface Settings {
  readonly seed: number;
  readonly output: string;
  readonly sftSteps: number;
  readonly rewardSteps: number;
  readonly minBalanced: number;
}

function main(): void {
  const settings = readSettings(process.argv.slice(2));
  const problems = splitProblems();
  const made = makeModels({
    ...settings,
    ...problems,
    device: createCpuDevice(),
    threads: THREADS,
    samplesPerProblem: 4,
    onProgress: (stage, step, loss) => {
      if (step % STEPS_PER_LINE === 0) say(`${stage}: step ${step}, loss ${loss.toFixed(4)}`);
    },
  });
  report(made);
  assertLearnable(made.rewardAccuracy, settings.minBalanced);
  writeProblems(settings.output, 'train', problems.train);
  writeProblems(settings.output, 'heldout', problems.heldout);
  writeModels(settings.output, made.actor, made.reward);
  say(`written to ${settings.output}`);
}

function readSettings(args: readonly string[]): Settings {
  const text = { type: 'string' } as const;
  const options = { seed: text, output: text, 'sft-steps': text, 'reward-steps': text, 'min-balanced': text };
  const { values } = parseArgs({ args: [...args], options });
  const count = (name: keyof typeof values, fallback: number) => {
    const found = values[name] ?? String(fallback);
    if (/^\d{1,9}$/.test(found)) return Number(found);
    throw new RangeError(`--${name}: found "${found}", allowed: a whole number from 0`);
  };
  const minBalanced = Number(values['min-balanced'] ?? 0.98);
  if (!(minBalanced >= 0 && minBalanced <= 1)) throw new RangeError('--min-balanced: allowed are numbers from 0 to 1');
  return {
    seed: count('seed', 0),
    output: resolve(values.output ?? import.meta.dirname),
    sftSteps: count('sft-steps', 800),
    rewardSteps: count('reward-steps', 2500),
    minBalanced,
  };
}

function report({ greedyAccuracy, sampledAccuracy, rewardAccuracy, reward }: MadeModels): void {
  say('on 1,000 held-out prompts:');
  say(`  SFT model, right answers: greedy ${percent(greedyAccuracy)}, sampled ${percent(sampledAccuracy)}`);
  say(`  reward model: pairs ${percent(rewardAccuracy.pairs)}, balanced ${percent(rewardAccuracy.balanced)}`);
  say(`  raw scores: mean ${reward.config.scoreMean.toFixed(3)}, std ${reward.config.scoreStd.toFixed(3)}`);
}

function say(line: string): void {
  const seconds = process.uptime();
  const { user, system } = process.cpuUsage();
  const time = `${seconds.toFixed(0).padStart(4)} s (CPU ${((user + system) / 1e6).toFixed(0)} s)`;
  process.stdout.write(`${time}  ${line}\n`);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

try {
  main();
} catch (error) {
  process.stderr.write(`nothing was written: ${error instanceof Error ? error.message : error}\n\n${USAGE}\n`);
  process.exitCode = 1;
}
