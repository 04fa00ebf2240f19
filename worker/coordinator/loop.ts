/**
 * The job from rendezvous to exported model: restore, sync the weights, measure, iterate, export. Each iteration counts
 * only when its line is in metrics.jsonl. Knows nothing of how a step is done.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { decideIteration } from '../service/iteration.ts';
import { unary } from '../service/rpc.ts';
import { traceRoot } from '../service/tracing.ts';
import { type IterationResult, iterate, measureAccuracy } from './iteration.ts';
import { type Attempt, inPhase, type Job } from './job.ts';
import type { JobState } from './job-state.ts';
import { waitForMembers, withTrainers } from './recovery.ts';

/** Iterations that the time left is estimated from. */
const PACE_WINDOW = 8;

/** Runs the job to its end and returns its last state. Throws what no recovery could mend, or the signal's reason. */
export async function runJob(job: Job): Promise<JobState> {
  const course = new Course(job);
  try {
    await waitForMembers(job);
    await withTrainers(
      job,
      () => course.numFinished,
      (attempt) => course.run(attempt),
    );
    job.trackers.finish(true);
    return course.state;
  } catch (error) {
    // A job whose coordinator is only taken away goes on elsewhere.
    if (!job.signal.aborted) job.trackers.finish(false);
    throw error;
  } finally {
    job.trackers.close();
  }
}

class Course {
  readonly #job: Job;
  #state: JobState | null = null;
  /** The most iterations ever done, rollbacks not counted. */
  numFinished = 0;
  readonly #recentSeconds: number[] = [];

  constructor(job: Job) {
    this.#job = job;
  }

  get state(): JobState {
    if (this.#state === null) throw new Error('internal: the job has not started');
    return this.#state;
  }

  async run(attempt: Attempt): Promise<void> {
    await traceRoot('start', {}, () => this.#start(attempt));
    while (this.state.iteration < this.#job.config.algorithm.numIterations) {
      await traceRoot('iteration', { 'ppo.iteration': this.state.iteration + 1 }, () => this.#step(attempt));
    }
    await traceRoot('export', {}, () => this.#export(attempt));
  }

  async #start(attempt: Attempt): Promise<void> {
    const { job, gang, signal } = attempt;
    job.progress.update({ phase: 'Starting', message: 'restoring the trainers', epoch: job.membership.epoch });
    const { state, weights } = await job.checkpointing.restore(gang, signal);
    this.#state = state;
    job.metricsLog.truncate(state.iteration);
    job.trackers.resume(state.iteration);
    this.#show({ lastCheckpointIteration: state.iteration });
    job.metrics.onCheckpoint();
    job.progress.update({ phase: 'SyncingWeights', message: '' });
    job.weights.announce(gang, weights);
    await job.weights.bring(weights.policyVersion, signal);
    if (state.iteration > 0) return;
    const accuracyBefore = await inPhase(job, { phase: 'Evaluating', name: 'evaluation', timings: {} }, () => {
      return measureAccuracy(attempt, state);
    });
    this.#state = { ...state, accuracyBefore, accuracy: accuracyBefore };
    if (accuracyBefore !== null) {
      job.trackers.log({ iteration: 0, metrics: { 'evaluation/accuracy': accuracyBefore }, samples: [] });
    }
    this.#show();
    job.log.info({ accuracy: accuracyBefore }, 'ready for the first iteration');
  }

  async #step(attempt: Attempt): Promise<void> {
    const { job } = attempt;
    decideIteration(this.state.iteration + 1);
    const { state, metrics, samples } = await iterate(attempt, this.state);
    job.metricsLog.append({ iteration: state.iteration, policyVersion: state.iteration, metrics });
    job.trackers.log({ iteration: state.iteration, metrics, samples });
    this.#state = state;
    this.numFinished = Math.max(this.numFinished, state.iteration);
    this.#keepPace(metrics['timing/iteration']!);
    job.metrics.onIteration(metrics);
    this.#show({ metrics: { ...metrics }, tokensPerSecond: metrics['rollout/tokensPerSecond']! });
    job.log.info(figures(metrics), 'iterated');
    if (isCheckpointDue(job, state)) await this.#checkpoint(attempt, state);
  }

  async #checkpoint({ job, gang, signal }: Attempt, state: JobState): Promise<void> {
    await inPhase(job, { phase: 'Checkpointing', name: 'checkpoint', timings: {} }, () => {
      return job.checkpointing.save(gang, state, signal);
    });
    this.#show({ lastCheckpointIteration: state.iteration });
    job.metrics.onCheckpoint();
  }

  async #export({ job, gang, signal }: Attempt): Promise<void> {
    const directory = join(job.config.output.directory, 'actor');
    mkdirSync(job.config.output.directory, { recursive: true });
    job.progress.update({ message: `writing the trained actor to ${directory}` });
    await job.calls.call(gang.source, { signal }, ({ client, epoch, unary: options }) => {
      const trainer = client('Trainer');
      return unary(trainer, trainer.exportModel, { epoch, directory }, options);
    });
  }

  #keepPace(seconds: number): void {
    this.#recentSeconds.push(seconds);
    if (this.#recentSeconds.length > PACE_WINDOW) this.#recentSeconds.shift();
  }

  #remainingSeconds(): number {
    const recent = this.#recentSeconds;
    if (recent.length === 0) return -1;
    const pace = recent.reduce((sum, seconds) => sum + seconds, 0) / recent.length;
    return pace * (this.#job.config.algorithm.numIterations - this.state.iteration);
  }

  #show(extra: Partial<Job['progress']['state']> = {}): void {
    const { state } = this;
    const { progress, membership } = this.#job;
    progress.update({
      iteration: state.iteration,
      policyVersion: state.iteration,
      tokens: state.tokens,
      maxLogprobDifference: state.maxLogprobDifference,
      remainingSeconds: this.#remainingSeconds(),
      epoch: membership.epoch,
      ...(state.accuracy === null ? {} : { accuracy: state.accuracy }),
      ...(state.accuracyBefore === null ? {} : { accuracyBefore: state.accuracyBefore }),
      ...extra,
    });
  }
}

/** Of a whole iteration in a line of the log; accuracy where it was measured. */
function figures(metrics: IterationResult['metrics']) {
  const [score, kl, accuracy] = [metrics['rollout/score'], metrics['policy/kl'], metrics['evaluation/accuracy']];
  return { score, kl, accuracy, tokensPerSecond: metrics['rollout/tokensPerSecond'] };
}

function isCheckpointDue({ config }: Job, { iteration }: JobState): boolean {
  const { everyIterations } = config.checkpoint;
  return everyIterations > 0 && iteration % everyIterations === 0;
}
