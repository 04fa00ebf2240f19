/**
 * Two real sidecar processes, as pods have them: weights move between two shared folders by gRPC calls that carry names
 * alone; then one of the processes is asked to end, and the other is killed.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SidecarClient, type SidecarCommunicator } from '../../../worker/collectives/sidecar-client.ts';
import { SharedBuffer } from '../../../worker/runtime/shared-buffer.ts';

const MAIN = fileURLToPath(new URL('../../../worker/main.ts', import.meta.url));
const timeoutMs = 20_000;
const NUM_ELEMENTS = 1_500_001;
const PORTS = { grpc: 7001, transport: 7002, metrics: 9091 };

interface Pod {
  readonly ip: string;
  readonly sharedDir: string;
  readonly process: ChildProcess;
  readonly client: SidecarClient;
  log: string;
}

const root = mkdtempSync(join(tmpdir(), 'ppo-sidecar-'));
const pods: Pod[] = [];
const buffers: SharedBuffer[] = [];
let communicators: SidecarCommunicator[];

/** A loopback address of this test process's own for each pod, so that ports are free. */
function startPod(index: number): Pod {
  const ip = `127.${101 + index}.${Math.floor(process.pid / 250) % 250}.${(process.pid % 250) + 1}`;
  const sharedDir = join(root, `pod-${index}`);
  mkdirSync(sharedDir);
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PPO_ROLE: 'communicator',
      PPO_POD_NAME: `pod-${index}`,
      PPO_POD_IP: ip,
      PPO_GRPC_PORT: '7000',
      PPO_METRICS_PORT: String(PORTS.metrics),
      PPO_COMMUNICATOR_PORT: String(PORTS.grpc),
      PPO_TRANSPORT_PORT: String(PORTS.transport),
      PPO_SHARED_DIR: sharedDir,
    },
  });
  const client = new SidecarClient(`${ip}:${PORTS.grpc}`);
  const pod: Pod = { ip, sharedDir, process: child, client, log: '' };
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (text) => {
      pod.log += String(text);
    });
  }
  return pod;
}

async function ready(pod: Pod): Promise<void> {
  for (const giveUpAt = performance.now() + timeoutMs; ; ) {
    try {
      if ((await fetch(`http://${pod.ip}:${PORTS.metrics}/readyz`)).ok) return;
    } catch (error) {
      if (performance.now() > giveUpAt) throw new Error(`the sidecar does not get ready: ${pod.log}`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function form(): Promise<SidecarCommunicator[]> {
  const uniqueId = await pods[0]!.client.getUniqueId({ timeoutMs });
  return Promise.all(
    pods.map(({ client }, rank) => client.initRank({ uniqueId, rank, worldSize: pods.length, timeoutMs })),
  );
}

before(async () => {
  pods.push(startPod(0), startPod(1));
  await Promise.all(pods.map(ready));
  for (const { sharedDir } of pods) buffers.push(SharedBuffer.create(sharedDir, 'weights', NUM_ELEMENTS * 4));
  communicators = await form();
});
after(() => {
  for (const { client, process: child } of pods) {
    client.close();
    child.kill('SIGKILL');
  }
  for (const buffer of buffers) buffer.dispose();
  rmSync(root, { recursive: true });
});

const weights = (pod: number) => new Float32Array(buffers[pod]!.buffer);
const buffer = { name: 'weights', offsetBytes: 0 };

test('a broadcast moves weights from one shared folder to the other', async () => {
  for (let i = 0; i < NUM_ELEMENTS; i++) weights(0)[i] = Math.sin(i);
  const o = { buffer, count: NUM_ELEMENTS, dataType: 'float32', root: 0, timeoutMs } as const;
  await Promise.all(communicators.map((communicator) => communicator.broadcast(o)));
  assert.ok(Buffer.from(buffers[0]!.buffer).equals(Buffer.from(buffers[1]!.buffer)));
  assert.equal(weights(1)[1234], Math.fround(Math.sin(1234)));
});

test('an all-reduce of a range averages both and leaves the rest alone', async () => {
  for (const pod of [0, 1]) weights(pod).fill(pod);
  const range = { name: 'weights', offsetBytes: 4000 };
  const o = { buffer: range, count: 1000, dataType: 'float32', op: 'avg', timeoutMs } as const;
  await Promise.all(communicators.map((communicator) => communicator.allReduce(o)));
  for (const pod of [0, 1]) {
    assert.ok(
      weights(pod)
        .subarray(1000, 2000)
        .every((value) => value === 0.5),
    );
    assert.deepEqual([weights(pod)[999], weights(pod)[2000]], [pod, pod]);
  }
});

test('a wrong call is answered with its code and message, and the communicator goes on', async () => {
  const [first] = communicators as [SidecarCommunicator, SidecarCommunicator];
  const wrong = {
    buffer: { name: '../weights', offsetBytes: 0 },
    count: 1,
    dataType: 'float32',
    root: 0,
    timeoutMs,
  } as const;
  await assert.rejects(first.broadcast(wrong), { code: 'INVALID_ARGUMENT', message: /no such buffer/ });
  const late = { buffer, count: NUM_ELEMENTS + 1, dataType: 'float32', op: 'sum', timeoutMs } as const;
  await assert.rejects(first.allReduce(late), { code: 'INVALID_ARGUMENT', message: /the buffer ends at 6000004/ });
  await Promise.all(communicators.map((communicator) => communicator.barrier({ timeoutMs })));
});

test('a second communicator lives beside the first, and ends by itself', async () => {
  const more = await form();
  await Promise.all([...more, ...communicators].map((communicator) => communicator.barrier({ timeoutMs })));
  await Promise.all(more.map((communicator) => communicator.destroy()));
  await assert.rejects(more[0]!.barrier({ timeoutMs }), { code: 'INVALID_ARGUMENT', message: /no communicator/ });
  await Promise.all(communicators.map((communicator) => communicator.barrier({ timeoutMs })));
});

test("a timeout is the sidecar's answer, and ends the communicator for both", async () => {
  const more = await form();
  await assert.rejects(more[0]!.barrier({ timeoutMs: 100 }), { code: 'TIMEOUT', message: /barrier: not done after/ });
  await assert.rejects(more[1]!.barrier({ timeoutMs }), { code: 'TIMEOUT', message: /gave up/ });
  await Promise.all(more.map((communicator) => communicator.abort()));
});

test('strangers on the transport port are counted and change nothing', async () => {
  const socket = connect(PORTS.transport, pods[0]!.ip).on('error', () => {});
  socket.write('GET / HTTP/1.1\r\n'.repeat(20));
  await new Promise((resolve) => socket.on('close', resolve));
  await Promise.all(communicators.map((communicator) => communicator.barrier({ timeoutMs })));
  const metrics = await (await fetch(`http://${pods[0]!.ip}:${PORTS.metrics}/metrics`)).text();
  assert.match(metrics, /^ppo_communicator_refused_connections_total 1$/m);
  assert.match(metrics, /^ppo_communicator_operations_total\{kind="broadcast"\} 1$/m);
  assert.match(metrics, /^ppo_communicator_errors_total\{code="INVALID_ARGUMENT"\} [1-9]/m);
  const sent = /^ppo_communicator_sent_bytes_total (\d+)$/m.exec(metrics);
  assert.ok(Number(sent?.[1]) >= NUM_ELEMENTS * 4);
});

test('a sidecar that is killed fails the other at once; one that is asked to ends with 0', async () => {
  const waiting = communicators[0]!.barrier({ timeoutMs });
  waiting.catch(() => {});
  pods[1]!.process.kill('SIGKILL');
  await assert.rejects(waiting, { code: 'REMOTE_ERROR', message: /rank 1 \(127\./ });
  await assert.rejects(communicators[1]!.barrier({ timeoutMs: 500 }), { code: /SYSTEM_ERROR|TIMEOUT/ });
  const exited = once(pods[0]!.process, 'exit');
  pods[0]!.process.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null], pods[0]!.log);
});
