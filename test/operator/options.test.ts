// The operator's options: defaults, where the lease lies, and every problem at once.

import assert from 'node:assert/strict';
import { delimiter } from 'node:path';
import { it } from 'node:test';
import { leaseName, type OperatorSettings, parseOptions } from '../../operator/options.ts';

const INPUT = { environment: {}, uniqueId: 'u1', hostName: 'host' };

function settingsOf(args: readonly string[], environment: NodeJS.ProcessEnv = {}): OperatorSettings {
  const parsed = parseOptions({ ...INPUT, args, environment });
  assert.equal(parsed.kind, 'run');
  return (parsed as { settings: OperatorSettings }).settings;
}

it('needs no option', () => {
  assert.deepEqual(settingsOf([]), {
    kubeconfig: null,
    kubeconfigs: [],
    context: null,
    pod: null,
    namespaces: null,
    lease: { name: 'ppo-operator', namespace: null },
    identity: 'host_u1',
    metrics: { host: null, port: 8080, tls: null },
    page: null,
    concurrency: 16,
    logLevel: 'info',
    ownNamespace: null,
    metricsFromNamespaces: [],
    workerImage: 'ppo-operator:0.1.0',
    podUserId: 65_532,
    certificateMs: 30 * 86_400_000,
  });
});

it('puts the lease where it is told, where the pod runs, or where the context points', () => {
  assert.deepEqual(leaseName(settingsOf(['--lease-namespace', 'a', '--lease-name', 'l']), 'c'), {
    name: 'l',
    namespace: 'a',
  });
  assert.equal(leaseName(settingsOf([], { POD_NAMESPACE: 'b' }), 'c')?.namespace, 'b');
  assert.equal(leaseName(settingsOf([]), 'c')?.namespace, 'c');
  assert.equal(leaseName(settingsOf(['--no-leader-election']), 'c'), null);
  assert.equal(settingsOf([], { POD_NAME: 'operator-0' }).identity, 'operator-0_u1');
});

it('knows its pod by the environment, unless that names a kubeconfig', () => {
  const inPod = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
  assert.deepEqual(settingsOf([], inPod).pod, { host: '10.0.0.1', port: '443' });
  const named = settingsOf([], { ...inPod, KUBECONFIG: `/k${delimiter}${delimiter}/l` });
  assert.deepEqual([named.pod, named.kubeconfigs], [null, ['/k', '/l']]);
});

it('takes addresses of both families', () => {
  const addressOf = (text: string) => settingsOf(['--metrics-address', text]).metrics;
  assert.deepEqual(addressOf('127.0.0.1:0'), { host: '127.0.0.1', port: 0, tls: null });
  assert.deepEqual(addressOf('[::1]:9000'), { host: '::1', port: 9000, tls: null });
  assert.deepEqual(addressOf(':9000'), { host: null, port: 9000, tls: null });
});

it('serves metrics by HTTPS with a certificate and its key', () => {
  const { metrics } = settingsOf(['--metrics-tls-cert', '/tls/tls.crt', '--metrics-tls-key', '/tls/tls.key']);
  assert.deepEqual(metrics.tls, { certificate: '/tls/tls.crt', key: '/tls/tls.key' });
});

it('says how long certificates are good for', () => {
  assert.equal(settingsOf(['--certificate-lifetime', '90m']).certificateMs, 5_400_000);
  assert.equal(settingsOf(['--certificate-lifetime', '12h']).certificateMs, 43_200_000);
  for (const wrong of ['30', '0m', '366d', '1y', '-1h']) {
    const parsed = parseOptions({ ...INPUT, args: [`--certificate-lifetime=${wrong}`] });
    assert.deepEqual(parsed, {
      kind: 'wrong',
      problems: [`--certificate-lifetime ${wrong}: must be from 1m to 365d, such as 90m, 12h or 30d`],
    });
  }
});

it('gives jobs an image', () => {
  assert.equal(settingsOf(['--worker-image', 'registry.example/ppo:2']).workerImage, 'registry.example/ppo:2');
});

it('knows where it runs itself, and who reads metrics', () => {
  const settings = settingsOf(['--metrics-from', 'monitoring,team-a'], { POD_NAMESPACE: 'ppo-system' });
  assert.equal(settings.ownNamespace, 'ppo-system');
  assert.deepEqual(settings.metricsFromNamespaces, ['monitoring', 'team-a']);
});

it('runs the jobs of all namespaces, or of those that it is told', () => {
  assert.equal(settingsOf([]).namespaces, null);
  assert.deepEqual(settingsOf(['--namespace', 'team-a']).namespaces, ['team-a']);
  assert.deepEqual(settingsOf(['--namespace', 'team-a,team-b,team-a']).namespaces, ['team-a', 'team-b']);
});

it('lists every problem', () => {
  const args = ['--concurrency', '0', '--metrics-address', '8080', '--log-level', 'loud', '--metrics-from', 'a,B'];
  args.push('--page-address', '0.0.0.0:1', '--namespace', '', '--lease-name', 'a/b', '--lease-namespace', 'A');
  args.push('--metrics-tls-cert', '/tls/tls.crt', '--worker-image', '');
  assert.deepEqual(parseOptions({ ...INPUT, args }), {
    kind: 'wrong',
    problems: [
      '--concurrency 0: must be a whole number from 1 to 256',
      '--metrics-address 8080: must be HOST:PORT or :PORT, such as :8080',
      '--page-address 0.0.0.0:1: must be a loopback address, such as 127.0.0.1:1: the page asks nobody who they are; ' +
        'kubectl port-forward reaches it there, and so does a proxy with a login in the same pod',
      '--log-level loud: must be one of debug, info, warn, error',
      '--namespace : must be names of namespaces, parted by commas',
      "--lease-name a/b: must be a Lease's name: lower case, digits, '-' and '.', at most 253",
      "--lease-namespace A: must be a namespace's name",
      '--metrics-from B: must be names of namespaces, parted by commas',
      '--metrics-tls-cert and --metrics-tls-key: give both, or neither',
      '--worker-image: must name an image, such as ppo-operator:0.1.0',
    ],
  });
  const unknown = parseOptions({ ...INPUT, args: ['--verbose'] });
  assert.equal(unknown.kind, 'wrong');
  assert.equal(parseOptions({ ...INPUT, args: ['--help'] }).kind, 'help');
});

it('says as whom pods run, or leaves that to the cluster', () => {
  assert.equal(settingsOf(['--pod-user-id', '1000680000']).podUserId, 1_000_680_000);
  assert.equal(settingsOf(['--pod-user-id', 'none']).podUserId, null);
  for (const wrong of ['0', 'root', '-1', '2147483648', '1e3', '']) {
    assert.deepEqual(parseOptions({ ...INPUT, args: [`--pod-user-id=${wrong}`] }), {
      kind: 'wrong',
      problems: [`--pod-user-id ${wrong}: must be a number from 1 to 2147483647, or none`],
    });
  }
});
