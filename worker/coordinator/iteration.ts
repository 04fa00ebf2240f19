/**
 * One PPO iteration as a checklist: rollout, scores, experiences, training, weight sync, evaluation when due. Changes no
 * state of its own: the next state comes back only when everything has succeeded.
 */
import { createKlController } from '../ppo/kl.ts';
import { deriveSeed } from '../ppo/rng.ts';
import type { PromptRecord } from './dataset.ts';
import { evaluate, isExact } from './evaluation.ts';
import { computeExperiences, type ScoredRollout } from './experience.ts';
import { type Attempt, inPhase, type Job, rendezvousMs, samplingOf } from './job.ts';
import type { JobState } from './job-state.ts';
import { memberName, type WorkerRole } from './membership.ts';
import { type GenerationRequest, generate, type RolloutOptions, type RolloutResponse } from './rollout.ts';
import { type ScoringOptions, type Sequence, score } from './scoring.ts';
import { together } from './together.ts';
import { pickSamples } from './tracking/samples.ts';
import type { ResponseSample } from './tracking/tracker.ts';
import { train } from './train-phase.ts';

export interface IterationResult {
  readonly state: JobState;
  readonly metrics: Readonly<Record<string, number>>;
  /** Responses for people to read. */
  readonly samples: readonly ResponseSample[];
}

/** Keeps the seeds of responses apart from other draws of the job's seed. */
const STREAM = 0x726f6c6c;

export async function iterate(attempt: Attempt, state: JobState): Promise<IterationResult> {
  const { job, gang, signal } = attempt;
  const { algorithm, reward } = job.config;
  const timings: Record<string, number> = {};
  const startMs = performance.now();
  const timed = { timings };

  const records = drawPrompts(attempt, state);
  const requests = requestsFor(attempt, state, records);
  const responses = await inPhase(job, { phase: 'Generating', name: 'rollout', ...timed }, () => {
    return generate({ ...rolloutOptions(attempt, state), requests });
  });
  job.metrics.onRollout(responses);
  const scored = await inPhase(job, { phase: 'Scoring', name: 'scoring', ...timed }, () => {
    return scoreRollout(attempt, records, responses);
  });
  const { experiences, metrics } = computeExperiences(scored, {
    algorithm,
    clipRange: reward.clipRange,
    klCoef: state.klCoef,
  });
  const trained = await inPhase(job, { phase: 'Training', name: 'training', ...timed }, async () => {
    await job.groups.ensure(gang, signal);
    const onProgress = showTrainSteps(attempt);
    return train({
      calls: job.calls,
      gang,
      config: job.config,
      experiences,
      iteration: state.iteration,
      signal,
      onProgress,
    });
  });
  await inPhase(job, { phase: 'SyncingWeights', name: 'weightSync', ...timed }, () => {
    job.weights.announce(gang, trained.weights);
    return job.weights.bring(trained.weights.policyVersion, signal);
  });
  const next = advance(attempt, state, { responses, metrics });
  const accuracy = isEvaluationDue(attempt, next)
    ? await inPhase(job, { phase: 'Evaluating', name: 'evaluation', ...timed }, () => measureAccuracy(attempt, next))
    : null;

  timings.iteration = (performance.now() - startMs) / 1000;
  return {
    state: { ...next, accuracy: accuracy ?? next.accuracy },
    metrics: {
      ...metrics,
      ...trained.metrics,
      ...(accuracy === null ? {} : { 'evaluation/accuracy': accuracy }),
      'rollout/tokensPerSecond': (next.tokens - state.tokens) / timings.rollout!,
      ...Object.fromEntries(Object.entries(timings).map(([name, seconds]) => [`timing/${name}`, seconds])),
    },
    samples: pickSamples(requests, scored, {
      count: job.trackers.sampleResponses,
      samplesPerPrompt: job.config.rollout.samplesPerPrompt,
      decode: job.data.decode,
    }),
  };
}

/** Share of right answers to the held-out prompts by the policy of `state`; null where the job has none. */
export async function measureAccuracy(attempt: Attempt, state: JobState): Promise<number | null> {
  const records = attempt.job.data.evaluation;
  if (records === null) return null;
  const judge = (responses: readonly RolloutResponse[]) => judgeHeldOut(attempt, records, responses);
  return evaluate({ ...rolloutOptions(attempt, state), records, judge });
}

function isEvaluationDue({ job }: Attempt, { iteration }: JobState): boolean {
  const { evaluation, algorithm } = job.config;
  const isDue = iteration % evaluation.everyIterations === 0 || iteration === algorithm.numIterations;
  return isDue && job.data.evaluation !== null;
}

/** Prompts in their order, each `samplesPerPrompt` times. */
function drawPrompts({ job }: Attempt, state: JobState): PromptRecord[] {
  const { batchSize, samplesPerPrompt } = job.config.rollout;
  const drawn = job.sampler.draw(state.promptsDrawn, batchSize);
  return drawn.flatMap((index) =>
    Array.from({ length: samplesPerPrompt }, () => job.data.train[index] as PromptRecord),
  );
}

/** Seeds by (seed, iteration, prompt, sample). */
function requestsFor({ job }: Attempt, state: JobState, records: readonly PromptRecord[]): GenerationRequest[] {
  const { samplesPerPrompt } = job.config.rollout;
  return records.map(({ promptTokenIds }, index) => {
    const place = [Math.floor(index / samplesPerPrompt), index % samplesPerPrompt];
    return { promptTokenIds, seed: deriveSeed(job.config.seed, STREAM, state.iteration, ...place) };
  });
}

function rolloutOptions({ job, signal }: Attempt, state: JobState): Omit<RolloutOptions, 'requests'> {
  return {
    calls: job.calls,
    weights: job.weights,
    sampling: samplingOf(job),
    policyVersion: state.iteration,
    waitMs: rendezvousMs(job.config),
    signal,
    onRequeue: (member, count, cause) => {
      job.metrics.requeuedResponses.inc(count);
      job.log.warn({ err: cause, replica: memberName(member), count }, 'responses go back to the queue');
    },
  };
}

async function scoreRollout(
  { job, signal }: Attempt,
  records: readonly PromptRecord[],
  responses: readonly RolloutResponse[],
): Promise<ScoredRollout> {
  const sequences = responses.map((response, i) => sequenceOf(records[i]!, response));
  const by = (role: Exclude<WorkerRole, 'generation'>, kind: ScoringOptions['kind']) => async (shared: AbortSignal) => {
    const asked = kind === 'REWARDS' ? withTexts(job, { sequences, records, responses }) : sequences;
    const startMs = performance.now();
    const rows = await score({ ...scoringOptions(job, role), kind, sequences: asked, signal: shared });
    job.metrics.onScored(role, (performance.now() - startMs) / 1000);
    return rows;
  };
  const [oldLogprobs, values, referenceLogprobs, scores] = await together(signal, [
    by('actor', 'LOGPROBS'),
    by('critic', 'VALUES'),
    by('reference', 'LOGPROBS'),
    by('reward', 'REWARDS'),
  ]);
  return {
    sequences,
    responses,
    oldLogprobs: oldLogprobs!,
    values: values!,
    referenceLogprobs: referenceLogprobs!,
    scores: scores!,
  };
}

function sequenceOf({ promptTokenIds }: PromptRecord, { responseTokenIds }: RolloutResponse): Sequence {
  return { tokenIds: [...promptTokenIds, ...responseTokenIds], promptLength: promptTokenIds.length };
}

interface Texts {
  readonly sequences: readonly Sequence[];
  readonly records: readonly PromptRecord[];
  readonly responses: readonly RolloutResponse[];
}

/** A reward function reads text; a reward model has its tokens. */
function withTexts({ config }: Job, { sequences, records, responses }: Texts): readonly Sequence[] {
  if (config.reward.function === null) return sequences;
  return sequences.map((sequence, i) => {
    const { prompt, answer } = records[i]!;
    return { ...sequence, text: { prompt, answer, isFinished: responses[i]!.finishReason === 'stop' } };
  });
}

function scoringOptions(job: Job, role: WorkerRole): Omit<ScoringOptions, 'kind' | 'sequences' | 'signal'> {
  return {
    calls: job.calls,
    role,
    replicas: job.config.roles[role].replicas,
    waitMs: rendezvousMs(job.config),
    onFailure: (asked, error) => {
      job.metrics.scoringFailures.inc({ role: asked });
      job.log.warn({ err: error, scorer: asked }, 'scoring failed');
    },
  };
}

/** Whether each held-out response is right: by exact match, or by the score that the reward function gives it. */
async function judgeHeldOut(
  { job, signal }: Attempt,
  records: readonly PromptRecord[],
  responses: readonly RolloutResponse[],
): Promise<boolean[]> {
  const { passScore } = job.config.evaluation;
  if (job.config.reward.function === null) return responses.map((r, i) => isExact(r, records[i]!, job.data.decode));
  const sequences = responses.map((response, i) => sequenceOf(records[i]!, response));
  const asked = withTexts(job, { sequences, records, responses });
  const scores = await score({ ...scoringOptions(job, 'reward'), kind: 'REWARDS', sequences: asked, signal });
  return scores.map(([value]) => value! > passScore);
}

function showTrainSteps({ job }: Attempt): (progress: { stepsDone: number; numSteps: number }) => void {
  return ({ stepsDone, numSteps }) => job.progress.update({ message: `train step ${stepsDone} of ${numSteps}` });
}

function advance(
  { job }: Attempt,
  state: JobState,
  done: { readonly responses: readonly RolloutResponse[]; readonly metrics: Readonly<Record<string, number>> },
): JobState {
  const { target, horizon } = job.config.algorithm.kl;
  const controller = createKlController({ coef: state.klCoef, target, horizon });
  controller.update(done.metrics['policy/kl']!, done.responses.length);
  const tokens = done.responses.reduce((sum, { responseTokenIds }) => sum + responseTokenIds.length, 0);
  return {
    ...state,
    iteration: state.iteration + 1,
    promptsDrawn: state.promptsDrawn + job.config.rollout.batchSize,
    klCoef: controller.coef,
    tokens: state.tokens + tokens,
    maxLogprobDifference: Math.max(state.maxLogprobDifference, done.metrics['policy/logprobDifference']!),
  };
}
