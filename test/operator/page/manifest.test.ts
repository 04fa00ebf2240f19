// The manifest as it is shown: readable, and without what may be secret.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parse } from 'yaml';
import { showManifest } from '../../../operator/page/manifest.ts';
import { PPO_JOBS } from '../../../operator/reconcile/ppojob-kind.ts';

const { apiVersion, kind } = PPO_JOBS;
const metadata = { name: 'a', namespace: 'n', labels: { team: 'x' } };

it('hides values of environment variables wherever they stand, and says where they come from', () => {
  const valueFrom = { secretKeyRef: { name: 'keys', key: 'wandb' } };
  const env = [{ name: 'TOKEN', value: 'hunter2' }, { name: 'KEY', valueFrom }, { name: 'EMPTY' }, 'hunter2'];
  const pod = { spec: { containers: [{ name: 'worker', env }], initContainers: [{ name: 'first', env: [env[0]] }] } };
  const spec = { podTemplate: pod, roles: { reward: { podTemplate: pod } }, seed: 3 };
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': 'hunter2' };
  const text = showManifest({ apiVersion, kind, metadata: { ...metadata, annotations }, spec });
  assert.equal(text.split('hunter2').length - 1, 2, 'only what is no variable');
  const shown = parse(text);
  assert.deepEqual(shown.metadata, metadata);
  assert.equal(shown.spec.seed, 3);
  const [first, second, third] = shown.spec.podTemplate.spec.containers[0].env;
  assert.deepEqual(
    [first, second, third],
    [{ name: 'TOKEN', value: '(hidden)' }, { name: 'KEY', valueFrom }, { name: 'EMPTY' }],
  );
});

it('hides passwords in addresses', () => {
  const spec = { reward: { url: 'https://user:pa%20ss@scores.example:8443/v1?x=1@2' } };
  const text = showManifest({ apiVersion, kind, metadata, spec });
  assert.equal(parse(text).spec.reward.url, 'https://(hidden)@scores.example:8443/v1?x=1@2');
});

it('is of bounded length, whatever the spec is', () => {
  assert.ok(showManifest({ apiVersion, kind, metadata, spec: { note: 'x'.repeat(1_000_000) } }).length < 70_000);
  assert.match(showManifest({ apiVersion, kind, metadata }), /^apiVersion: /);
});
