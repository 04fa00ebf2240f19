/** Targets for Prometheus: who serves metrics where, under the labels that a cluster gives them. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LABELS } from '../../../operator/api/names.ts';
import type { Container, Pod, PodPhase } from '../../../operator/cluster/objects.ts';
import { findTargets, TargetsFile } from '../../../operator/local/metric-targets.ts';

function container(name: string, port: number): Container {
  return { name, image: 'i', env: [{ name: 'PPO_METRICS_PORT', value: String(port) }] };
}

function pod(role: string, containers: Container[], phase: PodPhase = 'Running'): Pod {
  const [first, ...sidecars] = containers;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `addition-${role}-1`,
      namespace: 'default',
      labels: { [LABELS.job]: 'addition', [LABELS.role]: role, [LABELS.index]: '1' },
    },
    spec: { containers: [first!], initContainers: sidecars },
    status: { phase, podIP: '127.9.1.4' },
  };
}

const shared = { namespace: 'default', ppo_job: 'addition', ppo_index: '1' };

describe('targets of a run', () => {
  it('are each process of each pod, the sidecar as a container of its role', () => {
    const actor = pod('actor', [container('worker', 9090), container('communicator', 9091)]);
    const labels = { ...shared, pod: 'addition-actor-1', ppo_role: 'actor' };
    assert.deepEqual(findTargets([actor]), [
      { targets: ['127.9.1.4:9090'], labels: { ...labels, container: 'worker' } },
      { targets: ['127.9.1.4:9091'], labels: { ...labels, container: 'communicator' } },
    ]);
  });

  it('know the roles that share a pod apart', () => {
    const colocated = pod('colocated', [container('critic', 9100), container('critic-communicator', 9101)]);
    const roles = findTargets([colocated]).map(({ targets, labels }) => [targets[0], labels['ppo_role']]);
    assert.deepEqual(roles, [
      ['127.9.1.4:9100', 'critic'],
      ['127.9.1.4:9101', 'critic'],
    ]);
  });

  it('leave out pods that are over, have no address yet, or serve no metrics', () => {
    const containers = [container('worker', 9090)];
    const { status: _status, ...young } = pod('reward', containers);
    const silent = pod('reward', [{ name: 'worker', image: 'i' }]);
    assert.deepEqual(findTargets([pod('reward', containers, 'Failed'), young, silent]), []);
  });

  it('are in a file that follows them, and goes with the run', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ppo-targets-'));
    try {
      const path = join(folder, 'targets.json');
      const file = new TargetsFile(path);
      const pods = [pod('reward', [container('worker', 9090)])];
      file.update(pods);
      assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), findTargets(pods));
      file.update([]);
      assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), []);
      file.remove();
      assert.ok(!existsSync(path));
      file.update(pods);
      assert.ok(!existsSync(path), 'a look that was under way brings nothing back');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('are no reason to fail where they can not be written', () => {
    const file = new TargetsFile('/nowhere/targets.json');
    file.update([pod('reward', [container('worker', 9090)])]);
    file.remove();
  });
});
