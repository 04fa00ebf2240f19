/**
 * What trackers' tests and fixtures are made of: a job whose trainers go back once, and whose coordinator is killed while
 * it writes and followed by another. Times and settings are given, so that the files are the same bytes each time.
 */
import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { JobConfig } from '../../../../worker/api/job-config.ts';
import { TensorboardTracker } from '../../../../worker/coordinator/tracking/tensorboard.ts';
import type { Tracker } from '../../../../worker/coordinator/tracking/tracker.ts';
import { WandbTracker } from '../../../../worker/coordinator/tracking/wandb.ts';

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const SECOND_LIFE_MS = 3_600_000;
const STEP_MS = 1000;

/** The iterations that count at the end, each with the doing of it that does. */
export const COUNTED: readonly (readonly [iteration: number, doing: number])[] = [
  ...([
    [1, 0],
    [2, 0],
    [3, 1],
    [4, 2],
    [5, 2],
  ] as const),
];
export const ACCURACY_BEFORE = 0.125;
export const SAMPLES = [
  { prompt: '1+1=', response: '2', score: 1 },
  { prompt: 'a|b\n<c> &amp;', response: '`d`\\', score: -0.5 },
];

/** Each doing of an iteration has other figures. */
export function metricsOf(iteration: number, doing: number): Record<string, number> {
  return {
    'rollout/score': iteration / 4 + doing / 16,
    'policy/kl': 2 ** -20 * iteration,
    'loss/policy': -doing,
    'policy/gradientNorm': iteration === 4 ? Number.POSITIVE_INFINITY : 2 ** iteration,
  };
}

type Create = (o: { readonly nowMs: () => number; readonly uid: string }) => Tracker;
type WandbSettings = ConstructorParameters<typeof WandbTracker>[0]['settings'];

export function tensorboardIn(directory: string): Create {
  return ({ nowMs, uid }) => new TensorboardTracker({ directory, host: 'pod', nowMs, config: configOf(uid) });
}

export function wandbIn(directory: string, others: Partial<WandbSettings> = {}): Create {
  const names = { project: 'sums', entity: 'team', name: 'first', group: 'seeds', tags: ['a', 'b'] };
  const settings = { directory, ...names, ...others };
  return ({ nowMs, uid }) => new WandbTracker({ settings, host: 'pod', nowMs, config: configOf(uid) });
}

/** Not the whole of a job: a setting that comes must not change the fixtures. */
function configOf(uid: string): JobConfig {
  const job = { name: 'job', namespace: 'default', uid };
  const training = { minibatchSize: 6, actor: { learningRate: 0.1, schedule: 'linear' } };
  const config = { job, seed: 5, training, reward: { clipRange: [-1, 1] }, whiten: true, limit: null };
  return { ...config, output: { directory: '/out' } } as unknown as JobConfig;
}

/** `uids`: of the job in each life of the coordinator. */
export function playScenario(
  directory: string,
  create: Create,
  uids: readonly [string, string] = ['uid', 'uid'],
): void {
  let clockMs = START_MS;
  const nowMs = () => {
    clockMs += STEP_MS;
    return clockMs;
  };
  const first = create({ nowMs, uid: uids[0] });
  first.resume(0);
  first.log({ iteration: 0, metrics: { 'evaluation/accuracy': ACCURACY_BEFORE }, samples: [] });
  for (const iteration of [1, 2, 3, 4]) log(first, iteration, 0);
  first.resume(2);
  for (const iteration of [3, 4]) log(first, iteration, 1);
  first.close();
  // Killed in the middle of a record.
  appendFileSync(filesBelow(directory).at(-1)!, Uint8Array.of(200, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3));
  clockMs += SECOND_LIFE_MS;
  const second = create({ nowMs, uid: uids[1] });
  second.resume(3);
  for (const iteration of [4, 5]) log(second, iteration, 2);
  second.finish(true);
  second.close();
}

function log(tracker: Tracker, iteration: number, doing: number): void {
  tracker.log({ iteration, metrics: metricsOf(iteration, doing), samples: iteration === 5 ? SAMPLES : [] });
}

/** Every file below `directory`, in the order of their names. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((path) => join(directory, path))
    .filter((path) => statSync(path).isFile())
    .sort();
}

/** A file's name without what differs from process to process. */
export function nameInFixtures(path: string): string {
  return basename(path).replace(/(tfevents\.\d+\.pod)\.\d+\.\d+$/, '$1');
}
