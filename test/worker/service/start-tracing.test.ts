/** Tracing is on where the settings say so, and what keeps it off costs the process nothing. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { WorkerSettings } from '../../../worker/config.ts';
import { startTracing } from '../../../worker/service/start-tracing.ts';
import { setTracer, traced, traceRoot } from '../../../worker/service/tracing.ts';
import { testSettings } from '../support/settings.ts';
import { OtlpReceiver } from './otlp-receiver.ts';

after(() => setTracer(null));

const settingsWith = (tracing: WorkerSettings['tracing']) =>
  testSettings({ role: 'reward', index: 1, podName: 'job-reward-1', tracing });

test('where it is off, nothing is sent and nothing is waited for', async () => {
  const end = await startTracing(settingsWith(null));
  assert.equal(await traceRoot('a', {}, async () => 1), 1);
  await end();
});

test('where it is on, the end waits for the last spans', async () => {
  await using receiver = await OtlpReceiver.start();
  const end = await startTracing(settingsWith({ endpoint: receiver.endpoint, sampleRatio: 1 }));
  await traceRoot('a', {}, () => traced('b', {}, async () => {}));
  await end();
  assert.deepEqual(
    receiver.spans.map(({ name, resource }) => [name, resource['service.name'], resource['k8s.pod.name']]),
    [
      ['b', 'reward', 'job-reward-1'],
      ['a', 'reward', 'job-reward-1'],
    ],
  );
});

test('an endpoint that is none costs the spans alone', async () => {
  const end = await startTracing(settingsWith({ endpoint: 'no address', sampleRatio: 1 }));
  assert.equal(await traceRoot('a', {}, async () => 1), 1);
  await end();
});
