/** Who gets which prompt, and what is not accepted as a response. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GenerateReplyInput } from '../../../worker/api/generated/ppo/v1/GenerateReply.ts';
import type { GenerateRequest } from '../../../worker/api/generated/ppo/v1/GenerateRequest.ts';
import type { ResponseInput } from '../../../worker/api/generated/ppo/v1/Response.ts';
import type { Member } from '../../../worker/coordinator/membership.ts';
import {
  type GenerationRequest,
  generate,
  type RolloutOptions,
  type WeightHolders,
} from '../../../worker/coordinator/rollout.ts';
import { definitions } from '../../../worker/service/protos.ts';
import { streamHandler, unaryHandler } from '../../../worker/service/rpc.ts';
import { StubMembers } from './stub-members.ts';

const VERSION = 3;
type Answer = (request: GenerateRequest) => AsyncIterable<GenerateReplyInput> | Iterable<GenerateReplyInput>;

const generating = (answer: Answer) => [
  [
    definitions.Generation,
    {
      Generate: streamHandler(async function* (request: GenerateRequest) {
        yield* answer(request);
      }),
      ReceiveWeights: unaryHandler(async () => ({})),
    },
  ] as const,
];

/** The seed as the one token. */
function good(prompt: { requestId: number; seed: number }): GenerateReplyInput {
  const { requestId, seed } = prompt;
  return { response: { requestId, tokenIds: [seed], logprobs: [-1], finishReason: 'stop', policyVersions: [VERSION] } };
}

function options(
  stub: StubMembers,
  requests: readonly GenerationRequest[],
  weights: Partial<WeightHolders> = {},
): RolloutOptions {
  return {
    calls: stub.calls,
    weights: {
      ready: () => stub.membership.alive('generation'),
      isLacking: () => false,
      bring: async () => {},
      forget: () => {},
      ...weights,
    },
    requests,
    sampling: { maxTokens: 2, temperature: 1, topP: 1, topK: 0, stopTokenIds: [2] },
    policyVersion: VERSION,
    waitMs: 200,
    signal: stub.signal,
  };
}

const prompts = (...lengths: number[]): GenerationRequest[] =>
  lengths.map((length, seed) => ({ promptTokenIds: Array<number>(length).fill(1), seed }));

describe('generate', () => {
  it('gives each prompt to the replica with the fewest unfinished tokens, and keeps the order of the results', async () => {
    await using stub = new StubMembers({ generation: 2 });
    const asked: number[][] = [[], []];
    for (const index of [0, 1]) {
      const answer: Answer = ({ prompts: got }) => {
        asked[index] = got.map(({ requestId }) => requestId);
        return [...got].reverse().map(good);
      };
      await stub.start('generation', index, generating(answer));
    }
    // Costs are prompt + 2: 12, 4, 4, 3 -> the first replica is busy with the long prompt until the others have 11.
    const responses = await generate(options(stub, prompts(10, 2, 2, 1)));
    assert.deepEqual(asked, [[0], [1, 2, 3]]);
    assert.deepEqual(
      responses.map(({ responseTokenIds }) => responseTokenIds),
      [[0], [1], [2], [3]],
    );
  });

  it('sends again only what is missing when a stream breaks', async () => {
    await using stub = new StubMembers({ generation: 1 });
    const asked: number[][] = [];
    const answer: Answer = function* ({ prompts: got }) {
      asked.push(got.map(({ requestId }) => requestId));
      yield good(got[0]!);
      if (asked.length === 1) throw new Error('hiccup');
      yield* got.slice(1).map(good);
    };
    await stub.start('generation', 0, generating(answer));
    const requeued: number[] = [];
    const onRequeue = (_member: Member, count: number) => requeued.push(count);
    const responses = await generate({ ...options(stub, prompts(1, 1, 1)), onRequeue });
    assert.equal(responses.length, 3);
    assert.deepEqual(asked, [
      [0, 1, 2],
      [1, 2],
    ]);
    assert.deepEqual(requeued, [2]);
  });

  const bad: Record<string, ResponseInput> = {
    'no tokens': { tokenIds: [], logprobs: [], policyVersions: [] },
    'more tokens than asked': { tokenIds: [1, 1, 1], logprobs: [0, 0, 0], policyVersions: [VERSION, VERSION, VERSION] },
    'another number of logprobs': { logprobs: [-1, -1] },
    'a logprob that is not a number': { logprobs: [Number.NaN] },
    'a token of another policy version': { policyVersions: [VERSION - 1] },
    'an unknown finish reason': { finishReason: 'tired' },
    'an unknown request': { requestId: 77 },
  };
  for (const [what, change] of Object.entries(bad)) {
    it(`refuses a response with ${what}`, async () => {
      await using stub = new StubMembers({ generation: 1 });
      let tries = 0;
      const answer: Answer = ({ prompts: got }) => {
        const reply = good(got[0]!);
        return [++tries === 1 ? { response: { ...reply.response, ...change } } : reply];
      };
      await stub.start('generation', 0, generating(answer));
      const [response] = await generate(options(stub, prompts(1)));
      assert.deepEqual(response?.responseTokenIds, [0]);
      assert.equal(tries, 2, 'it was asked again');
    });
  }

  it('brings the weights to replicas that lack them before they get prompts', async () => {
    await using stub = new StubMembers({ generation: 1 });
    await stub.start(
      'generation',
      0,
      generating(({ prompts: got }) => got.map(good)),
    );
    let isThere = false;
    const weights: Partial<WeightHolders> = {
      ready: () => (isThere ? stub.membership.alive('generation') : []),
      isLacking: () => !isThere,
      bring: async () => {
        isThere = true;
      },
    };
    assert.equal((await generate(options(stub, prompts(1), weights))).length, 1);
  });

  it('names the missing replicas when none comes in time', async () => {
    await using stub = new StubMembers({ generation: 2 });
    await assert.rejects(
      generate(options(stub, prompts(1))),
      /no generation replica for 0\.2 s; missing: generation-0, generation-1/,
    );
  });

  it('ends with the signal', async () => {
    await using stub = new StubMembers({ generation: 1 });
    const answer: Answer = async function* () {
      await new Promise(() => {});
      yield {};
    };
    await stub.start('generation', 0, generating(answer));
    const controller = new AbortController();
    const rollout = generate({ ...options(stub, prompts(1)), signal: controller.signal });
    setTimeout(() => controller.abort(new Error('over')), 20);
    await assert.rejects(rollout, /over/);
  });
});
