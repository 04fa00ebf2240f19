/** The kubelet on a cluster in memory, with real processes: what the pods' status says, and what is left at the end. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONFIG_MAPS, PODS, SERVICES } from '../../../operator/cluster/cluster.ts';
import type { Pod } from '../../../operator/cluster/objects.ts';
import { buildContainer, buildPod, isReady, isRunning, TestNode, waitFor } from './fixtures/node.ts';

const READINESS = { httpGet: { path: '/readyz', port: 7000 }, periodSeconds: 1 };

async function withNode(body: (node: TestNode) => Promise<void>): Promise<void> {
  const node = await TestNode.start();
  try {
    await body(node);
  } finally {
    await node.close();
  }
}

function workerPid(node: TestNode, pod: string, container = 'worker'): number {
  return Number([...node.log(pod, container).matchAll(/started (\d+)/g)].at(-1)?.[1]);
}

function terminated(pod: Pod, container = 'worker') {
  return pod.status?.containerStatuses?.find((status) => status.name === container)?.state.terminated;
}

async function readEnvironment(host: string): Promise<Record<string, string>> {
  const text = await new Promise<string>((resolve, reject) => {
    get({ host, port: 7000, path: '/environment' }, async (response) => {
      resolve(Buffer.concat(await response.toArray()).toString());
    }).on('error', reject);
  });
  return JSON.parse(text);
}

test('a pod becomes Running when started and Ready when its probe passes', async () => {
  await withNode(async (node) => {
    const environment = { FIXTURE_PORT: '7000', FIXTURE_READY_AFTER_MS: '400' };
    await node.create(
      buildPod('a', { containers: [buildContainer('worker', environment, { readinessProbe: READINESS })] }),
    );
    const running = await node.until('a', (pod) => pod.status?.phase === 'Running');
    assert.equal(isReady(running), false);
    const ready = await node.until('a', isReady);
    assert.match(ready.status?.podIP ?? '', /^127\.\d+\.1\.1$/);
    assert.ok(isRunning(workerPid(node, 'a')));
  });
});

test('a container that cannot even be tried ends like one that cannot be started, a sidecar too', async () => {
  await withNode(async (node) => {
    const impossible = buildContainer('impossible', { FIXTURE_TEXT: 'a\0b' });
    await node.create(buildPod('main', { containers: [impossible] }));
    const main = await node.until('main', (pod) => pod.status?.phase === 'Failed');
    assert.equal(terminated(main, 'impossible')?.exitCode, 127);
    assert.match(terminated(main, 'impossible')?.message ?? '', /cannot start .*node: .*null bytes/);
    const sidecar = { ...impossible, restartPolicy: 'Always' as const };
    await node.create(buildPod('side', { initContainers: [sidecar], containers: [buildContainer('worker', {})] }));
    await node.until('side', (pod) => (pod.status?.initContainerStatuses?.[0]?.restartCount ?? 0) > 0);
    await node.cluster.delete(PODS, { namespace: 'default', name: 'side' });
    await node.untilGone('side');
  });
});

test('a clean end is Succeeded; a failed one is Failed with exit code and last words', async () => {
  await withNode(async (node) => {
    await node.create(buildPod('good', { containers: [buildContainer('worker', { FIXTURE_EXIT_AFTER_MS: '0' })] }));
    const failing = {
      FIXTURE_EXIT_AFTER_MS: '0',
      FIXTURE_EXIT_CODE: '78',
      FIXTURE_LAST_WORDS: 'Error: the model folder is empty',
    };
    await node.create(buildPod('bad', { containers: [buildContainer('worker', failing)] }));
    const good = await node.until('good', (pod) => pod.status?.phase === 'Succeeded');
    assert.equal(terminated(good)?.exitCode, 0);
    assert.equal(terminated(good)?.message, undefined);
    const bad = await node.until('bad', (pod) => pod.status?.phase === 'Failed');
    assert.equal(terminated(bad)?.exitCode, 78);
    assert.equal(terminated(bad)?.reason, 'Error');
    assert.equal(terminated(bad)?.message, 'Error: the model folder is empty');
  });
});

test('a native sidecar starts first, is restarted when it ends, and is stopped after the main container', async () => {
  await withNode(async (node) => {
    const once = join(node.directory, 'once');
    const sidecar = buildContainer(
      'sidecar',
      {
        FIXTURE_PORT: '7001',
        FIXTURE_READY_AFTER_MS: '200',
        FIXTURE_EXIT_AFTER_MS: '500',
        FIXTURE_EXIT_CODE: '1',
        FIXTURE_ONCE: once,
      },
      { restartPolicy: 'Always', startupProbe: { httpGet: { path: '/readyz', port: 7001 } } },
    );
    const main = buildContainer('worker', { FIXTURE_EXIT_AFTER_MS: '2500' });
    await node.create(buildPod('a', { initContainers: [sidecar], containers: [main] }));
    const restarted = await node.until('a', (pod) => (pod.status?.initContainerStatuses?.[0]?.restartCount ?? 0) === 1);
    assert.equal(restarted.status?.initContainerStatuses?.[0]?.lastState?.terminated?.exitCode, 1);
    const done = await node.until('a', (pod) => pod.status?.phase === 'Succeeded');
    const sidecarStart = restarted.status?.initContainerStatuses?.[0]?.lastState?.terminated?.startedAt ?? '';
    assert.ok(sidecarStart < (terminated(done)?.startedAt ?? ''));
    await waitFor(() => (node.log('a', 'sidecar').endsWith('SIGTERM\n') ? true : null));
  });
});

test('a deleted pod gets SIGTERM, and goes when its containers have ended', async () => {
  await withNode(async (node) => {
    await node.create(buildPod('a', { containers: [buildContainer('worker', { FIXTURE_TERM_EXIT_CODE: '7' })] }));
    const pid = await waitFor(async () =>
      (await node.pod('a')) && existsLog(node, 'a') ? workerPid(node, 'a') || null : null,
    );
    await node.cluster.delete(PODS, { namespace: 'default', name: 'a' });
    await node.untilGone('a');
    assert.equal(isRunning(pid), false);
    assert.match(node.log('a', 'worker'), /SIGTERM/);
  });
});

test('a container that ignores SIGTERM is killed after the grace, with everything that it started', async () => {
  await withNode(async (node) => {
    const environment = { FIXTURE_IGNORE_SIGTERM: '1', FIXTURE_CHILD: '1' };
    await node.create(
      buildPod('a', { containers: [buildContainer('worker', environment)], terminationGracePeriodSeconds: 1 }),
    );
    const child = await waitFor(() =>
      existsLog(node, 'a') ? Number(/child (\d+)/.exec(node.log('a', 'worker'))?.[1]) || null : null,
    );
    await node.cluster.delete(PODS, { namespace: 'default', name: 'a' });
    await node.untilGone('a');
    assert.match(node.log('a', 'worker'), /SIGTERM ignored/);
    assert.equal(isRunning(workerPid(node, 'a')), false);
    await waitFor(() => (isRunning(child) ? null : true));
  });
});

test('volumes are folders, mount paths and service names are rewritten, fields are looked up', async () => {
  await withNode(async (node) => {
    const write = { fieldManager: 'test' };
    const meta = (name: string) => ({ name, namespace: 'default' });
    await node.cluster.create(
      SERVICES,
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: meta('front'),
        spec: { clusterIP: 'None', selector: { app: 'b' } },
      },
      write,
    );
    const container = buildContainer(
      'worker',
      {
        FIXTURE_PORT: '7000',
        CONFIG: '/etc/app/settings.json',
        SHARED: '/dev/shm/app',
        MODELS: '/models/actor',
        OTHER: '/etc/application',
        FRONT: 'front.default.svc:7000',
        EXPANDED: 'at $(FRONT), $$(FRONT), $(NONE)',
      },
      {
        readinessProbe: READINESS,
        volumeMounts: [
          { name: 'config', mountPath: '/etc/app' },
          { name: 'shared', mountPath: '/dev/shm/app' },
          { name: 'models', mountPath: '/models' },
        ],
      },
    );
    const volumes = [
      { name: 'config', configMap: { name: 'settings' } },
      { name: 'shared', emptyDir: { medium: 'Memory' as const } },
      { name: 'models', hostPath: { path: node.directory } },
    ];
    await node.create(buildPod('a', { containers: [container], volumes }));
    await node.cluster.create(
      CONFIG_MAPS,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('settings'), data: { 'settings.json': '{"a":1}' } },
      write,
    );
    await node.create(buildPod('b', { containers: [buildContainer('worker', {})] }));
    const pod = await node.until('a', isReady);
    const environment = await readEnvironment(pod.status?.podIP ?? '');
    const front = (await node.until('b', (b) => b.status?.podIP !== undefined)).status?.podIP;
    assert.ok(environment['CONFIG']?.startsWith(join(node.directory, 'pods')));
    assert.ok(existsSync(environment['CONFIG'] ?? ''));
    assert.ok(environment['SHARED']?.startsWith(join(node.directory, 'memory')));
    assert.ok(existsSync(environment['SHARED'] ?? ''));
    assert.equal(environment['MODELS'], join(node.directory, 'actor'));
    assert.equal(environment['OTHER'], '/etc/application');
    assert.equal(environment['FRONT'], `${front}:7000`);
    assert.equal(environment['EXPANDED'], `at ${front}:7000, $(FRONT), $(NONE)`);
    assert.equal(environment['POD_IP'], pod.status?.podIP);
  });
});

test('a pod keeps its address when it is re-created under its name, and gets fresh volumes', async () => {
  await withNode(async (node) => {
    const pod = buildPod('a', {
      containers: [buildContainer('worker', {})],
      volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }],
    });
    const first = await node.create(pod);
    const before = await node.until('a', (p) => p.status?.phase === 'Running');
    await node.create(buildPod('b', { containers: [buildContainer('worker', {})] }));
    await node.cluster.delete(PODS, { namespace: 'default', name: 'a' });
    await node.untilGone('a');
    await node.create(pod);
    const after = await node.until('a', (p) => p.status?.phase === 'Running');
    assert.equal(after.status?.podIP, before.status?.podIP);
    assert.notEqual(after.metadata.uid, first.metadata.uid);
    assert.equal(readdirSync(join(node.directory, 'memory')).filter((name) => name.startsWith('a-')).length, 1);
  });
});

test('a failed liveness probe restarts the container by its policy', async () => {
  await withNode(async (node) => {
    const livenessProbe = {
      httpGet: { path: '/healthz', port: 7999 },
      initialDelaySeconds: 1,
      periodSeconds: 1,
      failureThreshold: 1,
    };
    await node.create(
      buildPod('a', { restartPolicy: 'Always', containers: [buildContainer('worker', {}, { livenessProbe })] }),
    );
    await node.until('a', (pod) => (pod.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 1);
    assert.match(node.log('a', 'worker'), /SIGTERM/);
  });
});

test("a liveness probe's own grace goes before the pod's", async () => {
  await withNode(async (node) => {
    const livenessProbe = {
      httpGet: { path: '/healthz', port: 7999 },
      ...{ initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 1, terminationGracePeriodSeconds: 1 },
    };
    const deaf = buildContainer('worker', { FIXTURE_IGNORE_SIGTERM: '1' }, { livenessProbe });
    await node.create(buildPod('a', { containers: [deaf], terminationGracePeriodSeconds: 3600 }));
    const pod = await node.until('a', (p) => p.status?.phase === 'Failed');
    assert.equal(terminated(pod)?.signal, 9);
  });
});

test('a pod that this machine cannot run is Failed with the reason', async () => {
  await withNode(async (node) => {
    const volumes = [{ name: 'disk', persistentVolumeClaim: { claimName: 'x' } }];
    await node.create(buildPod('a', { containers: [buildContainer('worker', {})], volumes }));
    const pod = await node.until('a', (p) => p.status?.phase === 'Failed');
    assert.equal(pod.status?.reason, 'CreateContainerError');
    assert.match(pod.status?.message ?? '', /volume "disk" is neither configMap, secret, emptyDir nor hostPath/);
  });
});

test('stop and kill leave no process and no volume', async () => {
  for (const end of ['stop', 'kill'] as const) {
    const node = await TestNode.start();
    try {
      const volumes = [{ name: 'v', emptyDir: { medium: 'Memory' as const } }];
      const sidecar = buildContainer('sidecar', {}, { restartPolicy: 'Always' });
      await node.create(
        buildPod('a', { initContainers: [sidecar], containers: [buildContainer('worker', {})], volumes }),
      );
      await waitFor(() => (existsLog(node, 'a') && existsLog(node, 'a', 'sidecar') ? true : null));
      const pids = [workerPid(node, 'a'), workerPid(node, 'a', 'sidecar')];
      if (end === 'stop') await node.kubelet.stop(5000);
      else node.kubelet.kill();
      await waitFor(() => (pids.some(isRunning) ? null : true));
      assert.deepEqual(readdirSync(join(node.directory, 'memory')), []);
    } finally {
      await node.close();
    }
  }
});

function existsLog(node: TestNode, pod: string, container = 'worker'): boolean {
  const path = join(node.directory, 'logs', `${pod}-${container}.log`);
  return existsSync(path) && node.log(pod, container).includes('started');
}
