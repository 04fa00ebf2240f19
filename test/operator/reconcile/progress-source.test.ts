// Progress over a real gRPC stream: published at a bounded rate, found again after the coordinator was replaced.

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { type Clock, systemClock } from '../../../operator/cluster/clock.ts';
import { FigureStore } from '../../../operator/reconcile/figures.ts';
import { GrpcProgressSource } from '../../../operator/reconcile/progress-source.ts';
import type { ProgressInput } from '../../../worker/api/generated/ppo/v1/Progress.ts';
import { mutualCredentials } from '../../../worker/service/credentials.ts';
import { definitions } from '../../../worker/service/protos.ts';
import { streamHandler, unaryHandler } from '../../../worker/service/rpc.ts';
import { startGrpcServer } from '../../../worker/service/server.ts';
import { fixedIdentity, type TlsIdentity } from '../../../worker/service/tls-identity.ts';
import { makeAuthority, makeIdentity } from '../../worker/service/tls-files.ts';

const KEY = 'default/tiny';
const HOST = '127.77.1.1';
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A coordinator that sends `messages`, then holds the stream open, unless it `ends` it. */
async function startCoordinator(
  messages: readonly ProgressInput[],
  port = 0,
  tls: TlsIdentity | null = null,
  ends = false,
): Promise<{ port: number; stop: () => Promise<void> }> {
  const watchProgress = streamHandler(async function* (_request: unknown, signal: AbortSignal) {
    yield* messages;
    if (ends) return;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  });
  const readFigures = unaryHandler(async ({ afterIteration }: { afterIteration: number }) => {
    const iterations = Array.from({ length: 9 - afterIteration }, (_, i) => afterIteration + i + 1);
    return { series: [{ name: 'score', iterations, values: iterations.map((iteration) => iteration / 2) }] };
  });
  const server = await startGrpcServer({
    host: HOST,
    port,
    services: [[definitions.Coordinator, { watchProgress, readFigures }]],
    credentials: mutualCredentials(tls && fixedIdentity(tls)),
  });
  return { port: server.port, stop: () => server.close(10) };
}

function startSource(
  figures?: FigureStore,
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
    const coordinator = await startCoordinator([{ iteration: 1 }, { iteration: 1, tokens: 7 }], 0, null, true);
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
    const second = await startCoordinator([{ iteration: 2 }], first.port);
    await published;
    assert.equal(source.latest(KEY, 'uid')?.iteration, 2);
    await second.stop();
    published = changed();
    const third = await startCoordinator([{ iteration: 3 }], first.port);
    closers.push(third.stop);
    await published;
    assert.equal(source.latest(KEY, 'uid')?.iteration, 3);
  });

  it('calls as whom it is told to be, and again when that changes', async () => {
    const authority = makeAuthority();
    const coordinator = await startCoordinator([{ iteration: 5 }], 0, makeIdentity(authority));
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
});
