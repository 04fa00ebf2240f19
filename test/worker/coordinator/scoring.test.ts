/** Shares that never depend on who is alive, and results that are checked. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ScoreReplyInput } from '../../../worker/api/generated/ppo/v1/ScoreReply.ts';
import type { ScoreRequest } from '../../../worker/api/generated/ppo/v1/ScoreRequest.ts';
import { type ScoringOptions, type Sequence, score } from '../../../worker/coordinator/scoring.ts';
import { definitions } from '../../../worker/service/protos.ts';
import { streamHandler } from '../../../worker/service/rpc.ts';
import { StubMembers } from './stub-members.ts';

type Answer = (request: ScoreRequest) => Iterable<ScoreReplyInput>;

const scoring = (answer: Answer) => [
  [
    definitions.Scorer,
    {
      Score: streamHandler(async function* (request: ScoreRequest) {
        yield* answer(request);
      }),
    },
  ] as const,
];

/** The first token of each sequence as its score. */
const firstTokens: Answer = ({ sequences }) => [
  { firstIndex: 0, results: sequences.map(({ tokenIds }) => ({ values: [tokenIds[0]!] })) },
];
const sequences: Sequence[] = [0, 1, 2, 3, 4].map((token) => ({ tokenIds: [token, 9], promptLength: 1 }));

function options(stub: StubMembers, changes: Partial<ScoringOptions> = {}): ScoringOptions {
  return {
    calls: stub.calls,
    role: 'reward',
    kind: 'REWARDS',
    sequences,
    replicas: 2,
    waitMs: 200,
    signal: stub.signal,
    ...changes,
  };
}

describe('score', () => {
  it('makes the same shares whoever is alive, and keeps the order', async () => {
    await using stub = new StubMembers({ reward: 2 });
    const sizes: number[] = [];
    const counting: Answer = (request) => {
      sizes.push(request.sequences.length);
      return firstTokens(request);
    };
    await stub.start('reward', 1, scoring(counting));
    const alone = await score(options(stub));
    await stub.start('reward', 0, scoring(counting));
    const both = await score(options(stub));
    assert.deepEqual(alone, [[0], [1], [2], [3], [4]]);
    assert.deepEqual(both, alone);
    assert.deepEqual(sizes.sort(), [2, 2, 3, 3]);
  });

  it('takes replies without results for a sign of life', async () => {
    await using stub = new StubMembers({ reward: 1 });
    const slow: Answer = ({ sequences: got }) => {
      const results = got.map(({ tokenIds }) => ({ values: [tokenIds[0]!] }));
      return [
        { firstIndex: 0, results: [] },
        { firstIndex: 0, results: results.slice(0, 2) },
        { firstIndex: 2, results: [] },
        { firstIndex: 2, results: results.slice(2) },
      ];
    };
    await stub.start('reward', 0, scoring(slow));
    assert.deepEqual(await score(options(stub, { replicas: 1 })), [[0], [1], [2], [3], [4]]);
  });

  it('gives the share of a lost replica to its replacement', async () => {
    await using stub = new StubMembers({ reward: 1 });
    const member = await stub.start('reward', 0, scoring(firstTokens));
    await stub.stop(member);
    setTimeout(() => stub.start('reward', 0, scoring(firstTokens)), 50);
    assert.equal((await score(options(stub, { replicas: 1 }))).length, 5);
  });

  const bad: Record<string, Answer> = {
    'too few results': () => [{ firstIndex: 0, results: [{ values: [1] }] }],
    'results of another place': ({ sequences: got }) => [{ firstIndex: 1, results: got.map(() => ({ values: [1] })) }],
    'a row of another length': ({ sequences: got }) => [
      { firstIndex: 0, results: got.map(() => ({ values: [1, 2] })) },
    ],
    'a score that is not finite': ({ sequences: got }) => [
      { firstIndex: 0, results: got.map(() => ({ values: [Number.POSITIVE_INFINITY] })) },
    ],
    'too many results': ({ sequences: got }) => [
      { firstIndex: 0, results: [...got, got[0]!].map(() => ({ values: [1] })) },
    ],
  };
  for (const [what, answer] of Object.entries(bad)) {
    it(`reports ${what} after trying again, never as a score`, async () => {
      await using stub = new StubMembers({ reward: 1 });
      let tries = 0;
      const counting: Answer = (request) => {
        tries++;
        return answer(request);
      };
      await stub.start('reward', 0, scoring(counting));
      const heard: string[] = [];
      const onFailure = (role: string, error: unknown) => heard.push(`${role}: ${error}`);
      const failing = score(options(stub, { replicas: 1, onFailure }));
      await assert.rejects(failing, /rewards of 5 responses could not be computed after 3 tries: reward-0: /);
      assert.equal(tries, 3);
      assert.equal(heard.length, 3);
      for (const line of heard) assert.match(line, /^reward: .*reward-0: /);
    });
  }

  it('names the missing replicas when none comes in time', async () => {
    await using stub = new StubMembers({ reward: 1 });
    await assert.rejects(score(options(stub)), /no reward replica for 0\.2 s; missing: reward-0/);
  });
});
