/**
 * The Generation service: checks what is asked, hands it to the engine and streams what comes back; receives weights.
 * Knows the protocol; refuses to know how tokens are made.
 */
import * as grpc from '@grpc/grpc-js';
import type { GenerateReplyInput } from '../api/generated/ppo/v1/GenerateReply.ts';
import type { GenerateRequest } from '../api/generated/ppo/v1/GenerateRequest.ts';
import type { GenerationHandlers } from '../api/generated/ppo/v1/Generation.ts';
import type { EpochFence } from '../service/epoch.ts';
import { RpcError, streamHandler, unaryHandler } from '../service/rpc.ts';
import { annotate } from '../service/tracing.ts';
import type { EngineClient } from './engine-client.ts';
import { checkPrompt, checkSampling, type GenerationLimits, listProblems } from './request-check.ts';
import type { FinishedSequence, SamplingParams } from './sequence.ts';
import type { Submission } from './submission.ts';
import type { WeightReceiver } from './weight-receiver.ts';

const PROGRESS_INTERVAL_MS = 1000;

export interface GenerationServiceOptions {
  readonly engine: EngineClient;
  readonly weights: WeightReceiver;
  readonly fence: EpochFence;
  readonly limits: GenerationLimits;
}

export function generationHandlers(options: GenerationServiceOptions): GenerationHandlers {
  const { fence, weights } = options;
  return {
    Generate: streamHandler((request, signal) => generate(request, signal, options)),
    ReceiveWeights: unaryHandler(async (request) => {
      fence.admit(request.epoch);
      return weights.receive(request);
    }),
  };
}

async function* generate(
  request: GenerateRequest,
  signal: AbortSignal,
  { engine, fence, limits }: GenerationServiceOptions,
): AsyncGenerator<GenerateReplyInput> {
  fence.admit(request.epoch);
  const sampling = check(request, engine, limits);
  annotate({ 'ppo.prompts': request.prompts.length, 'ppo.policy_version': request.policyVersion });
  const shared = { sampling, isStreaming: false, numTopLogprobs: 0 };
  const submission = engine.submit(
    request.prompts.map(({ tokenIds, seed }) => ({ ...shared, promptTokenIds: tokenIds, seed })),
  );
  signal.addEventListener('abort', () => submission.cancel(), { once: true });
  const ids = request.prompts.map(({ requestId }) => requestId);
  try {
    yield* replies(submission, ids);
  } finally {
    submission.cancel();
  }
}

async function* replies(submission: Submission, requestIds: readonly number[]): AsyncGenerator<GenerateReplyInput> {
  let numTokens = 0;
  let progressAtMs = performance.now() + PROGRESS_INTERVAL_MS;
  while (!submission.isOver) {
    const event = await submission.next(progressAtMs - performance.now());
    if (event?.kind === 'finished') {
      numTokens += event.sequence.tokenIds.length;
      yield { response: toResponse(requestIds[event.index]!, event.sequence) };
    }
    if (performance.now() < progressAtMs) continue;
    // Asked of the engine itself: whoever hears of progress knows that it is alive.
    const counts = await submission.count();
    const { numRunning, numWaiting } = counts;
    yield { progress: { numRunning, numWaiting, tokensGenerated: numTokens + counts.numTokens } };
    progressAtMs = performance.now() + PROGRESS_INTERVAL_MS;
  }
}

function toResponse(requestId: number, sequence: FinishedSequence) {
  const { tokenIds, logprobs, policyVersions, finishReason } = sequence;
  if (finishReason === 'abort') {
    const place = `response ${requestId}, token ${tokenIds.length}`;
    throw new RpcError(grpc.status.INTERNAL, `${place}: the model's probabilities are not finite (diverged weights?)`);
  }
  return {
    requestId,
    tokenIds: [...tokenIds],
    logprobs: [...logprobs],
    policyVersions: [...policyVersions],
    finishReason,
  };
}

/** Throws RpcError: FAILED_PRECONDITION, INVALID_ARGUMENT with every problem, RESOURCE_EXHAUSTED. */
function check(request: GenerateRequest, engine: EngineClient, limits: GenerationLimits): SamplingParams {
  const { policyVersion, prompts } = request;
  if (engine.policyVersion < policyVersion) {
    const held = `policy version ${engine.policyVersion} is held, ${policyVersion} was asked for`;
    throw new RpcError(grpc.status.FAILED_PRECONDITION, `${held}: send ReceiveWeights first`);
  }
  const sampling = request.sampling;
  if (sampling === null) throw new RpcError(grpc.status.INVALID_ARGUMENT, 'sampling: found nothing');
  const problems = checkSampling(sampling, limits);
  prompts.forEach(({ tokenIds }, index) => {
    problems.push(...checkPrompt(`prompts[${index}].token_ids`, tokenIds, sampling.maxTokens, limits));
  });
  const numIds = new Set(prompts.map(({ requestId }) => requestId)).size;
  if (numIds < prompts.length) {
    problems.push(`prompts: found ${numIds} different request_id for ${prompts.length} prompts, allowed one each`);
  }
  if (problems.length > 0) throw new RpcError(grpc.status.INVALID_ARGUMENT, listProblems(problems));
  if (engine.numUnfinished + prompts.length > limits.maxUnfinished) {
    const found = `${engine.numUnfinished} unfinished and ${prompts.length} more`;
    throw new RpcError(grpc.status.RESOURCE_EXHAUSTED, `found ${found}, allowed ${limits.maxUnfinished}: send fewer`);
  }
  return sampling;
}
