/** A tracker that fails is told of once, counted each time, and takes nothing from the others or from the job. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import type { Tracker } from '../../../../worker/coordinator/tracking/tracker.ts';
import { Trackers } from '../../../../worker/coordinator/tracking/trackers.ts';
import type { Logger } from '../../../../worker/service/log.ts';

class Recording implements Tracker {
  readonly name: Tracker['name'];
  readonly heard: string[] = [];
  isBroken = false;

  constructor(name: Tracker['name']) {
    this.name = name;
  }

  #hear(what: string): void {
    if (this.isBroken) throw new Error('ENOSPC');
    this.heard.push(what);
  }

  resume(iteration: number): void {
    this.#hear(`resume ${iteration}`);
  }

  log({ iteration }: { iteration: number }): void {
    this.#hear(`log ${iteration}`);
  }

  finish(isSuccess: boolean): void {
    this.#hear(`finish ${isSuccess}`);
  }

  close(): void {
    this.#hear('close');
  }
}

function setUp() {
  const lines: string[] = [];
  const write = (level: string) => (fields: { tracker: string }, message: string) => {
    lines.push(`${level} ${fields.tracker}: ${message}`);
  };
  const log = { warn: write('warn'), info: write('info') } as unknown as Logger;
  const [broken, sound] = [new Recording('tensorboard'), new Recording('wandb')];
  const registry = new Registry();
  const trackers = new Trackers({ trackers: [broken, sound], sampleResponses: 0, registry, log });
  const failures = async () => {
    const metric = await registry.getSingleMetric('ppo_tracking_failures_total')?.get();
    return Object.fromEntries(metric?.values.map(({ labels, value }) => [labels['tracker'], value]) ?? []);
  };
  return { lines, broken, sound, trackers, failures };
}

const entry = (iteration: number) => ({ iteration, metrics: {}, samples: [] });

test('everybody hears everything, in order', async () => {
  const { broken, sound, trackers, failures, lines } = setUp();
  trackers.resume(2);
  trackers.log(entry(3));
  trackers.finish(true);
  trackers.close();
  for (const { heard } of [broken, sound]) assert.deepEqual(heard, ['resume 2', 'log 3', 'finish true', 'close']);
  assert.deepEqual(await failures(), { tensorboard: 0, wandb: 0 });
  assert.deepEqual(lines, []);
});

test('a failure is logged once, counted each time, and over when it is over', async () => {
  const { broken, sound, trackers, failures, lines } = setUp();
  broken.isBroken = true;
  for (const iteration of [1, 2]) trackers.log(entry(iteration));
  trackers.close();
  assert.deepEqual(sound.heard, ['log 1', 'log 2', 'close']);
  assert.deepEqual(await failures(), { tensorboard: 3, wandb: 0 });
  broken.isBroken = false;
  trackers.log(entry(4));
  assert.deepEqual(broken.heard, ['log 4']);
  assert.deepEqual(lines, [
    'warn tensorboard: a tracker fails; the job goes on without it',
    'info tensorboard: the tracker works again',
  ]);
});
