// Progress over a real gRPC stream: published at a bounded rate, found again after the coordinator was replaced, and read
// no faster and no further than a hostile coordinator should make the operator read.

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { type Clock, systemClock } from '../../../operator/cluster/clock.ts';
import { type FigureRecorder, FigureStore } from '../../../operator/reconcile/figures.ts';
import { GrpcProgressSource } from '../../../operator/reconcile/progress-source.ts';
import type { Progress, ProgressInput } from '../../../worker/api/generated/ppo/v1/Progress.ts';
import type { ReadFiguresReplyInput } from '../../../worker/api/generated/ppo/v1/ReadFiguresReply.ts';
import { MAX_FIGURES, MAX_POINTS } from '../../../worker/coordinator/figure-history.ts';
import { mutualCredentials } from '../../../worker/service/credentials.ts';
import { definitions } from '../../../worker/service/protos.ts';
import { streamHandler, unaryHandler } from '../../../worker/service/rpc.ts';
import { startGrpcServer } from '../../../worker/service/server.ts';
import { fixedIdentity, type TlsIdentity } from '../../../worker/service/tls-identity.ts';
import { makeAuthority, makeIdentity } from '../../worker/service/tls-files.ts';

const KEY = 'default/tiny';
const HOST = '127.77.1.1';
/** Messages that are read without a pause. */
const MAX_AT_ONCE = 64;
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A coordinator that sends `messages`, then holds the stream open, unless it `ends` it. */
async function startCoordinator(
  messages: readonly ProgressInput[],
  o: {
    readonly port?: number;
    readonly tls?: TlsIdentity;
    readonly ends?: boolean;
    /** To whoever asks for figures. */
    readonly answer?: () => Promise<ReadFiguresReplyInput>;
  } = {},
): Promise<{ port: number; stop: () => Promise<void> }> {
  const watchProgress = streamHandler(async function* (_request: unknown, signal: AbortSignal) {
    yield* messages;
    if (o.ends === true) return;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  });
  const readFigures = unaryHandler(async ({ afterIteration }: { afterIteration: number }) => {
    if (o.answer !== undefined) return o.answer();
    const iterations = Array.from({ length: 9 - afterIteration }, (_, i) => afterIteration + i + 1);
    return { series: [{ name: 'score', iterations, values: iterations.map((iteration) => iteration / 2) }] };
  });
  const server = await startGrpcServer({
    host: HOST,
    port: o.port ?? 0,
    services: [[definitions.Coordinator, { watchProgress, readFigures }]],
    credentials: mutualCredentials(o.tls === undefined ? null : fixedIdentity(o.tls)),
  });
  return { port: server.port, stop: () => server.close(10) };
}

function startSource(
  figures?: FigureRecorder,
  clock: Clock = systemClock,
): {
  source: GrpcProgressSource;
  numErrors: () => number;
  changed: () => Promise<void>;
} {
  let numErrors = 0;
  const source = new GrpcProgressSource({
    clock,
    onError: () => {
      numErrors += 1;
    },
    ...(figures !== undefined && { figures }),
  });
  closers.push(() => source.close());
  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      const stop = source.onChange(() => {
        stop();
        resolve();
      });
    });
  return { source, numErrors: () => numErrors, changed };
}

describe('GrpcProgressSource', () => {
  it('publishes at once, then at a bounded rate, and never holds back the end', async () => {
    const steps = Array.from({ length: 50 }, (_, i) => ({ phase: 'Generating', iteration: 1, tokens: i }));
    const coordinator = await startCoordinator([...steps, { phase: 'Finished', iteration: 4, numIterations: 4 }]);
    closers.push(coordinator.stop);
    const { source } = startSource();
    const phases: (string | undefined)[] = [];
    const finished = new Promise<void>((resolve) => {
      source.onChange((key) => {
        const phase = source.latest(key, 'uid')?.phase;
        phases.push(phase);
        if (phase === 'Finished') resolve();
      });
    });
    source.follow(KEY, { jobUid: 'uid', address: `${HOST}:${coordinator.port}`, tls: null });
    assert.equal(source.latest(KEY, 'uid'), null);
    await finished;
    assert.equal(phases[0], 'Generating');
    assert.ok(phases.length < 10, `${phases.length} publications of ${steps.length + 1} messages`);
    assert.equal(source.latest(KEY, 'another job of this name'), null);
    source.forget(KEY);
    assert.equal(source.latest(KEY, 'uid'), null);
  });

  it('holds back nothing when the stream ends', async () => {
    const coordinator = await startCoordinator([{ iteration: 1 }, { iteration: 1, tokens: 7 }], { ends: true });
    closers.push(coordinator.stop);
    // No time passes: what waits for its turn would wait for ever.
    const { source, changed } = startSource(undefined, { ...systemClock, monotonicMs: () => 0, after: () => () => {} });
    source.follow(KEY, { jobUid: 'uid', address: `${HOST}:${coordinator.port}`, tls: null });
    await changed();
    if (source.latest(KEY, 'uid')?.tokens === 0) await changed();
    assert.equal(source.latest(KEY, 'uid')?.tokens, 7);
  });

  it('survives a coordinator that is not there yet, and one that is replaced', async () => {
    const first = await startCoordinator([{ iteration: 1 }]);
    await first.stop();
    const { source, numErrors, changed } = startSource();
    source.follow(KEY, { jobUid: 'uid', address: `${HOST}:${first.port}`, tls: null });
    while (numErrors() === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    let published = changed();
    const second = await startCoordinator([{ iteration: 2 }], { port: first.port });
    await published;
    assert.equal(source.latest(KEY, 'uid')?.iteration, 2);
    await second.stop();
    published = changed();
    const third = await startCoordinator([{ iteration: 3 }], { port: first.port });
    closers.push(third.stop);
    await published;
    assert.equal(source.latest(KEY, 'uid')?.iteration, 3);
  });

  it('calls as whom it is told to be, and again when that changes', async () => {
    const authority = makeAuthority();
    const coordinator = await startCoordinator([{ iteration: 5 }], { tls: makeIdentity(authority) });
    closers.push(coordinator.stop);
    const { source, numErrors, changed } = startSource();
    const target = { jobUid: 'uid', address: `${HOST}:${coordinator.port}` };
    source.follow(KEY, { ...target, tls: null });
    while (numErrors() === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(source.latest(KEY, 'uid'), null);
    const published = changed();
    source.follow(KEY, { ...target, tls: makeIdentity(authority) });
    await published;
    assert.equal(source.latest(KEY, 'uid')?.iteration, 5);
  });

  it('has the figures remembered, and asks for those of the time before it listened', async () => {
    const step = (iteration: number) => ({ phase: 'Generating', iteration, metrics: { score: iteration / 2 } });
    const coordinator = await startCoordinator([step(4), step(5)]);
    closers.push(coordinator.stop);
    const figures = new FigureStore({ clock: systemClock });
    const { source } = startSource(figures);
    source.follow(KEY, { jobUid: 'uid', address: `${HOST}:${coordinator.port}`, tls: null });
    const iterations = () => figures.read(KEY, 'uid')?.series[0]?.iterations ?? [];
    while (iterations().length < 5) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(figures.read(KEY, 'uid')?.series, [
      { name: 'score', iterations: [1, 2, 3, 4, 5], values: [0.5, 1, 1.5, 2, 2.5] },
    ]);
    source.forget(KEY);
    assert.equal(iterations().length, 5);
  });

  it('takes the longest curves that a coordinator keeps', async () => {
    const newest = 4_000_000_000;
    const iterations = Array.from({ length: MAX_POINTS }, (_, i) => newest - MAX_POINTS + 1 + i);
    const values = iterations.map((_, i) => i / 3);
    const names = Array.from({ length: MAX_FIGURES }, (_, i) => `rollout/figure-${i}`.padEnd(64, '-'));
    const answer = async () => ({ series: names.map((name) => ({ name, iterations, values })) });
    const coordinator = await startCoordinator([{ phase: 'Generating', iteration: newest }], { answer });
    closers.push(coordinator.stop);
    const figures = new FigureStore({ clock: systemClock });
    const { source, numErrors } = startSource(figures);
    source.follow(KEY, { jobUid: 'uid', address: `${HOST}:${coordinator.port}`, tls: null });
    const known = () => figures.read(KEY, 'uid')?.series ?? [];
    while (known().length < MAX_FIGURES && numErrors() === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(numErrors(), 0);
    assert.deepEqual(known().at(-1)?.iterations, iterations);
  });

  it('refuses a message that is too long to be one', async () => {
    const metrics = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`figure-${i}`, i]));
    const coordinator = await startCoordinator([{ iteration: 1, metrics }]);
    closers.push(coordinator.stop);
    const { source, numErrors } = startSource();
    source.follow(KEY, { jobUid: 'uid', address: `${HOST}:${coordinator.port}`, tls: null });
    while (numErrors() === 0 && source.latest(KEY, 'uid') === null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(source.latest(KEY, 'uid'), null);
  });

  it('reads few messages at once, then one by one, and asks for one answer at a time, however many are sent', async () => {
    // Each makes figures missing.
    const messages = Array.from({ length: 80 }, (_, i) => ({ phase: 'Generating', iteration: 10 * i + 10 }));
    let numAnswers = 0;
    const answer = (): Promise<never> => {
      numAnswers++;
      return new Promise(() => {});
    };
    const coordinator = await startCoordinator(messages, { answer });
    closers.push(coordinator.stop);
    const waiting: (() => void)[] = [];
    const after: Clock['after'] = (_ms, call) => {
      waiting.push(call);
      return () => {};
    };
    const read: number[] = [];
    const record = (_key: string, _uid: string, { iteration }: Progress): number => {
      read.push(iteration);
      return 0;
    };
    const { source } = startSource({ record, fill: () => {} }, { ...systemClock, monotonicMs: () => 0, after });
    source.follow(KEY, { jobUid: 'uid', address: `${HOST}:${coordinator.port}`, tls: null });
    for (let turn = 1; turn <= 3; turn++) {
      // Everything has been sent by then, the answer too that was asked for.
      while (waiting.length === 0 || numAnswers === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(read.length, MAX_AT_ONCE + turn);
      for (const call of waiting.splice(0)) call();
    }
    assert.equal(numAnswers, 1);
  });
});
