/** Spans nest by asynchronous context and over calls; where nothing traces, everything only runs. */
import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { Health } from '../../../worker/service/protos.ts';
import { stream, unary } from '../../../worker/service/rpc.ts';
import { startGrpcServer } from '../../../worker/service/server.ts';
import {
  annotate,
  numDroppedSpans,
  openSpan,
  type Span,
  type SpanStart,
  setTracer,
  startCall,
  type Tracer,
  traced,
  tracedCall,
  traceRoot,
} from '../../../worker/service/tracing.ts';

/** Writes down each span as `parent > name`, and how it ended. */
class Recorder implements Tracer {
  readonly started: string[] = [];
  readonly ended: string[] = [];
  readonly attributes: Record<string, Record<string, unknown>> = {};
  readonly numDropped = 7;
  isSampling = true;

  start({ name, parent, attributes, kind }: SpanStart): Span | null {
    if (!this.isSampling) return null;
    const above = parent === null ? '' : typeof parent === 'string' ? parent : parent.traceparent;
    const traceparent = above === '' ? name : `${above} > ${name}`;
    this.started.push(`${kind}: ${traceparent}`);
    this.attributes[traceparent] = { ...attributes };
    let outcome = 'ok';
    return {
      traceparent,
      set: (more) => {
        Object.assign(this.attributes[traceparent]!, more);
      },
      fail: (error) => {
        outcome = String(error);
      },
      end: () => {
        this.ended.push(`${traceparent}: ${outcome}`);
      },
    };
  }
}

afterEach(() => setTracer(null));

test('what runs inside a span is below it, also at the same time and after waiting', async () => {
  const recorder = new Recorder();
  setTracer(recorder);
  const result = await traceRoot('iteration', { n: 1 }, async () => {
    const part = (name: string) =>
      traced(name, {}, async () => {
        await new Promise(setImmediate);
        return traced('inner', {}, async () => name);
      });
    return Promise.all([part('a'), part('b')]);
  });
  assert.deepEqual(result, ['a', 'b']);
  assert.deepEqual(recorder.started, [
    ...['internal: iteration', 'internal: iteration > a', 'internal: iteration > b'],
    ...['internal: iteration > a > inner', 'internal: iteration > b > inner'],
  ]);
  assert.equal(recorder.ended.at(-1), 'iteration: ok');
  assert.equal(numDroppedSpans(), 7);
});

test('an error ends its spans and goes on', async () => {
  const recorder = new Recorder();
  setTracer(recorder);
  const failing = traceRoot('a', {}, () => traced('b', {}, async () => Promise.reject(new Error('no'))));
  await assert.rejects(failing, /^Error: no$/);
  assert.deepEqual(recorder.ended, ['a > b: Error: no', 'a: Error: no']);
});

test('a generator holds a span open between its values', async () => {
  const recorder = new Recorder();
  setTracer(recorder);
  async function* steps() {
    const span = openSpan('step', {});
    yield 1;
    await span.within(() => traced('reduce', {}, async () => {}));
    span.end();
  }
  await traceRoot('train', {}, async () => {
    for await (const _ of steps());
  });
  assert.deepEqual(recorder.ended, ['train > step > reduce: ok', 'train > step: ok', 'train: ok']);
});

test('without a tracer, outside of a trace and where it is not sampled, everything only runs', async () => {
  const run = async () => {
    annotate({ a: 1 });
    return 5;
  };
  const call = { name: 'c', attributes: {}, traceparent: null };
  const all = () => Promise.all([traced('a', {}, run), tracedCall(call, run), openSpan('s', {}).within(run)]);
  assert.deepEqual(await all(), [5, 5, 5]);
  assert.equal(await traceRoot('r', {}, run), 5);
  const recorder = new Recorder();
  setTracer(recorder);
  assert.deepEqual(await all(), [5, 5, 5]);
  assert.equal(startCall('c', {}), null);
  recorder.isSampling = false;
  assert.deepEqual(await traceRoot('r', {}, all), [5, 5, 5]);
  assert.deepEqual(recorder.started, []);
});

test('a call carries its span to the serving side, for one reply and for many', async () => {
  const recorder = new Recorder();
  const server = await startGrpcServer({ host: '127.0.0.1', port: 0, services: [] });
  const client = new Health(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
  after(async () => {
    client.close();
    await server.close(1000);
  });
  const check = () => unary(client, client.check, {}, { deadlineMs: 30_000 });
  await check();
  setTracer(recorder);
  await check();
  assert.deepEqual(recorder.started, [], 'calls outside of a trace have no spans');
  await traceRoot('root', {}, async () => {
    await check();
    const options = { deadlineMs: 30_000, idleMs: 30_000 };
    for await (const _ of stream(client, client.watch, {}, options)) break;
  });
  const [one, many] = ['grpc.health.v1.Health/Check', 'grpc.health.v1.Health/Watch'];
  assert.deepEqual(recorder.started, [
    'internal: root',
    ...[`client: root > ${one}`, `server: root > ${one} > ${one}`],
    ...[`client: root > ${many}`, `server: root > ${many} > ${many}`],
  ]);
  assert.deepEqual(recorder.attributes[`root > ${one}`], {
    ...{ 'rpc.system': 'grpc', 'rpc.service': 'grpc.health.v1.Health', 'rpc.method': 'Check' },
    'rpc.grpc.status_code': 0,
    'server.address': '127.0.0.1',
    'server.port': server.port,
  });
});
