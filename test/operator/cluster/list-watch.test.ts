// Following a kind survives lost history, lost connections, and ends with its signal.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Cluster, CONFIG_MAPS } from '../../../operator/cluster/cluster.ts';
import { follow } from '../../../operator/cluster/list-watch.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { buildConfigMap, ManualClock, settle, WRITER } from './fixtures.ts';

function start(cluster: Cluster): { seen: string[]; errors: string[]; clock: ManualClock; stop: () => Promise<void> } {
  const clock = new ManualClock();
  const seen: string[] = [];
  const errors: string[] = [];
  const controller = new AbortController();
  const onError = (error: unknown): number => errors.push((error as Error).name);
  const run = async (): Promise<void> => {
    for await (const update of follow(cluster, CONFIG_MAPS, { signal: controller.signal, clock, onError })) {
      const objects = update.type === 'LISTED' ? update.items : [update.object];
      seen.push([update.type, ...objects.map((object) => object.metadata.name)].join(' '));
    }
  };
  const running = run();
  const stop = async (): Promise<void> => {
    controller.abort();
    await running;
  };
  return { seen, errors, clock, stop };
}

it('lists, then reports each change', async () => {
  const cluster = new MemoryCluster();
  await cluster.create(CONFIG_MAPS, buildConfigMap('a'), WRITER);
  const { seen, stop } = start(cluster);
  await settle();
  await cluster.create(CONFIG_MAPS, buildConfigMap('b'), WRITER);
  await cluster.delete(CONFIG_MAPS, buildConfigMap('a').metadata);
  await settle();
  await stop();
  assert.deepEqual(seen, ['LISTED a', 'ADDED b', 'DELETED a']);
});

it('lists again when history is lost, and goes on where it was when only the watch is', async () => {
  const cluster = new MemoryCluster({ historyLimit: 2 });
  const watch = cluster.watch.bind(cluster);
  let numFailures = 2;
  cluster.watch = (kind, options) => {
    if (numFailures-- > 0) throw new Error('connection lost');
    return watch(kind, options);
  };
  const { seen, errors, clock, stop } = start(cluster);
  await settle();
  await cluster.create(CONFIG_MAPS, buildConfigMap('a'), WRITER);
  await clock.advance(300);
  assert.deepEqual(
    [seen, errors],
    [
      ['LISTED', 'ADDED a'],
      ['Error', 'Error'],
    ],
  );
  // Nobody reads while these are written: the watch falls behind.
  await Promise.all(['b', 'c', 'd', 'e', 'f'].map((name) => cluster.create(CONFIG_MAPS, buildConfigMap(name), WRITER)));
  await clock.advance(10_000);
  await stop();
  assert.deepEqual(errors.slice(2), ['GoneError']);
  assert.equal(seen.at(-1), 'LISTED a b c d e f');
  assert.deepEqual(clock.waitingMs, []);
});
