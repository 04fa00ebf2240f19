// Names of images as the chart's values: registries with ports, tags, digests, and none of them.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { imageValues } from './chart.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
for (const [name, repository, tag, digest] of [
  ['ppo-operator:0.1.0', 'ppo-operator', '0.1.0', ''],
  ['registry.example:5000/team/ppo', 'registry.example:5000/team/ppo', '', ''],
  ['registry.example:5000/team/ppo:1', 'registry.example:5000/team/ppo', '1', ''],
  [`registry.example/ppo@${DIGEST}`, 'registry.example/ppo', '', DIGEST],
  [`registry.example/ppo:1@${DIGEST}`, 'registry.example/ppo', '1', DIGEST],
] as const) {
  it(`takes ${name}`, () => assert.deepEqual(imageValues(name), { repository, tag, digest }));
}
