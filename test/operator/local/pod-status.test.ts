/** Phase and conditions by Kubernetes' rules. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerState, ContainerStatus, Pod } from '../../../operator/cluster/objects.ts';
import { computePodStatus } from '../../../operator/local/pod-status.ts';
import { buildContainer, buildPod } from './fixtures/node.ts';

const pod = buildPod('a', {
  initContainers: [buildContainer('sidecar', {}, { restartPolicy: 'Always' })],
  containers: [buildContainer('one', {}), buildContainer('two', {})],
});
const running: ContainerState = { running: {} };
const ended = (exitCode: number): ContainerState => ({ terminated: { exitCode } });

function statusOf(states: Record<string, ContainerState>, from: Pod = pod, ready = false, failed = false) {
  const statusByContainer = new Map<string, ContainerStatus>(
    Object.entries(states).map(([name, state]) => [
      name,
      { name, state, ready, started: 'running' in state, restartCount: 0 },
    ]),
  );
  const failure = failed ? { reason: 'CreateContainerError', message: 'no' } : null;
  const observed = { podIp: '127.1.1.1', hostIp: '127.1.0.1', startTime: 't', statusByContainer, failure };
  return computePodStatus(from, observed, 'now');
}

function condition(status: ReturnType<typeof statusOf>, type: string): string | undefined {
  return status.conditions?.find((c) => c.type === type)?.status;
}

test('phases', () => {
  assert.equal(statusOf({}).phase, 'Pending');
  assert.equal(statusOf({ sidecar: running, one: running }).phase, 'Pending');
  assert.equal(statusOf({ sidecar: running, one: running, two: running }).phase, 'Running');
  assert.equal(statusOf({ sidecar: running, one: ended(0), two: running }).phase, 'Running');
  assert.equal(statusOf({ sidecar: ended(143), one: ended(0), two: ended(0) }).phase, 'Succeeded');
  assert.equal(statusOf({ sidecar: ended(143), one: ended(0), two: ended(3) }).phase, 'Failed');
  assert.equal(statusOf({}, pod, false, true).phase, 'Failed');
  assert.equal(statusOf({}, pod, false, true).message, 'no');
});

test('a pod is not over while its sidecar runs: its successor needs the ports', () => {
  assert.equal(statusOf({ sidecar: running, one: ended(0), two: ended(0) }).phase, 'Running');
  assert.equal(statusOf({ sidecar: running, one: ended(0), two: ended(3) }).phase, 'Running');
  assert.equal(statusOf({ sidecar: running }, pod, false, true).phase, 'Pending');
});

test('a failed init container fails a pod that never restarts', () => {
  const withInit = buildPod('a', {
    initContainers: [buildContainer('init', {})],
    containers: [buildContainer('one', {})],
  });
  assert.equal(statusOf({ init: ended(1) }, withInit).phase, 'Failed');
  assert.equal(statusOf({ init: ended(0) }, withInit).phase, 'Pending');
  assert.equal(condition(statusOf({ init: ended(0) }, withInit), 'Initialized'), 'True');
});

test('Ready needs every main container and every sidecar', () => {
  const states = { sidecar: running, one: running, two: running };
  assert.equal(condition(statusOf(states, pod, true), 'Ready'), 'True');
  assert.equal(condition(statusOf(states, pod, false), 'Ready'), 'False');
  assert.equal(condition(statusOf({ one: running, two: running }, pod, true), 'Ready'), 'False');
});

test("a condition keeps its time while it doesn't change", () => {
  const conditions = [{ type: 'Ready', status: 'False' as const, lastTransitionTime: 'before' }];
  const stored: Pod = { ...pod, status: { phase: 'Pending', conditions } };
  const times = (status: ReturnType<typeof statusOf>) =>
    status.conditions?.find((c) => c.type === 'Ready')?.lastTransitionTime;
  assert.equal(times(statusOf({}, stored)), 'before');
  assert.equal(times(statusOf({ sidecar: running, one: running, two: running }, stored, true)), 'now');
});
