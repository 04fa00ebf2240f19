/** What a pod worker makes of a pod's spec; kubelet.test.ts shows its life. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildHttpProbe } from '../../../operator/local/pod-worker.ts';
import { buildContainer } from './fixtures/node.ts';

const container = buildContainer('worker', {}, { ports: [{ name: 'metrics', containerPort: 9090 }] });

test("a probe has Kubernetes' defaults, and ports go by name or number", () => {
  const probe = buildHttpProbe({
    kind: 'readiness',
    probe: { httpGet: { path: '/r', port: 'metrics' } },
    container,
    host: 'h',
  });
  assert.deepEqual(probe, {
    ...{ host: 'h', port: 9090, path: '/r', initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 1 },
    ...{ successThreshold: 1, failureThreshold: 3 },
  });
  const numbered = { httpGet: { path: '/r', port: 1 }, periodSeconds: 3 };
  assert.equal(buildHttpProbe({ kind: 'liveness', probe: numbered, container, host: 'h' }).port, 1);
});

test('a probe that cannot be made is refused', () => {
  for (const probe of [{ exec: { command: ['true'] } }, { httpGet: { path: '/', port: 'none' } }]) {
    assert.throws(
      () => buildHttpProbe({ kind: 'liveness', probe, container, host: 'h' }),
      /the liveness probe of container worker isn't an HTTP GET on one of its ports/,
    );
  }
});
