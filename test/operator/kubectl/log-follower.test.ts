/** Followed logs: each line once, whatever happens to a connection, and to their ends alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnavailableError } from '../../../operator/cluster/errors.ts';
import type { ContainerStatus, Pod, Stored } from '../../../operator/cluster/objects.ts';
import type { LogLine, LogOptions, PodAccess } from '../../../operator/cluster/pod-access.ts';
import type { Snapshot } from '../../../operator/kubectl/job-feed.ts';
import { followLogs } from '../../../operator/kubectl/log-follower.ts';
import { condition, storedJob, storedPod } from './builders.ts';
import { FakeSession } from './fake-session.ts';

const ALL = { role: null, index: null, container: null };
const RUNNING = storedJob({ conditions: [condition('Running', 'True', 'PodsReady')] });
const SUCCEEDED = storedJob({ conditions: [condition('Succeeded', 'True', 'Finished')] });

function actor(state: ContainerStatus['state'], restartCount = 0): Stored<Pod> {
  const containerStatuses = [{ name: 'worker', ready: true, restartCount, state }];
  return storedPod('actor', 0, { phase: 'Running', containerStatuses });
}

function snapshot(job: Snapshot['job'], pod: Stored<Pod>, problem: string | null = null): Snapshot {
  return { job, pods: [pod], events: [], problem };
}

const line = (second: number): LogLine => ({ time: `2026-01-01T00:00:0${second}.000000000Z`, text: `line ${second}` });

/** What is heard of logs that a script gives, one after the other. */
class Scene {
  readonly world = new FakeSession();
  readonly heard: string[] = [];
  readonly asked: LogOptions[] = [];
  readonly #logs: (() => AsyncIterable<LogLine>)[];

  constructor(...logs: (() => AsyncIterable<LogLine>)[]) {
    this.#logs = logs;
  }

  follow(snapshots: AsyncIterable<Snapshot>, maxLogs = 10): Promise<void> {
    const logs: PodAccess['logs'] = (_, options) => {
      this.asked.push(options);
      return (this.#logs[Math.min(this.asked.length, this.#logs.length) - 1] as () => AsyncIterable<LogLine>)();
    };
    const { session } = this.world;
    const onLine = ({ text }: LogLine): void => {
      this.heard.push(text);
    };
    const options = { session: { ...session, pods: { ...session.pods, logs } }, selection: ALL };
    return followLogs({ ...options, first: { tailLines: 5 }, maxLogs, onLine }, snapshots);
  }

  async until(numHeard: number): Promise<void> {
    while (this.heard.length < numHeard) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const lines = (...all: LogLine[]) =>
  async function* () {
    yield* all;
  };

test('a log that somebody ends while its container runs goes on where it was', async () => {
  const scene = new Scene(lines(line(1), line(2)), lines(line(2), line(3)), lines());
  await scene.follow(
    (async function* () {
      yield snapshot(RUNNING, actor({ running: {} }));
      await scene.until(3);
      yield snapshot(SUCCEEDED, actor({ terminated: { exitCode: 0 } }));
    })(),
  );
  assert.deepEqual(scene.heard, ['line 1', 'line 2', 'line 3']);
  assert.equal(scene.asked[0]?.tailLines, 5);
  assert.deepEqual([scene.asked[1]?.tailLines, scene.asked[1]?.sinceTime], [undefined, line(2).time]);
});

test('the logs of containers that have ended are not counted', async () => {
  const scene = new Scene(lines(line(1)), lines(line(2)), lines(line(3)));
  await scene.follow(
    (async function* () {
      for (const restarts of [0, 1, 2]) {
        yield snapshot(RUNNING, actor({ terminated: { exitCode: 1 } }, restarts));
        await scene.until(restarts + 1);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      yield snapshot(SUCCEEDED, actor({ terminated: { exitCode: 0 } }, 2));
    })(),
    1,
  );
  assert.deepEqual(scene.heard, ['line 1', 'line 2', 'line 3']);
});

test('after the end of the job a node that answers no more is not waited for', async () => {
  const scene = new Scene(() => {
    throw new UnavailableError('dial tcp: no route to host');
  });
  await scene.follow(
    (async function* () {
      yield snapshot(SUCCEEDED, actor({ running: {} }));
    })(),
  );
  assert.deepEqual(scene.heard, []);
  assert.ok(scene.asked.length > 1);
});

test('a watch that fails is told once, and followed on', async () => {
  const scene = new Scene(lines());
  await scene.follow(
    (async function* () {
      for (const problem of ['no', 'no', null])
        yield snapshot(RUNNING, actor({ terminated: { exitCode: 0 } }), problem);
      yield snapshot(SUCCEEDED, actor({ terminated: { exitCode: 0 } }));
    })(),
  );
  assert.deepEqual(scene.world.noted, ['trying again: no']);
});
