/**
 * One iteration's training: experiences to every rank, the same plan of steps on all ranks of a role, actor and critic at
 * the same time. Any failure leaves weights in an unknown state, so the gang is given up.
 * Knows nothing of how experiences came about.
 * Consumes: experiences. Waits for: every rank's result. Unblocked by: deadlines, the gang's loss.
 */
import type { TrainingExperienceInput } from '../api/generated/ppo/v1/TrainingExperience.ts';
import type { TrainResult } from '../api/generated/ppo/v1/TrainResult.ts';
import type { JobConfig } from '../api/job-config.ts';
import { planTrainSteps, type RankPlan } from '../ppo/balancing.ts';
import { Rng } from '../ppo/rng.ts';
import { learningRateAt } from '../ppo/schedule.ts';
import { stream, unary } from '../service/rpc.ts';
import { traced } from '../service/tracing.ts';
import type { MemberCalls } from './calls.ts';
import { type Experiences, wireRow } from './experience.ts';
import { type Member, memberName } from './membership.ts';
import { together } from './together.ts';
import type { TrainerGang } from './trainers.ts';
import type { WeightVersion } from './weight-sync.ts';

export interface TrainPhaseOptions {
  readonly calls: MemberCalls;
  readonly gang: TrainerGang;
  readonly config: JobConfig;
  readonly experiences: Experiences;
  /** From 0. */
  readonly iteration: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { readonly stepsDone: number; readonly numSteps: number }) => void;
}

export interface TrainPhaseResult {
  readonly weights: WeightVersion;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Keeps the draws of minibatches apart from others of the same seed. */
const STREAM = 0x74726169;
/** Tokens in one append: at about 25 bytes each far below what a message may hold. */
const MAX_APPEND_TOKENS = 1 << 18;

type TrainedRole = 'actor' | 'critic';

/** Throws TrainersLostError when any rank fails: some have stepped, some have not. */
export async function train(options: TrainPhaseOptions): Promise<TrainPhaseResult> {
  const { gang, signal } = options;
  try {
    const [actor, critic] = await together(signal, [
      (shared) => traced('train actor', {}, () => trainRole({ ...options, signal: shared }, 'actor')),
      (shared) => traced('train critic', {}, () => trainRole({ ...options, signal: shared }, 'critic')),
    ]);
    const { version, checksum } = actor!;
    return {
      weights: { policyVersion: version, checksum },
      metrics: { ...nameMetrics('actor', actor!), ...nameMetrics('critic', critic!) },
    };
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw gang.giveUp(`training failed: ${reason}`, error);
  }
}

async function trainRole(options: TrainPhaseOptions, role: TrainedRole): Promise<TrainResult> {
  const members = role === 'actor' ? options.gang.actors : options.gang.critics;
  const plans = planFor(options, role, members.length);
  const ranks = members.map((member, rank) => (signal: AbortSignal) => {
    return trainRank({ ...options, signal }, { role, member, plan: plans[rank]! });
  });
  const results = await together(options.signal, ranks);
  const first = results[0]!;
  results.forEach(({ version, checksum }, rank) => {
    const name = memberName(members[rank]!);
    if (version !== options.iteration + 1) throw new Error(`${name} ended at version ${version}`);
    if (checksum !== first.checksum) throw new Error(`${name} ended with other weights than ${role}-0`);
  });
  return first;
}

/** While the critic warms up the actor takes no step, but its version rises like the critic's. */
function planFor(options: TrainPhaseOptions, role: TrainedRole, numRanks: number): RankPlan[] {
  const { config, experiences, iteration } = options;
  const isResting = role === 'actor' && iteration < config.algorithm.criticWarmupIterations;
  if (isResting) return Array.from({ length: numRanks }, () => ({ experienceIndices: [], steps: [] }));
  return planTrainSteps({
    responseLengths: experiences.responseLengths,
    sequenceLengths: experiences.sequences.map(({ tokenIds }) => tokenIds.length),
    numRanks,
    minibatchSize: config.training.minibatchSize,
    microbatchSize: config.training.microbatchSize,
    numPpoEpochs: config.algorithm.numPpoEpochs,
    rng: new Rng(config.seed, STREAM, iteration),
  });
}

interface RankWork {
  readonly role: TrainedRole;
  readonly member: Member;
  readonly plan: RankPlan;
}

async function trainRank(options: TrainPhaseOptions, work: RankWork): Promise<TrainResult> {
  const { calls, config, iteration, signal } = options;
  await append(options, work);
  const learningRate = learningRateAt(config.training[work.role], iteration, config.algorithm.numIterations);
  // Steps must not run twice, so a broken call is not repeated.
  return calls.call(work.member, { signal, canRepeat: false }, async (context) => {
    const client = context.client('Trainer');
    const steps = work.plan.steps.map(({ microbatches, numTokens }) => ({
      microbatches: microbatches.map(({ experienceIndices }) => ({ experienceIndices: [...experienceIndices] })),
      numTokens,
    }));
    const request = { epoch: context.epoch, iteration, learningRate, steps };
    let result: TrainResult | null = null;
    for await (const reply of stream(client, client.train, request, context.stream)) {
      if (reply.result) result = reply.result;
      else if (reply.progress && work.role === 'actor') options.onProgress?.(reply.progress);
    }
    if (result === null) throw new Error('the stream ended without a result');
    return result;
  });
}

async function append(options: TrainPhaseOptions, { role, member, plan }: RankWork): Promise<void> {
  const { calls, experiences, iteration, signal, config } = options;
  const needsReference = config.algorithm.kl.placement === 'loss';
  let firstIndex = 0;
  for (const indices of chunksByTokens(plan.experienceIndices, experiences)) {
    const wire = indices.map((index) => toWire(experiences, index, { role, needsReference }));
    const held = await calls.call(member, { signal }, async ({ client, epoch, unary: unaryOptions }) => {
      const trainer = client('Trainer');
      const request = { epoch, iteration, firstIndex, experiences: wire };
      const reply = await unary(trainer, trainer.appendExperiences, request, unaryOptions);
      return reply.numExperiences;
    });
    firstIndex += indices.length;
    if (held !== firstIndex) {
      throw new Error(`${memberName(member)} holds ${held} experiences where ${firstIndex} were sent`);
    }
  }
}

function* chunksByTokens(indices: readonly number[], experiences: Experiences): Generator<number[]> {
  let chunk: number[] = [];
  let tokens = 0;
  for (const index of indices) {
    const length = experiences.sequences[index]!.tokenIds.length;
    if (tokens + length > MAX_APPEND_TOKENS && chunk.length > 0) {
      yield chunk;
      chunk = [];
      tokens = 0;
    }
    chunk.push(index);
    tokens += length;
  }
  if (chunk.length > 0) yield chunk;
}

function toWire(
  experiences: Experiences,
  index: number,
  { role, needsReference }: { readonly role: TrainedRole; readonly needsReference: boolean },
): TrainingExperienceInput {
  const { tokenIds, promptLength } = experiences.sequences[index]!;
  const row = (matrix: Float32Array) => wireRow(matrix, experiences, index);
  const shared = { tokenIds: [...tokenIds], promptLength };
  if (role === 'critic') return { ...shared, oldValues: row(experiences.oldValues), returns: row(experiences.returns) };
  return {
    ...shared,
    oldLogprobs: row(experiences.oldLogprobs),
    advantages: row(experiences.advantages),
    ...(needsReference ? { referenceLogprobs: row(experiences.referenceLogprobs) } : {}),
  };
}

/** The trainer's own names to the job's: loss to loss/policy or loss/value, the rest under policy/ or critic/. */
function nameMetrics(role: TrainedRole, result: TrainResult): Record<string, number> {
  const prefix = role === 'actor' ? 'policy' : 'critic';
  const loss = role === 'actor' ? 'loss/policy' : 'loss/value';
  const named: Record<string, number> = {};
  for (const key of Object.keys(result.metrics).sort()) {
    named[key === 'loss' ? loss : `${prefix}/${key}`] = result.metrics[key]!;
  }
  named[`timing/${role}Training`] = result.seconds;
  return named;
}
