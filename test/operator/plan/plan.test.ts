/** The plan of a job: which objects, in which order, the same each time, and none for a job at rest. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { planJob } from '../../../operator/plan/plan.ts';
import { jobConfigSchema } from '../../../worker/api/job-config.ts';
import { jobWith } from '../api/manifest.ts';

const RUNNING = { outcome: null } as const;
const job = jobWith({
  'spec.roles': { actor: { replicas: 2 }, generation: { replicas: 3 } },
});

test('one pod per replica of each role, the coordinator first', () => {
  assert.deepEqual(
    planJob(job, RUNNING).pods.map((pod) => pod.metadata.name),
    [
      'job-coordinator-0',
      'job-actor-0',
      'job-actor-1',
      'job-critic-0',
      'job-generation-0',
      'job-generation-1',
      'job-generation-2',
      'job-reference-0',
      'job-reward-0',
    ],
  );
});

test('headless services find the coordinator before it is ready, and generation when it is', () => {
  const { services, pods } = planJob(job, RUNNING);
  assert.deepEqual(
    services.map(({ metadata, spec }) => [metadata.name, spec]),
    [
      [
        'job-coordinator',
        {
          clusterIP: 'None',
          publishNotReadyAddresses: true,
          selector: { 'rlhf.dev/job': 'job', 'rlhf.dev/role': 'coordinator' },
          ports: [{ name: 'grpc', port: 7000 }],
        },
      ],
      [
        'job-generation',
        {
          clusterIP: 'None',
          publishNotReadyAddresses: false,
          selector: { 'rlhf.dev/job': 'job', 'rlhf.dev/role': 'generation' },
          ports: [
            { name: 'grpc', port: 7000 },
            { name: 'openai', port: 8000 },
          ],
        },
      ],
    ],
  );
  const selected = (selector: Readonly<Record<string, string>>) =>
    pods.filter((pod) => Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value)).length;
  assert.deepEqual(
    services.map((service) => selected(service.spec.selector ?? {})),
    [1, 3],
  );
});

test("the workers' coordinator address is the coordinator's service", () => {
  const { services, pods } = planJob(job, RUNNING);
  const { name, namespace } = services[0]?.metadata ?? {};
  for (const pod of pods.slice(1)) {
    const address = pod.spec.containers[0]?.env?.find((variable) => variable.name === 'PPO_COORDINATOR_ADDRESS');
    assert.equal(address?.value, `${name}.${namespace}.svc:${services[0]?.spec.ports?.[0]?.port}`);
  }
});

test('the ConfigMap holds the compiled job', () => {
  const { configMap } = planJob(job, RUNNING);
  assert.equal(configMap.metadata.name, 'job-config');
  const config = jobConfigSchema.parse(JSON.parse(configMap.data?.['job.json'] ?? ''));
  assert.equal(config.roles.generation.replicas, 3);
});

test('the same job plans the same objects, whatever its status says', () => {
  const withStatus = { ...job, status: { observedGeneration: 4 } };
  assert.deepEqual(planJob(withStatus, RUNNING), planJob(structuredClone(job), RUNNING));
});

test('names are unique per kind, and every child is owned and labelled', () => {
  const { configMap, services, pods } = planJob(job, RUNNING);
  const children = [configMap, ...services, ...pods];
  assert.equal(new Set(children.map((child) => `${child.kind}/${child.metadata.name}`)).size, children.length);
  for (const { metadata } of children) {
    assert.equal(metadata.namespace, 'default');
    assert.equal(metadata.labels?.['rlhf.dev/job'], 'job');
    assert.equal(metadata.ownerReferences?.[0]?.controller, true);
  }
});

test('an ended or suspended job wants no pods and no services', () => {
  const suspended = jobWith({ 'spec.suspend': true });
  for (const plan of [
    planJob(job, { outcome: 'Succeeded' }),
    planJob(job, { outcome: 'Failed' }),
    planJob(suspended, RUNNING),
  ]) {
    assert.deepEqual(plan.pods, []);
    assert.deepEqual(plan.services, []);
    assert.equal(plan.configMap.metadata.name, 'job-config');
  }
});

test('what is planned is plain JSON: nothing is lost on the way to the API server', () => {
  const plan = planJob(job, RUNNING);
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
});

test('planning loads nothing heavy: no zod, no YAML, no gRPC, no Kubernetes client', () => {
  const loaded = new Set<string>();
  const visit = (url: URL): void => {
    if (loaded.has(url.href)) return;
    loaded.add(url.href);
    const imports = readFileSync(url, 'utf8').matchAll(/^(?:import|export) (?!type )[^;]*? from '([^']+)';/gm);
    for (const [, specifier = ''] of imports) {
      assert.match(specifier, /^(\.|node:)/, `${url.pathname} imports ${specifier}`);
      if (specifier.startsWith('.')) visit(new URL(specifier, url));
    }
  };
  visit(new URL('../../../operator/plan/plan.ts', import.meta.url));
  assert.ok(loaded.size >= 5, 'the walk must follow imports');
});
