/** `kubectl ppo top` on a cluster in memory: what can be had, and a word on what can't. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PODS } from '../../../../operator/cluster/cluster.ts';
import { top } from '../../../../operator/kubectl/commands/top.ts';
import { PPO_JOBS } from '../../../../operator/reconcile/ppojob-kind.ts';
import { PROGRESS } from '../../local/fixtures/views.ts';
import { condition, storedJob, storedPod } from '../builders.ts';
import { FakeSession, invocation } from '../fake-session.ts';

const STATUS = { conditions: [condition('Running', 'True', 'PodsReady')], progress: PROGRESS };

test('a row a pod; pages that can not be had, and a missing metrics server, are named', async () => {
  const world = new FakeSession();
  await world.put(PPO_JOBS, storedJob(STATUS));
  for (const role of ['generation', 'actor']) await world.put(PODS, storedPod(role, 0, { phase: 'Running' }));
  const page = (tokens: number) => `vllm:generation_tokens_total ${tokens}
vllm:num_requests_running 2
vllm:kv_cache_usage_perc 0.5
process_cpu_seconds_total 1
process_resident_memory_bytes 1048576`;
  world.pages.set('tiny-generation-0', [page(0), page(4000)]);
  assert.equal(await top(world.session, invocation('top', 'tiny')), 0);
  const rows = (world.printed[0] ?? '').split('\n').map((row) => row.split(/ {2,}/));
  assert.deepEqual(rows[0], ['POD', 'ROLE', 'CPU', 'MEMORY', 'TOKENS/S', 'RUNNING', 'WAITING', 'KV USE', 'STEP']);
  assert.deepEqual(rows[1], ['tiny-actor-0', 'actor', '-', '-', '-', '-', '-', '-', '-']);
  const [pod, , cpu, memory, speed, running, waiting, use] = rows[2] ?? [];
  assert.deepEqual([pod, cpu, memory, running, waiting, use], ['tiny-generation-0', '0m', '1Mi', '2', '-', '50.0 %']);
  assert.ok(Number(speed?.replace(',', '')) > 0, speed);
  assert.match(world.text, /the job: 812 tokens\/s generated in iteration 12; now Training/);
  assert.deepEqual(world.noted.toSorted(), [
    "CPU and MEMORY are the workers' own figures, without sidecars: the cluster has no metrics server",
    "tiny-actor-0: its metrics can't be had through the API server: pod tiny-actor-0: address not allowed",
  ]);
});

test('what many pods lack is not said of each', async () => {
  const world = new FakeSession();
  await world.put(PPO_JOBS, storedJob(STATUS));
  for (let i = 0; i < 20; i++) await world.put(PODS, storedPod('generation', i, { phase: 'Running' }));
  await top(world.session, invocation('top', 'tiny'));
  assert.equal(world.noted.length, 6);
  assert.equal(world.noted.at(-1), 'and so with 16 more');
});

test('a job without pods', async () => {
  const world = new FakeSession();
  await world.put(PPO_JOBS, storedJob(STATUS));
  await assert.rejects(
    top(world.session, invocation('top', 'tiny')),
    /PPOJob tiny has no pods; kubectl ppo status tiny -n ml says/,
  );
});
