/**
 * Two real sidecar processes, as pods have them: weights move between two shared folders by gRPC calls that carry names
 * alone; then one of the processes is asked to end, and the other is killed.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { SidecarClient, type SidecarCommunicator } from '../../../worker/collectives/sidecar-client.ts';
import { SharedBuffer } from '../../../worker/runtime/shared-buffer.ts';
import { makeTestFolder, PORTS, type RunningWorker, startWorker } from '../support/worker-process.ts';

const timeoutMs = 20_000;
const NUM_ELEMENTS = 1_500_001;

interface Pod {
  readonly worker: RunningWorker;
  readonly client: SidecarClient;
}

const folder = makeTestFolder();
const pods: Pod[] = [];
const buffers: SharedBuffer[] = [];
let communicators: SidecarCommunicator[];

async function startPod(index: number): Promise<Pod> {
  const worker = await startWorker({ folder: folder.path, role: 'communicator', index });
  return { worker, client: new SidecarClient(`${worker.address}:${PORTS.communicator}`) };
}

async function form(): Promise<SidecarCommunicator[]> {
  const uniqueId = await pods[0]!.client.getUniqueId({ timeoutMs });
  return Promise.all(
    pods.map(({ client }, rank) => client.initRank({ uniqueId, rank, worldSize: pods.length, timeoutMs })),
  );
}

before(async () => {
  pods.push(...(await Promise.all([0, 1].map(startPod))));
  for (const { worker } of pods) buffers.push(SharedBuffer.create(worker.sharedDir, 'weights', NUM_ELEMENTS * 4));
  communicators = await form();
});
after(async () => {
  for (const { client } of pods) client.close();
  await Promise.all(pods.map(({ worker }) => worker.stop()));
  for (const buffer of buffers) buffer.dispose();
  folder.remove();
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
  const socket = connect(PORTS.transport, pods[0]!.worker.address).on('error', () => {});
  socket.write('GET / HTTP/1.1\r\n'.repeat(20));
  await new Promise((resolve) => socket.on('close', resolve));
  await Promise.all(communicators.map((communicator) => communicator.barrier({ timeoutMs })));
  const metrics = await (await fetch(`${pods[0]!.worker.metricsUrl}/metrics`)).text();
  assert.match(metrics, /^ppo_communicator_refused_connections_total 1$/m);
  assert.match(metrics, /^ppo_communicator_operations_total\{kind="broadcast"\} 1$/m);
  assert.match(metrics, /^ppo_communicator_errors_total\{code="INVALID_ARGUMENT"\} [1-9]/m);
  const sent = /^ppo_communicator_sent_bytes_total (\d+)$/m.exec(metrics);
  assert.ok(Number(sent?.[1]) >= NUM_ELEMENTS * 4);
});

test('a sidecar that is killed fails the other at once; one that is asked to ends with 0', async () => {
  const waiting = communicators[0]!.barrier({ timeoutMs });
  waiting.catch(() => {});
  pods[1]!.worker.process.kill('SIGKILL');
  await assert.rejects(waiting, { code: 'REMOTE_ERROR', message: /rank 1 \(127\./ });
  await assert.rejects(communicators[1]!.barrier({ timeoutMs: 500 }), { code: /SYSTEM_ERROR|TIMEOUT/ });
  const [{ worker }] = pods as [Pod, Pod];
  assert.equal(await worker.stop(), 0, worker.output());
});
