/** Environment and command of a container; kubelet.test.ts shows them in a process. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findServiceNames, resolveCommand, resolveEnvironment } from '../../../operator/local/environment.ts';
import { buildContainer, buildPod } from './fixtures/node.ts';

const container = buildContainer('c', {});
const context = {
  pod: buildPod('a', { containers: [container] }),
  podIp: '127.9.1.1',
  hostIp: '127.9.0.1',
  mounts: [{ mountPath: '/etc/ppo', folder: '/tmp/x' }],
  addressByService: new Map([['c.ns.svc', '127.9.1.2']]),
  inherited: { HEADERS: 'key=1' },
};

test('node is the running binary; arguments follow the command, expanded and rewritten', () => {
  const launched = { ...container, command: ['node', '/etc/ppo/a.ts'], args: ['--at', '$(ADDRESS)', 'c.ns.svc:1'] };
  const command = resolveCommand(launched, { ADDRESS: 'here' }, context);
  assert.deepEqual(command, [process.execPath, '/tmp/x/a.ts', '--at', 'here', '127.9.1.2:1']);
});

test('a container without a command is refused', () => {
  const { command: _command, ...imageOnly } = container;
  assert.throws(() => resolveCommand(imageOnly, {}, context), /container c has no command/);
});

test('fields, labels, and a clear refusal of what is not there', () => {
  const fields = (fieldPath: string) => ({
    ...container,
    env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath } } }],
  });
  assert.equal(resolveEnvironment(fields("metadata.labels['app']"), context)['X'], 'a');
  assert.equal(resolveEnvironment(fields('status.hostIP'), context)['X'], '127.9.0.1');
  assert.throws(() => resolveEnvironment(fields('spec.nope'), context), /variable X is taken from field spec\.nope/);
});

test('a Secret is the environment of whoever starts the job', () => {
  const withSecret = (name: string) => {
    return { ...container, env: [{ name, valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] };
  };
  assert.deepEqual(resolveEnvironment(withSecret('HEADERS'), context), { HEADERS: 'key=1' });
  assert.throws(
    () => resolveEnvironment(withSecret('X'), context),
    /variable X is taken from Secret s, which this machine doesn't have: export X/,
  );
});

test('service names are found in values, with pod and cluster domain', () => {
  const values = {
    A: 'http://c.ns.svc:7000/x',
    B: 'p-0.c.ns.svc.cluster.local:1 c.ns.svc',
    C: 'file.svc.txt example.com',
    D: 'http://collector.monitoring.svc:4318',
  };
  assert.deepEqual(findServiceNames(buildContainer('c', values), 'ns'), ['c.ns.svc', 'p-0.c.ns.svc.cluster.local']);
});
