/** What a checkpoint of the coordinator holds, and what it refuses. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  compareIdentities,
  decodeCheckpoint,
  encodeCheckpoint,
  identify,
  initialState,
} from '../../../worker/coordinator/job-state.ts';
import { jobConfig } from './fake-job.ts';

const config = jobConfig('/models');
const checksums = { train: 1 };

describe('job state', () => {
  it('reads back as it was written', () => {
    const state = { ...initialState(config), iteration: 3, klCoef: 0.1 + 0.2, accuracy: 0.25 };
    const checkpoint = { state, identity: identify(config, checksums) };
    assert.deepEqual(decodeCheckpoint(encodeCheckpoint(checkpoint), 'c'), checkpoint);
  });

  it('refuses what is damaged, naming the file and the field', () => {
    const good = encodeCheckpoint({ state: initialState(config), identity: identify(config, checksums) });
    assert.throws(() => decodeCheckpoint(good.slice(0, 50), '/c/coordinator.json'), /coordinator\.json is not JSON/);
    assert.throws(() => decodeCheckpoint(good.replace('"klCoef"', '"coef"'), 'c'), /klCoef/);
    assert.throws(
      () => decodeCheckpoint(good.replace('"formatVersion": 1', '"formatVersion": 2'), 'c'),
      /formatVersion/,
    );
  });

  it('knows the settings that training depends on, and none else', () => {
    const identity = identify(config, checksums);
    const same = jobConfig('/models', {
      job: { uid: 'another' },
      rollout: { maxConcurrentSequences: 3 },
      training: { microbatchSize: 1 },
      deadlines: { callSeconds: 99 },
      checkpoint: { keep: 9 },
      roles: { generation: { replicas: 7 } },
    });
    assert.deepEqual(compareIdentities(identity, identify(same, checksums)), []);
    const scoredWithin = (timeoutSeconds: number) => {
      const reward = { function: { path: '/r.ts', name: 'score', timeoutSeconds } };
      return identify(jobConfig('/models', { reward }), checksums);
    };
    assert.deepEqual(compareIdentities(scoredWithin(1), scoredWithin(2)), [], 'more time to score');
    const other = jobConfig('/models', {
      seed: 9,
      criticHead: 'New',
      training: { actor: { learningRate: 0.5 } },
      reward: { clipRange: [-1, 2] },
    });
    assert.deepEqual(compareIdentities(identity, identify(other, { train: 2 })), [
      'checksums.train: was 1, is 2',
      'criticHead: was "Saved", is "New"',
      'reward.clipRange.1: was 1, is 2',
      'seed: was 5, is 9',
      'training.actor.learningRate: was 0.1, is 0.5',
    ]);
  });
});
