// The HTTP server over a real engine on its thread: completions whole and streamed, logprobs, stop strings, errors.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineClient } from '../../../../worker/generation/engine-client.ts';
import { type OpenAiServer, startOpenAiServer } from '../../../../worker/generation/openai/openai-server.ts';
import { WeightSlots } from '../../../../worker/generation/weight-slots.ts';
import type { Tokenizer } from '../../../../worker/models/tokenizer.ts';
import { flatModel, smallConfig } from '../support.ts';

const HOST = '127.61.2.1';
const CACHE_TOKENS = 200;
/** Token 3 + i is the ith letter; below are pad, bos and eos. */
const letters: Tokenizer = {
  encode(text) {
    return [
      1,
      ...[...text].map((letter) => {
        const id = letter.charCodeAt(0) - 97 + 3;
        if (id < 3 || id > 36) throw new RangeError(`${letter} has no token`);
        return id;
      }),
    ];
  },
  decode: (ids, { skipSpecialTokens }) =>
    ids.map((id) => (id < 3 ? (skipSpecialTokens ? '' : `<${id}>`) : String.fromCharCode(97 + id - 3))).join(''),
};

const sharedDir = mkdtempSync(join(tmpdir(), 'ppo-openai-'));
const model = flatModel(smallConfig);
/** Of all engines. */
let numFinished = 0;
let slots: WeightSlots;
let engine: EngineClient;
let server: OpenAiServer;

interface Serving {
  readonly engine: EngineClient;
  readonly server: OpenAiServer;
}

async function serve(size: { readonly maxRows: number; readonly cacheTokens: number }): Promise<Serving> {
  const { config } = model;
  const shared = { config, sharedDir, weightBuffers: slots.names, policyVersion: 4 };
  const engine = await EngineClient.start({ ...shared, ...size, threads: 1 }, { onFinished: () => numFinished++ });
  const limits = { vocabSize: config.vocabSize, cacheTokens: size.cacheTokens, maxUnfinished: 40 };
  const names = { tokenizer: letters, modelName: 'letters' };
  return { engine, server: await startOpenAiServer({ host: HOST, port: 0, engine, config, ...names, limits }) };
}

before(async () => {
  slots = new WeightSlots(sharedDir, model.layout.numElements);
  slots.view(0).set(model.parameters);
  ({ engine, server } = await serve({ maxRows: 8, cacheTokens: CACHE_TOKENS }));
});
after(async () => {
  await server.close(1000);
  await engine.close();
  slots.dispose();
  rmSync(sharedDir, { recursive: true });
});

const urlOf = (path: string) => `http://${HOST}:${server.port}${path}`;

function post(body: unknown): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(urlOf('/v1/completions'), { method: 'POST', body: text });
}

interface Body {
  readonly model: string;
  readonly system_fingerprint: string;
  readonly choices: {
    readonly text: string;
    readonly index: number;
    readonly finish_reason: string | null;
    readonly logprobs: {
      readonly tokens: string[];
      readonly token_logprobs: number[];
      readonly top_logprobs: Record<string, number>[];
      readonly text_offset: number[];
    } | null;
  }[];
  readonly usage?: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
  };
}

const base = { model: 'letters', prompt: 'hello', max_tokens: 40, seed: 5, ignore_eos: true };

async function complete(body: unknown): Promise<Body> {
  const response = await post(body);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as Body;
}

test('says that it is alive and which model it has', async () => {
  assert.equal((await fetch(urlOf('/health'))).status, 200);
  const { data } = (await (await fetch(urlOf('/v1/models'))).json()) as { data: Record<string, unknown>[] };
  assert.equal(data[0]!.id, 'letters');
  assert.equal(data[0]!.max_model_len, CACHE_TOKENS);
  assert.equal(data[0]!.policy_version, 4);
});

test('completes a prompt; the same seed says the same again', async () => {
  const body = await complete(base);
  const [choice] = body.choices;
  assert.equal(body.system_fingerprint, 'policy-version-4');
  assert.equal(choice!.finish_reason, 'length');
  assert.deepEqual(body.usage, { prompt_tokens: 6, completion_tokens: 40, total_tokens: 46 });
  assert.equal((await complete(base)).choices[0]!.text, choice!.text);
  assert.equal((await complete({ ...base, prompt: letters.encode('hello') })).choices[0]!.text, choice!.text);
  assert.notEqual((await complete({ ...base, seed: 6 })).choices[0]!.text, choice!.text);
});

test("makes n different choices of every prompt, in OpenAI's order", async () => {
  const { choices } = await complete({ ...base, prompt: ['hello', 'you'], n: 3 });
  assert.deepEqual(
    choices.map(({ index }) => index),
    [0, 1, 2, 3, 4, 5],
  );
  assert.equal(new Set(choices.map(({ text }) => text)).size, 6);
  assert.equal(choices[0]!.text, (await complete(base)).choices[0]!.text);
  assert.equal(choices[3]!.text, (await complete({ ...base, prompt: 'you' })).choices[0]!.text);
});

test('gives logprobs of the sampled tokens and of the likeliest ones', async () => {
  const { choices } = await complete({ ...base, logprobs: 3, max_tokens: 12 });
  const { tokens, token_logprobs, top_logprobs, text_offset } = choices[0]!.logprobs!;
  assert.equal(tokens.length, 12);
  tokens.forEach((token, i) => {
    assert.equal(top_logprobs[i]![token], token_logprobs[i]);
    assert.ok([3, 4].includes(Object.keys(top_logprobs[i]!).length));
    const isSpecial = token.startsWith('<');
    if (!isSpecial) assert.equal(choices[0]!.text[text_offset[i]!], token);
  });
  const { choices: greedy } = await complete({ ...base, temperature: 0, logprobs: 1, max_tokens: 5 });
  for (const top of greedy[0]!.logprobs!.top_logprobs) assert.equal(Object.keys(top).length, 1);
});

test('stops at a stop string and leaves it out', async () => {
  const { text } = (await complete(base)).choices[0]!;
  const stop = text.slice(10, 12);
  const stopped = await complete({ ...base, stop });
  assert.equal(stopped.choices[0]!.text, text.slice(0, text.indexOf(stop)));
  assert.equal(stopped.choices[0]!.finish_reason, 'stop');
  assert.ok(stopped.usage!.completion_tokens < 40);
});

test('stops at the end-of-sequence token unless told otherwise', async () => {
  const { choices } = await complete({ ...base, ignore_eos: false, max_tokens: 180, n: 4 });
  assert.ok(choices.some(({ finish_reason }) => finish_reason === 'stop'));
});

test('streams the same text in pieces, then usage, then the end', async () => {
  const whole = await complete({ ...base, n: 2 });
  const response = await post({ ...base, n: 2, stream: true, stream_options: { include_usage: true } });
  assert.match(response.headers.get('content-type')!, /^text\/event-stream/);
  const events = (await response.text())
    .trim()
    .split('\n\n')
    .map((line) => line.replace(/^data: /, ''));
  assert.equal(events.pop(), '[DONE]');
  const pieces = events.map((event) => JSON.parse(event) as Body);
  const usage = pieces.pop()!;
  assert.deepEqual(usage.choices, []);
  assert.deepEqual(usage.usage, whole.usage);
  assert.ok(pieces.length > 40);
  for (const { index, text } of whole.choices) {
    const own = pieces.flatMap(({ choices }) => choices).filter((choice) => choice.index === index);
    assert.equal(own.map((choice) => choice.text).join(''), text);
    assert.equal(own.at(-1)!.finish_reason, 'length');
    assert.ok(own.slice(0, -1).every(({ finish_reason }) => finish_reason === null));
  }
});

const REFUSED: readonly [name: string, status: number, body: unknown, message: RegExp][] = [
  ['what is no JSON', 400, '{', /not JSON/],
  ['a wrong field', 400, { ...base, n: 'two' }, /n:/],
  ['another model', 404, { ...base, model: 'gpt' }, /"gpt" does not exist; this server has "letters"/],
  ['what does not fit', 400, { ...base, max_tokens: 195 }, /prompt\[0\]: found 6 tokens, allowed 1 to 5/],
  ['a foreign token', 400, { ...base, prompt: [1, 37] }, /found token 37, allowed 0 to 36/],
  ['text without tokens', 400, { ...base, prompt: 'A' }, /A has no token/],
  ['too much at once', 429, { ...base, n: 41 }, /try again later/],
  ['a body without end', 413, 'x'.repeat(5_000_000), /exceeds 4194304 bytes/],
];
for (const [name, status, body, message] of REFUSED) {
  test(`refuses ${name}`, async () => {
    const response = await post(body);
    const { error } = (await response.json()) as { error: { message: string; type: string } };
    assert.equal(response.status, status);
    assert.match(error.message, message);
    assert.equal(error.type, status === 429 ? 'rate_limit_error' : 'invalid_request_error');
  });
}

test('knows its paths and methods', async () => {
  assert.equal((await fetch(urlOf('/v1/chat/completions'), { method: 'POST' })).status, 404);
  const wrong = await fetch(urlOf('/v1/completions'));
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.get('allow'), 'POST');
});

for (const stream of [true, false]) {
  test(`a caller who leaves takes the sequences along, streamed: ${stream}`, async () => {
    // One at a time, so that they take far longer than it takes to leave.
    const slow = await serve({ maxRows: 1, cacheTokens: model.config.maxPositions });
    try {
      const before = numFinished;
      const body = JSON.stringify({ ...base, max_tokens: 500, n: 40, stream });
      const socket = connect(slow.server.port, HOST);
      socket.write(`POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      while (slow.engine.numUnfinished === 0) await delay(5);
      socket.destroy();
      while (slow.engine.numUnfinished > 0) await delay(5);
      assert.ok(numFinished - before < 40, 'they end, and are not finished');
    } finally {
      await slow.server.close(1000);
      await slow.engine.close();
    }
  });
}
