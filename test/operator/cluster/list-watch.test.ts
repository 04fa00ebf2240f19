// Following a kind survives lost history, lost connections, and ends with its signal.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Cluster, CONFIG_MAPS, type WatchOptions } from '../../../operator/cluster/cluster.ts';
import { InvalidError, UnavailableError } from '../../../operator/cluster/errors.ts';
import { follow } from '../../../operator/cluster/list-watch.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import type { ConfigMap, WatchEvent } from '../../../operator/cluster/objects.ts';
import { buildConfigMap, ManualClock, overrideCluster, settle, WRITER } from './fixtures.ts';

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

it('lists again when the server knows nothing of the version', async () => {
  const cluster = new MemoryCluster();
  const watch = cluster.watch.bind(cluster);
  let isRefused = true;
  cluster.watch = (kind, options) => {
    if (isRefused) {
      isRefused = false;
      throw new InvalidError('resource version 7 is newer than any');
    }
    return watch(kind, options);
  };
  const { seen, errors, clock, stop } = start(cluster);
  await clock.advance(1000);
  await stop();
  assert.deepEqual([seen, errors], [['LISTED', 'LISTED'], ['InvalidError']]);
});

it('comes back soon after each loss of a connection on which nothing happened for long', async () => {
  const clock = new ManualClock();
  let numWatches = 0;
  // Brings a bookmark, as a server does that has nothing to tell, and is lost.
  async function* quiet(_kind: unknown, options: WatchOptions): AsyncGenerator<WatchEvent<ConfigMap>> {
    numWatches += 1;
    options.onBookmark?.('1');
    await new Promise<void>((resolve) => clock.after(60_000, resolve));
    throw new UnavailableError('connection lost');
  }
  const cluster = overrideCluster(new MemoryCluster({ clock }), { watch: quiet as unknown as Cluster['watch'] });
  const stopping = new AbortController();
  const options = { signal: stopping.signal, clock, onError: () => {} };
  const following = (async () => {
    for await (const update of follow(cluster, CONFIG_MAPS, options)) assert.equal(update.type, 'LISTED');
  })();
  for (let count = 1; count <= 10; count += 1) {
    await clock.advance(60_000 + 100);
    assert.equal(numWatches, count + 1);
  }
  stopping.abort();
  await clock.advance(60_000);
  await following;
});
