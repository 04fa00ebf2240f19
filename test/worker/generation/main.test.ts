// The generation server as a process, called as the coordinator calls it: prompts, refusals, weights through two
// sidecars, health, SIGTERM and SIGKILL.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import * as grpc from '@grpc/grpc-js';
import type { CoordinatorHandlers } from '../../../worker/api/generated/ppo/v1/Coordinator.ts';
import type { GenerateRequestInput } from '../../../worker/api/generated/ppo/v1/GenerateRequest.ts';
import type { Response } from '../../../worker/api/generated/ppo/v1/Response.ts';
import type { Communicator } from '../../../worker/collectives/communicator.ts';
import { SidecarClient } from '../../../worker/collectives/sidecar-client.ts';
import { loadModelFolder } from '../../../worker/models/folder.ts';
import { SharedBuffer } from '../../../worker/runtime/shared-buffer.ts';
import { type Client, definitions } from '../../../worker/service/protos.ts';
import { stream, streamHandler, unary, unaryHandler } from '../../../worker/service/rpc.ts';
import { type RunningServer, startGrpcServer } from '../../../worker/service/server.ts';
import { testJob } from '../support/job-config.ts';
import {
  makeTestFolder,
  nextAddress,
  PORTS,
  type RunningWorker,
  spawnWorker,
  startWorker,
} from '../support/worker-process.ts';

const ACTOR_FOLDER = fileURLToPath(new URL('../../../examples/arithmetic/models/actor', import.meta.url));
const timeoutMs = 30_000;
const options = { deadlineMs: timeoutMs, idleMs: timeoutMs };

/** As the arithmetic example has it. */
const job = testJob({
  models: { actor: ACTOR_FOLDER },
  rollout: { batchSize: 512, maxPromptTokens: 8, maxResponseTokens: 5, maxConcurrentSequences: 64 },
});
const folder = makeTestFolder();
const COORDINATOR = nextAddress();
const model = loadModelFolder(ACTOR_FOLDER, 'language-model');
/** Roles that have registered. */
const registered: string[] = [];
let coordinator: RunningServer;
let sidecars: readonly RunningWorker[] = [];
let server: RunningWorker;
let client: Client<'Generation'>;
let groups: Client<'GroupMember'>;
let actorSidecar: SidecarClient;
let actorWeights: SharedBuffer;

/** Says yes to everyone. */
function startCoordinator(): Promise<RunningServer> {
  const handlers: CoordinatorHandlers = {
    Register: unaryHandler(async ({ member }) => {
      registered.push(member?.role ?? '');
      return { epoch: 0, complete: true, members: [] };
    }),
    Heartbeat: unaryHandler(async () => ({ known: true, epoch: 0 })),
    WatchProgress: streamHandler(async function* () {}),
    ReadFigures: unaryHandler(async () => ({ series: [] })),
  };
  return startGrpcServer({ host: COORDINATOR, port: 0, services: [[definitions.Coordinator, handlers]] });
}

before(async () => {
  coordinator = await startCoordinator();
  const address = nextAddress();
  sidecars = await Promise.all(
    [address, nextAddress()].map((own, index) =>
      startWorker({ folder: folder.path, role: 'communicator', index, address: own }),
    ),
  );
  const [{ sharedDir }, actor] = sidecars as [RunningWorker, RunningWorker];
  const coordinatorAddress = `${COORDINATOR}:${coordinator.port}`;
  server = await startWorker({ folder: folder.path, role: 'generation', job, address, sharedDir, coordinatorAddress });
  client = server.client('Generation');
  groups = server.client('GroupMember');
  actorSidecar = new SidecarClient(`${actor.address}:${PORTS.communicator}`);
  actorWeights = SharedBuffer.create(actor.sharedDir, 'weights', model.parameters.byteLength);
});
after(async () => {
  actorSidecar?.close();
  actorWeights?.dispose();
  await Promise.all([...sidecars, server].map((worker) => worker?.stop()));
  await coordinator?.close(100);
  folder.remove();
});

const sampling = { maxTokens: 5, temperature: 1, topP: 1, topK: 0, stopTokenIds: [2] };
const prompts = Array.from({ length: 100 }, (_, i) => ({
  requestId: 500 + i,
  tokenIds: [1, 3 + (i % 10), 13, 3 + Math.floor(i / 10), 14],
  seed: i,
}));

async function generate(request: GenerateRequestInput): Promise<Map<number, Response>> {
  const responses = new Map<number, Response>();
  for await (const reply of stream(client, client.generate, request, options)) {
    if (reply.response) responses.set(reply.response.requestId, reply.response);
  }
  return responses;
}

test('answers every prompt once, with a logprob and a version for every token', async () => {
  const responses = await generate({ epoch: 0, policyVersion: 0, sampling, prompts });
  assert.deepEqual([...responses.keys()].sort(), prompts.map(({ requestId }) => requestId).sort());
  for (const { tokenIds, logprobs, policyVersions, finishReason } of responses.values()) {
    assert.ok(tokenIds.length >= 1 && tokenIds.length <= 5);
    assert.equal(logprobs.length, tokenIds.length);
    assert.ok(logprobs.every((logprob) => logprob <= 0));
    assert.deepEqual(
      policyVersions,
      tokenIds.map(() => 0),
    );
    assert.equal(finishReason, tokenIds.at(-1) === 2 ? 'stop' : 'length');
  }
  const again = await generate({ epoch: 0, policyVersion: 0, sampling, prompts: [...prompts].reverse().slice(0, 30) });
  for (const [id, response] of again) assert.deepEqual(response, responses.get(id));
});

test('refuses what it does not hold or cannot do, with every problem', async () => {
  const prompt = prompts[0]!;
  const newer = generate({ epoch: 0, policyVersion: 1, sampling, prompts: [prompt] });
  await assert.rejects(newer, { code: grpc.status.FAILED_PRECONDITION, message: /version 0 is held, 1 was asked for/ });
  const wrong = generate({
    epoch: 0,
    policyVersion: 0,
    sampling: { maxTokens: 5, temperature: -1, topP: 0, topK: 0, stopTokenIds: [16] },
    prompts: [
      { requestId: 1, tokenIds: [1, 16], seed: 1 },
      { requestId: 1, tokenIds: new Array(9).fill(1), seed: 1 },
      { requestId: 2, tokenIds: [], seed: 1 },
    ],
  });
  const messages = [
    /temperature: found -1/,
    /top_p: found 0/,
    /stop_token_ids: found 16, allowed 0 to 15/,
    /prompts\[0\].token_ids: found token 16, allowed 0 to 15/,
    /prompts\[1\].token_ids: found 9 tokens, allowed 1 to 8/,
    /prompts\[2\].token_ids: found 0 tokens/,
    /found 2 different request_id for 3 prompts/,
  ];
  await assert.rejects(wrong, (error: grpc.ServiceError) => {
    assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
    for (const message of messages) assert.match(error.message, message);
    return true;
  });
});

async function joinWeightsGroup(epoch: number): Promise<Communicator> {
  const uniqueId = await actorSidecar.getUniqueId({ timeoutMs });
  const join = { epoch, group: 'weights', uniqueId: Buffer.from(uniqueId), rank: 1, worldSize: 2 };
  const [communicator] = await Promise.all([
    actorSidecar.initRank({ uniqueId, rank: 0, worldSize: 2, timeoutMs }),
    unary(groups, groups.joinGroup, join, { deadlineMs: timeoutMs }),
  ]);
  return communicator;
}

function publish(communicator: Communicator, parameters: Float32Array): Promise<void> {
  new Float32Array(actorWeights.buffer).set(parameters);
  const buffer = { name: 'weights', offsetBytes: 0 };
  return communicator.broadcast({ buffer, count: parameters.length, dataType: 'float32', root: 0, timeoutMs });
}

const checksumOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  crc32(new Uint8Array(buffer, byteOffset, byteLength));

test('receives weights through the sidecars and decodes with them; keeps the old ones on a wrong checksum', async () => {
  const before = await generate({ epoch: 0, policyVersion: 0, sampling, prompts });
  const communicator = await joinWeightsGroup(3);
  const receive = (epoch: number, policyVersion: number, checksum: number) =>
    unary(client, client.receiveWeights, { epoch, policyVersion, checksum }, { deadlineMs: timeoutMs });
  await assert.rejects(receive(2, 1, 0), { code: grpc.status.FAILED_PRECONDITION, message: /epoch 2 is over/ });

  const changed = model.parameters.map((parameter) => parameter * 0.5);
  const damaged = receive(3, 1, checksumOf(changed) ^ 1);
  damaged.catch(() => {});
  await publish(communicator, changed);
  await assert.rejects(damaged, { code: grpc.status.DATA_LOSS, message: /weights of version 1: checksum/ });
  assert.deepEqual(await generate({ epoch: 3, policyVersion: 0, sampling, prompts }), before);

  const [reply] = await Promise.all([receive(3, 1, checksumOf(changed)), publish(communicator, changed)]);
  assert.equal(reply.policyVersion, 1);
  assert.equal(reply.bytes, model.parameters.byteLength);
  const after = await generate({ epoch: 3, policyVersion: 1, sampling, prompts });
  assert.ok([...after.values()].every(({ policyVersions }) => policyVersions.every((version) => version === 1)));
  assert.ok([...after].some(([id, { logprobs }]) => logprobs[0] !== before.get(id)!.logprobs[0]));

  await Promise.all([receive(3, 2, checksumOf(model.parameters)), publish(communicator, model.parameters)]);
  const back = await generate({ epoch: 3, policyVersion: 2, sampling, prompts });
  for (const [id, { tokenIds, logprobs }] of back) {
    assert.deepEqual(tokenIds, before.get(id)!.tokenIds);
    assert.deepEqual(logprobs, before.get(id)!.logprobs);
  }
});

test("reports what it did to Prometheus, in vLLM's names and in ours", async () => {
  const text = await (await fetch(`${server.metricsUrl}/metrics`)).text();
  assert.match(text, /^vllm:num_requests_running\{.*\} 0$/m);
  assert.match(text, /^vllm:prompt_tokens_total\{.*\} [1-9]/m);
  assert.match(text, /^vllm:generation_tokens_total\{.*\} [1-9]/m);
  assert.match(text, /^vllm:request_success_total\{model_name="test",engine="0",finished_reason="stop"\} [1-9]/m);
  assert.match(text, /^vllm:time_to_first_token_seconds_count\{.*\} [1-9]/m);
  assert.match(text, /^ppo_weights_version 2$/m);
  assert.match(text, /^ppo_weight_sync_receive_seconds_count 2$/m);
});

test("speaks OpenAI's protocol on a port of its own, with the model folder's tokenizer", async () => {
  const url = `http://${server.address}:${PORTS.openai}/v1`;
  const { data } = (await (await fetch(`${url}/models`)).json()) as { data: { id: string; policy_version: number }[] };
  assert.equal(data[0]!.id, 'test');
  assert.equal(data[0]!.policy_version, 2);
  const body = JSON.stringify({ model: 'test', prompt: '12+34=', temperature: 0, max_tokens: 5 });
  const reply = (await (await fetch(`${url}/completions`, { method: 'POST', body })).json()) as {
    choices: { text: string; finish_reason: string }[];
  };
  assert.match(reply.choices[0]!.text, /^[0-9]+$/);
  assert.equal(reply.choices[0]!.finish_reason, 'stop');
});

test('a client that goes away takes its sequences with it', async () => {
  const request = {
    epoch: 3,
    policyVersion: 0,
    sampling: { ...sampling, stopTokenIds: [] },
    prompts: manyPrompts(20_000),
  };
  for await (const reply of stream(client, client.generate, request, options)) if (reply.response) break;
  const few = await generate({ epoch: 3, policyVersion: 0, sampling, prompts: prompts.slice(0, 3) });
  assert.equal(few.size, 3);
  const text = await (await fetch(`${server.metricsUrl}/metrics`)).text();
  assert.match(text, /^vllm:num_requests_waiting\{.*\} 0$/m);
});

function manyPrompts(count: number) {
  return Array.from({ length: count }, (_, i) => ({ ...prompts[i % prompts.length]!, requestId: i, seed: i }));
}

test('a killed server ends its streams as UNAVAILABLE', async () => {
  const other = await startWorker({ folder: folder.path, role: 'generation', index: 2, job });
  const otherClient = other.client('Generation');
  const request = { epoch: 0, policyVersion: 0, sampling, prompts: manyPrompts(20_000) };
  try {
    const read = async () => {
      for await (const _ of stream(otherClient, otherClient.generate, request, options)) other.process.kill('SIGKILL');
    };
    await assert.rejects(read(), { code: grpc.status.UNAVAILABLE });
  } finally {
    await other.stop();
  }
});

test('ends by itself on SIGTERM and leaves nothing in the shared folder', async () => {
  assert.deepEqual(readdirSync(server.sharedDir), ['weights-0', 'weights-1']);
  assert.equal(await server.stop(), 0, server.output());
  assert.deepEqual(readdirSync(server.sharedDir), []);
  assert.deepEqual(registered, ['generation']);
});

test("a model that cannot hold the job's sequences is hopeless", async () => {
  const long = { ...job, rollout: { ...job.rollout, maxPromptTokens: 100_000 } };
  const hopeless = spawnWorker({ folder: folder.path, role: 'generation', index: 3, job: long });
  assert.equal(await hopeless.ended, 78, hopeless.output());
  assert.match(hopeless.output(), /maxPromptTokens \+ rollout.maxResponseTokens: found 100005, allowed up to/);
});
