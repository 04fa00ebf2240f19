// Equal events are counted, others are kept apart, and a cluster that refuses them stops nobody.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CONFIG_MAPS, EVENTS } from '../../../operator/cluster/cluster.ts';
import { EventRecorder } from '../../../operator/cluster/event-recorder.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { buildConfigMap, ManualClock, WRITER } from './fixtures.ts';

it('counts equal events and keeps others apart', async () => {
  const clock = new ManualClock();
  const cluster = new MemoryCluster({ clock });
  const involved = await cluster.create(CONFIG_MAPS, buildConfigMap('a'), WRITER);
  const recorder = new EventRecorder({ cluster, clock, source: 'test', onError: assert.ifError });
  const event = { type: 'Normal', reason: 'Started', message: 'it started' } as const;
  await recorder.record(involved, event);
  await clock.advance(5000);
  await recorder.record(involved, event);
  await recorder.record(involved, { ...event, message: 'it started again' });
  const { items } = await cluster.list(EVENTS);
  assert.deepEqual(
    items.map(({ message, count, firstTimestamp, lastTimestamp }) => [message, count, firstTimestamp, lastTimestamp]),
    [
      ['it started', 2, '2026-01-01T00:00:00Z', '2026-01-01T00:00:05Z'],
      ['it started again', 1, '2026-01-01T00:00:05Z', '2026-01-01T00:00:05Z'],
    ],
  );
  assert.equal(items[0]?.involvedObject.uid, involved.metadata.uid);
});

it('reports an event that can not be written, and goes on', async () => {
  const clock = new ManualClock();
  const cluster = new MemoryCluster({ clock });
  const involved = await cluster.create(CONFIG_MAPS, buildConfigMap('a'), WRITER);
  cluster.create = () => Promise.reject(new Error('forbidden'));
  const errors: unknown[] = [];
  const recorder = new EventRecorder({ cluster, clock, source: 'test', onError: (error) => errors.push(error) });
  await recorder.record(involved, { type: 'Warning', reason: 'R', message: 'm' });
  assert.deepEqual(errors, [new Error('forbidden')]);
});

it('writes a flood of alike events as one, whose message is the newest, and then no more', async () => {
  const clock = new ManualClock();
  const cluster = new MemoryCluster({ clock });
  const involved = await cluster.create(CONFIG_MAPS, buildConfigMap('a'), WRITER);
  let numDropped = 0;
  const onDrop = (): void => {
    numDropped += 1;
  };
  const recorder = new EventRecorder({ cluster, clock, source: 'test', onError: assert.ifError, onDrop });
  for (let i = 0; i < 30; i += 1) {
    await recorder.record(involved, { type: 'Warning', reason: 'ApplyFailed', message: `attempt ${i}` });
  }
  const { items } = await cluster.list(EVENTS);
  const combined = items.filter(({ message }) => message.startsWith('(combined'));
  assert.deepEqual([items.length, numDropped], [11, 5]);
  assert.deepEqual(
    combined.map(({ message, count }) => [message, count]),
    [['(combined from similar events): attempt 24', 15]],
  );
});
