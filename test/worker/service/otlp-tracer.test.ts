/** Spans as a receiver of OTLP gets them: nested, with who made them, only those that are sampled. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Logger } from '../../../worker/service/log.ts';
import { OtlpTracer } from '../../../worker/service/otlp-tracer.ts';
import type { SpanStart } from '../../../worker/service/tracing.ts';
import { OtlpReceiver } from './otlp-receiver.ts';

const lines: string[] = [];
const write = (_fields: unknown, message: string) => lines.push(message);
const log = { warn: write, info: write } as unknown as Logger;
const REMOTE = { trace: '0123456789abcdef0123456789abcdef', span: '0123456789abcdef' };

function createTracer(endpoint: string, sampleRatio = 1): OtlpTracer {
  return new OtlpTracer({ endpoint, sampleRatio, role: 'actor', podName: 'job-actor-0', log });
}

function start(tracer: OtlpTracer, name: string, others: Partial<SpanStart> = {}) {
  return tracer.start({ name, kind: 'internal', attributes: {}, parent: null, ...others });
}

test('a span arrives with its parent, kind, attributes, outcome, and who made it', async () => {
  process.env['OTEL_EXPORTER_OTLP_HEADERS'] = 'api-key=secret,team=sums';
  process.env['OTEL_RESOURCE_ATTRIBUTES'] = 'k8s.namespace.name=ns,rlhf.dev/job=job';
  await using receiver = await OtlpReceiver.start();
  const tracer = createTracer(`${receiver.endpoint}/`);
  const root = start(tracer, 'iteration', { attributes: { 'ppo.iteration': 3 } })!;
  const child = start(tracer, 'call', { parent: root, kind: 'client' })!;
  child.set({ 'rpc.system': 'grpc' });
  child.fail(new Error('refused'));
  child.end();
  root.end();
  await tracer.close();
  delete process.env['OTEL_EXPORTER_OTLP_HEADERS'];
  delete process.env['OTEL_RESOURCE_ATTRIBUTES'];

  assert.deepEqual([...receiver.paths], ['/v1/traces']);
  assert.equal(receiver.headers[0]?.['api-key'], 'secret');
  assert.equal(receiver.headers[0]?.['team'], 'sums');
  const [call, iteration] = ['call', 'iteration'].map((name) => receiver.spans.find((span) => span.name === name)!);
  assert.equal(call!.parentId, iteration!.spanId);
  assert.equal(call!.traceId, iteration!.traceId);
  assert.deepEqual([call!.kind, call!.isError, iteration!.kind, iteration!.isError], [3, true, 1, false]);
  assert.deepEqual(iteration!.attributes, { 'ppo.iteration': '3' });
  const { resource } = iteration!;
  assert.deepEqual(
    ['service.name', 'k8s.pod.name', 'k8s.namespace.name', 'rlhf.dev/job'].map((key) => resource[key]),
    ['actor', 'job-actor-0', 'ns', 'job'],
  );
  assert.equal(tracer.numDropped, 0);
});

test('a trace goes on from elsewhere if it is sampled there', async () => {
  await using receiver = await OtlpReceiver.start();
  const tracer = createTracer(receiver.endpoint, 0);
  const parent = (flags: string) => ({ parent: `00-${REMOTE.trace}-${REMOTE.span}-${flags}`, kind: 'server' as const });
  const span = start(tracer, 'served', parent('01'));
  assert.match(span!.traceparent, new RegExp(`^00-${REMOTE.trace}-[0-9a-f]{16}-01$`));
  span!.end();
  assert.equal(start(tracer, 'unsampled', parent('00')), null);
  for (const broken of ['', 'x', `00-${REMOTE.trace}-01`, `ff-${REMOTE.trace}-${REMOTE.span}-01`]) {
    assert.equal(start(tracer, 'broken', { parent: broken }), null);
  }
  await tracer.close();
  assert.deepEqual(
    receiver.spans.map(({ name, traceId, parentId, kind }) => ({ name, traceId, parentId, kind })),
    [{ name: 'served', traceId: REMOTE.trace, parentId: REMOTE.span, kind: 2 }],
  );
});

test('a share of traces is taken, none of them with 0', () => {
  const share = (ratio: number) => {
    const tracer = createTracer('http://127.0.0.1:9', ratio);
    return Array.from({ length: 400 }, () => start(tracer, 'x')).filter((span) => span !== null).length;
  };
  assert.equal(share(0), 0);
  assert.equal(share(1), 400);
  // None or all of them: with probability 2^-399.
  const half = share(0.5);
  assert.ok(half > 0 && half < 400, String(half));
});

test('a receiver that is gone costs the spans, told of once and counted', async () => {
  let endpoint: string;
  {
    await using receiver = await OtlpReceiver.start();
    endpoint = receiver.endpoint;
  }
  lines.length = 0;
  const tracer = createTracer(endpoint);
  for (let i = 0; i < 3; i++) start(tracer, 'x')!.end();
  await tracer.close();
  assert.equal(tracer.numDropped, 3);
  assert.deepEqual(lines, ['spans are lost: the receiver does not take them; the job goes on']);
});
