// What is wrong with a pod, case by case.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LABELS } from '../../../operator/api/names.ts';
import type { ContainerState, Pod, PodCondition, PodStatus, Stored } from '../../../operator/cluster/objects.ts';
import { findFault, findUnstartable } from '../../../operator/reconcile/pod-fault.ts';
import { buildPod } from '../cluster/fixtures.ts';
import { disrupted, podStatus, waiting } from './builders.ts';
import { failedStatus, RUNNING, SUCCEEDED } from './fixtures.ts';

function podWith(status: PodStatus, role = 'actor', deletionTimestamp?: string): Stored<Pod> {
  const pod = buildPod('p');
  const stored = { uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
  const going = deletionTimestamp === undefined ? {} : { deletionTimestamp };
  return { ...pod, metadata: { ...pod.metadata, ...stored, ...going, labels: { [LABELS.role]: role } }, status };
}

function containers(phase: PodStatus['phase'], states: Record<string, ContainerState>): PodStatus {
  const statuses = Object.entries(states).map(([name, state]) => ({ name, ready: false, restartCount: 0, state }));
  return { phase, containerStatuses: statuses };
}

describe('findFault', () => {
  it('finds none in a pod that waits, runs, was deleted, or is not ours; nor in a finished coordinator', () => {
    const cases = [
      podWith({ phase: 'Pending' }),
      podWith(RUNNING),
      podWith(containers('Pending', { worker: { waiting: { reason: 'ContainerCreating' } } })),
      podWith(failedStatus(1, 'm'), 'actor', '2026-01-01T00:00:00Z'),
      podWith(failedStatus(1, 'm'), 'somebody'),
      podWith(SUCCEEDED, 'coordinator'),
    ];
    for (const pod of cases) assert.equal(findFault(pod), null);
  });

  it('takes the exit code and last words of the worker, else of another container, else of the pod', () => {
    const terminated = (exitCode: number, message: string) => ({ terminated: { exitCode, message } });
    const both = containers('Failed', {
      communicator: terminated(1, 'sidecar'),
      worker: terminated(2, ' last line \n'),
    });
    const sidecar = containers('Failed', { worker: terminated(0, ''), communicator: terminated(1, 'sidecar') });
    const evicted: PodStatus = { phase: 'Failed', reason: 'Evicted', message: 'the node was low on memory' };
    const killed = containers('Failed', { worker: { terminated: { exitCode: 137, reason: 'OOMKilled' } } });
    const found = [both, sidecar, evicted, killed].map((status) => findFault(podWith(status)));
    assert.deepEqual(
      found.map((fault) => [fault?.exitCode, fault?.message]),
      [
        [2, 'last line'],
        [1, 'sidecar'],
        [-1, 'the node was low on memory'],
        [137, 'OOMKilled'],
      ],
    );
  });

  it('tells of want of memory beside the last words, which know nothing of it', () => {
    const message = '{"level":"info","msg":"iteration 3"}\n';
    const terminated = { exitCode: 137, reason: 'OOMKilled', message };
    const fault = findFault(podWith(containers('Failed', { worker: { terminated } })));
    assert.equal(fault?.message, 'OOMKilled: iteration 3');
  });

  it('tells what the end of a log says, where a kubelet hands that on as it is', () => {
    const lines = [
      { level: 'info', msg: 'serving' },
      { level: 'error', exitCode: 78, err: {}, msg: 'no such model' },
    ];
    const message = lines.map((line) => JSON.stringify(line)).join('\n');
    assert.equal(findFault(podWith(failedStatus(78, message)))?.message, 'no such model');
  });

  it('keeps the end of long last words, and marks exit code 78', () => {
    const fault = findFault(podWith(failedStatus(78, `${'x'.repeat(5000)} the cause`)));
    assert.equal(fault?.hopeless, 'HopelessConfiguration');
    assert.equal(fault?.message.length, 1000);
    assert.match(fault?.message ?? '', /^\.\.\.x+ the cause$/);
    assert.equal(findFault(podWith(failedStatus(1, '')))?.message, 'Error');
  });
});

describe('whose fault it is', () => {
  const killed = { terminated: { exitCode: 137, reason: 'Error' } };
  const evicted = (message: string, conditions: PodCondition[] = []): PodStatus => ({
    ...{ phase: 'Failed', reason: 'Evicted', message, conditions },
  });
  const cases: [string, PodStatus, 'Program' | 'Infrastructure'][] = [
    ['a crash', failedStatus(1, 'boom'), 'Program'],
    [
      'out of its own memory',
      podStatus('Failed', { worker: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }),
      'Program',
    ],
    ['a node under pressure', evicted('The node was low on resource: memory.'), 'Infrastructure'],
    ['more on disk than its limit', evicted('Usage of EmptyDir volume "tmp" exceeds the limit "1Mi".'), 'Program'],
    [
      ...([
        'evicted all the same',
        evicted('low on disk; exceeds the limit', [disrupted('TerminationByKubelet')]),
      ] as const),
      'Infrastructure',
    ],
    ['a node that was shut down', podStatus('Failed', { worker: killed }, { reason: 'Terminated' }), 'Infrastructure'],
    [
      'a node that came back',
      podStatus('Failed', { worker: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } } }),
      'Infrastructure',
    ],
    ['a node that is gone', podStatus('Failed', {}, { conditions: [disrupted('DeletionByPodGC')] }), 'Infrastructure'],
    ['a full node', podStatus('Failed', {}, { reason: 'OutOfnvidia.com/gpu' }), 'Infrastructure'],
    ['a device that is broken', podStatus('Failed', {}, { reason: 'UnexpectedAdmissionError' }), 'Infrastructure'],
  ];
  for (const [name, status, cause] of cases) {
    it(`${name}: ${cause}`, () => assert.equal(findFault(podWith(status))?.cause, cause));
  }

  it('tells of a pod that is deleted because it was taken away, and of no other', () => {
    const conditions = [disrupted('PreemptionByScheduler', 'preempted by a pod of higher priority')];
    const pod = podWith({ ...RUNNING, conditions }, 'actor', '2026-01-01T00:00:00Z');
    const fault = findFault(pod);
    assert.deepEqual(
      [fault?.cause, fault?.exitCode, fault?.message, fault?.reasons, fault?.conditions],
      ['Infrastructure', -1, 'preempted by a pod of higher priority', ['PreemptionByScheduler'], ['DisruptionTarget']],
    );
    assert.equal(findFault(podWith({ ...RUNNING, conditions })), null);
  });
});

describe('what no restart mends', () => {
  const ended = (exitCode: number, reason: string, message: string) =>
    podStatus('Failed', { worker: { terminated: { exitCode, reason, message } } });
  const cases: [string, PodStatus, string | null][] = [
    ['exit code 78', failedStatus(78, 'no such model'), 'HopelessConfiguration'],
    ['a command that is not there', failedStatus(127, 'node: not found'), 'CommandNotRunnable'],
    ['a command that may not be run', failedStatus(126, 'permission denied'), 'CommandNotRunnable'],
    [
      'a command that the runtime does not find',
      ended(128, 'StartError', 'runc create failed: exec: "nodex": executable file not found in $PATH'),
      'CommandNotRunnable',
    ],
    ['a runtime in trouble', ended(128, 'StartError', 'failed to create shim task: ttrpc: closed'), null],
    ['a node that was shut down meanwhile', { ...failedStatus(127, ''), reason: 'Terminated' }, null],
    ['a crash', failedStatus(1, 'boom'), null],
  ];
  for (const [name, status, reason] of cases) {
    it(name, () => assert.equal(findFault(podWith(status))?.hopeless, reason));
  }
});

describe('findUnstartable', () => {
  const found = (status: PodStatus) => {
    const unstartable = findUnstartable(podWith(status));
    return unstartable && [unstartable.fault.hopeless, unstartable.fault.message, unstartable.isFinal];
  };

  it('finds pods whose node still tries, in vain', () => {
    const message = "container worker can't start: ";
    assert.deepEqual(found(waiting('ImagePullBackOff', 'Back-off pulling image "a:b"')), [
      ...['ImageUnavailable', `${message}ImagePullBackOff: Back-off pulling image "a:b"`, false],
    ]);
    assert.deepEqual(found(waiting('InvalidImageName')), ['ImageUnavailable', `${message}InvalidImageName`, true]);
    assert.deepEqual(found(waiting('CreateContainerConfigError', 'secret "s" not found')), [
      ...['ConfigurationMissing', `${message}CreateContainerConfigError: secret "s" not found`, false],
    ]);
    for (const status of [waiting('ContainerCreating'), waiting('CreateContainerError'), RUNNING]) {
      assert.equal(found(status), null);
    }
    assert.equal(findFault(podWith(waiting('ErrImagePull'))), null);
    assert.equal(findFault(podWith(waiting('CreateContainerError')))?.hopeless, null);
  });
});

describe('a sidecar that ends at each start', () => {
  const looping = (exitCode: number, restartCount: number): PodStatus => ({
    ...podStatus('Pending', { worker: { waiting: { reason: 'PodInitializing' } } }),
    initContainerStatuses: [
      {
        ...{ name: 'communicator', ready: false, restartCount, state: { waiting: { reason: 'CrashLoopBackOff' } } },
        lastState: { terminated: { exitCode, reason: 'Error', message: 'no shared memory' } },
      },
    ],
  });

  it('is tried some times, and then its pod has failed', () => {
    assert.equal(findFault(podWith(looping(1, 2))), null);
    const fault = findFault(podWith(looping(1, 3)));
    assert.deepEqual([fault?.exitCode, fault?.cause, fault?.hopeless], [1, 'Program', null]);
    assert.equal(fault?.message, 'container communicator ends at each start: no shared memory');
    assert.deepEqual(fault?.reasons, ['CrashLoopBackOff', 'Error']);
  });

  it('is not tried again where that is hopeless', () => {
    assert.equal(findFault(podWith(looping(78, 0)))?.hopeless, 'HopelessConfiguration');
    assert.equal(findFault(podWith(looping(127, 0)))?.hopeless, 'CommandNotRunnable');
  });
});

describe('pods with several containers', () => {
  const running = { running: {} };
  const ended = (exitCode: number) => ({ terminated: { exitCode, message: 'gone' } });

  it('have failed with one of ours, whose role it is', () => {
    const status = podStatus('Running', { actor: running, critic: ended(3), generation: running });
    const fault = findFault(podWith(status, 'colocated'));
    assert.deepEqual([fault?.role, fault?.group, fault?.exitCode], ['critic', 'colocated', 3]);
  });

  it('have not failed with a sidecar of somebody else, nor with the end of a finished coordinator', () => {
    assert.equal(findFault(podWith(podStatus('Running', { worker: running, proxy: ended(1) }))), null);
    const finished = podStatus('Running', { worker: ended(0), proxy: running });
    assert.equal(findFault(podWith(finished, 'coordinator')), null);
    assert.equal(findFault(podWith(finished, 'actor'))?.exitCode, 0);
  });
});
