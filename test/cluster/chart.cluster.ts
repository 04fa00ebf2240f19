// The chart against Helm and a real API server: for a matrix of values both Helms render the same objects, the server takes
// each of them without a warning, and their parts fit together; values that mean nothing are refused.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { JsonObject } from '../../operator/cluster/json.ts';
import { ensureBinaries } from './binaries.ts';
import { asRendered, type ChartValues, Helm, OPERATOR_NAMESPACE, only, type Release, type Rendered } from './chart.ts';
import { startOwnEnvironment } from './environment.ts';
import { kubectlFor } from './kubectl.ts';
import { installCrdsOf } from './manifests.ts';
import { CONTROL_PLANE } from './versions.ts';

const TEAM = 'team-a';
/** What YAML may take for a number. */
const ODD_NAMESPACE = '1e3';
const PROMETHEUS = join(import.meta.dirname, 'manifests', 'prometheus-operator');
const environment = await startOwnEnvironment({ prepare: ({ transport }) => installCrdsOf(transport, PROMETHEUS) });
const { plane } = environment;
const binaries = await ensureBinaries(CONTROL_PLANE);
const helms = { helm: await Helm.find('helm'), helm3: await Helm.find('helm3') };
const { helm } = helms;
const directory = mkdtempSync(join(tmpdir(), 'ppo-chart-'));
after(() => rmSync(directory, { recursive: true, force: true }));

for (const namespace of [OPERATOR_NAMESPACE, TEAM, ODD_NAMESPACE]) {
  await run(namespace, 'create', 'namespace', namespace);
  const levels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
  await run(namespace, 'label', 'namespace', namespace, ...levels);
}

const SCRAPED = { enabled: true, interval: '30s', labels: { release: 'prometheus' } };
const EVERYTHING: ChartValues = {
  image: { repository: 'registry.example:5000/team/ppo', digest: `sha256:${'a'.repeat(64)}`, pullPolicy: 'Always' },
  ...{ imagePullSecrets: [{ name: 'registry' }], workerImage: 'registry.example/ppo:cuda', replicas: 3 },
  ...{ concurrency: 64, logLevel: 'debug', maxHeapMegabytes: 2048, extraArgs: ['--context=none'] },
  extraEnv: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/authorities/ca.crt' }],
  extraVolumes: [{ name: 'authorities', configMap: { name: 'authorities' } }],
  extraVolumeMounts: [{ name: 'authorities', mountPath: '/authorities', readOnly: true }],
  ...{ podUserId: 1_000_680_000, revisionHistoryLimit: 0 },
  serviceAccount: { annotations: { 'example.com/role': 'rl' } },
  resources: { requests: { cpu: 1, memory: '1Gi' }, limits: { cpu: '2', memory: '3Gi' } },
  ...{ commonLabels: { 'example.com/team': 'rl' }, podLabels: { a: 'b' }, podAnnotations: { note: 'a: "b" {{ c }}' } },
  ...{ nodeSelector: { pool: 'system' }, tolerations: [{ key: 'system', operator: 'Exists' }] },
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { a: 'b' } } },
      ],
    },
  },
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'rack', whenUnsatisfiable: 'DoNotSchedule' }],
  ...{ priorityClassName: 'system-cluster-critical', terminationGracePeriodSeconds: 5 },
  podDisruptionBudget: { maxUnavailable: '50%' },
  networkPolicy: { restrictEgress: true, apiServerPorts: [16443] },
  flowSchema: { matchingPrecedence: 9000 },
  metrics: {
    ...{ scrapeFrom: ['monitoring', 'team-a'], tls: { secretName: 'metrics-tls' } },
    ...{ serviceMonitor: SCRAPED, podMonitor: SCRAPED, prometheusRule: { enabled: true, labels: SCRAPED.labels } },
    dashboards: { enabled: true, label: 'example.com/dashboard', labelValue: 'yes', annotations: { folder: 'RL' } },
  },
};
const NOTHING: ChartValues = {
  ...{ serviceAccount: { create: false, name: 'default' }, rbac: { create: false, userRoles: false } },
  ...{ crds: { install: false }, page: { enabled: false }, podDisruptionBudget: { enabled: false } },
  ...{ networkPolicy: { enabled: false }, flowSchema: { enabled: false }, replicas: 0 },
};
const MATRIX: Readonly<Record<string, Release>> = {
  'as it comes': {},
  'with everything': { values: EVERYTHING },
  'with nothing': { values: NOTHING },
  'for a cluster that gives each namespace its users': { values: { podUserId: 'none' } },
  'for one namespace': {
    ...{ name: 'operator-of-a-team-whose-name-is-as-long-as-it-can-be', namespace: TEAM },
    values: {
      ...{ watchNamespaces: [TEAM], networkPolicy: { restrictEgress: true } },
      metrics: { scrapeFrom: ['monitoring'], podMonitor: { enabled: true }, serviceMonitor: { enabled: true } },
    },
  },
  'with a name of its own': { values: { fullnameOverride: 'rl', nameOverride: 'rl', crds: { keep: false } } },
  'with names that YAML takes for other things': {
    ...{ name: 'no', namespace: ODD_NAMESPACE },
    values: {
      ...{
        nameOverride: '007',
        watchNamespaces: [ODD_NAMESPACE],
        image: { tag: '1.10' },
        commonLabels: { y: 'off' },
      },
      ...{ fullnameOverride: 'on', priorityClassName: 'null', nodeSelector: { 'example.com/gpu': 'true' } },
      serviceAccount: { name: 'true' },
      metrics: {
        ...{
          scrapeFrom: [ODD_NAMESPACE],
          tls: { secretName: '0x1' },
          serviceMonitor: { enabled: true, interval: '1m' },
        },
        podMonitor: { enabled: true },
      },
    },
  },
};

/** kubectl in a namespace, which succeeds without a warning. */
async function run(namespace: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await kubectlFor(binaries, plane.kubeconfig, namespace)(...args);
  assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
  assert.doesNotMatch(stderr, /warning/i);
  return stdout;
}

/** Every label of `selector` is among `labels`. */
function assertSelects(selector: Record<string, string>, labels: Record<string, string> | undefined): void {
  assert.ok(Object.keys(selector).length > 0);
  for (const [key, value] of Object.entries(selector)) assert.equal(labels?.[key], value, key);
}

/** What selects the operator's pods selects them, and ports are called by names that they have. */
function assertFits(objects: readonly Rendered[]): void {
  const { selector, template } = only(objects, 'Deployment').spec;
  const { labels } = template.metadata;
  const service = only(objects, 'Service');
  assertSelects(selector.matchLabels, labels);
  assertSelects(service.spec.selector, labels);
  assert.equal(service.spec.ports[0].targetPort, template.spec.containers[0].ports[0].name);
  for (const { labelSelector } of template.spec.topologySpreadConstraints) {
    assertSelects(labelSelector.matchLabels, labels);
  }
  for (const { kind, spec } of objects) {
    if (kind === 'PodDisruptionBudget') assertSelects(spec.selector.matchLabels, labels);
    if (kind === 'NetworkPolicy') assertSelects(spec.podSelector.matchLabels, labels);
    if (kind === 'ServiceMonitor') assertSelects(spec.selector.matchLabels, service.metadata.labels);
  }
}

/** The test's pod may reach the operator and isn't taken for one. */
function assertOnlyTestIsLetIn(objects: readonly Rendered[], values: ChartValues = {}): void {
  const { labels = {} } = only(objects, 'Pod').metadata;
  const selector = only(objects, 'Service').spec.selector as Record<string, string>;
  assert.ok(Object.entries(selector).some(([key, value]) => labels[key] !== value));
  const policy = objects.find(({ kind }) => kind === 'NetworkPolicy');
  if (policy === undefined) return;
  const [tester, ...scrapers] = policy.spec.ingress[0].from;
  assertSelects(tester.podSelector.matchLabels, labels);
  const { scrapeFrom = [] } = (values.metrics ?? {}) as { scrapeFrom?: readonly string[] };
  const names = scrapers.map((peer: JsonObject) => JSON.stringify(peer));
  assert.deepEqual(
    names,
    scrapeFrom.map((name) => JSON.stringify(scraper(name))),
  );
}

const scraper = (name: string) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } });

/** Files for kubectl: those that others need, and the rest. */
function write(objects: readonly Rendered[]): { readonly accounts: string; readonly all: string } {
  const folder = mkdtempSync(join(directory, 'objects-'));
  const list = (items: readonly Rendered[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const paths = { accounts: join(folder, 'accounts.json'), all: join(folder, 'all.json') };
  writeFileSync(paths.accounts, list(objects.filter(({ kind }) => kind === 'ServiceAccount')));
  writeFileSync(paths.all, list(objects));
  return paths;
}

describe('the chart', () => {
  for (const [name, tool] of Object.entries(helms)) {
    it(`is found good by ${name} lint`, async () => {
      for (const values of [{}, EVERYTHING, NOTHING]) {
        const [, chart = '', , , ...rest] = tool.argumentsOf({ values });
        await tool.succeed('lint', '--strict', chart, ...rest);
      }
    });
  }

  for (const [title, release] of Object.entries(MATRIX)) {
    it(`is taken by the API server ${title}`, async () => {
      const objects = asRendered(await helm.render(release));
      assert.deepEqual(await helms.helm3.render(release), objects);
      const { namespace = OPERATOR_NAMESPACE } = release;
      const { accounts, all } = write(objects);
      // Pods are refused whose account isn't there.
      const options = ['--server-side', '--force-conflicts', '--validate=strict'];
      if (objects.some(({ kind }) => kind === 'ServiceAccount'))
        await run(namespace, 'apply', ...options, '-f', accounts);
      const answer = await run(namespace, 'apply', ...options, '--dry-run=server', '-f', all);
      assert.equal(answer.trim().split('\n').length, objects.length);
    });

    it(`has parts that fit together ${title}`, async () => {
      const objects = asRendered(await helm.render(release));
      assertFits(objects);
      assertOnlyTestIsLetIn(objects, release.values);
    });
  }

  it('leaves cluster-wide objects to one release each', async () => {
    const names = async (release: Release): Promise<string[]> =>
      asRendered(await helm.render(release))
        .filter(({ metadata, kind }) => metadata.namespace === undefined && kind !== 'CustomResourceDefinition')
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    const long = 'n'.repeat(63);
    const pairs: readonly (readonly [Release, Release])[] = [
      [{}, { namespace: TEAM }],
      [
        { namespace: long, name: 'one' },
        { namespace: long, name: 'two' },
      ],
    ];
    for (const [one, other] of pairs) {
      const [first, second] = [await names(one), await names(other)];
      assert.ok(first.length >= 4);
      assert.deepEqual(
        first.filter((name) => second.includes(name)),
        [],
      );
    }
    const alone = { watchNamespaces: [TEAM], crds: { install: false }, rbac: { userRoles: false } };
    assert.deepEqual(await names({ values: { ...alone, flowSchema: { enabled: false } } }), []);
  });

  it('has rights to jobs in the namespaces that it is told, and follows these', async () => {
    const watchNamespaces = [TEAM, ODD_NAMESPACE];
    const objects = asRendered(await helm.render({ values: { watchNamespaces, rbac: { userRoles: false } } }));
    const jobs = objects.filter(({ rules = [] }) => rules.some(({ resources }) => resources.includes('ppojobs')));
    assert.deepEqual(
      jobs.map(({ kind, metadata }) => `${kind} of ${metadata.namespace}`),
      watchNamespaces.map((namespace) => `Role of ${namespace}`),
    );
    for (const [kind, container] of [
      ['Deployment', only(objects, 'Deployment').spec.template.spec.containers[0]],
      ['Pod', only(objects, 'Pod').spec.containers[0]],
    ]) {
      assert.ok(container.args.includes(`--namespace=${watchNamespaces.join(',')}`), kind);
    }
  });

  it('spreads its pods as a constraint says that has a selector of its own', async () => {
    const labelSelector = { matchExpressions: [{ key: 'a', operator: 'Exists' }] };
    const constraint = { maxSkew: 1, topologyKey: 'rack', whenUnsatisfiable: 'DoNotSchedule', labelSelector };
    const objects = asRendered(await helm.render({ values: { topologySpreadConstraints: [constraint] } }));
    assert.deepEqual(only(objects, 'Deployment').spec.template.spec.topologySpreadConstraints, [constraint]);
  });

  it('runs its pods, and has jobs run theirs, as the user that it is told', async () => {
    const usersOf = async (values: ChartValues): Promise<unknown[]> => {
      const objects = asRendered(await helm.render({ values }));
      const { template } = only(objects, 'Deployment').spec;
      const contexts = [template.spec, only(objects, 'Pod').spec].map(({ securityContext }) => securityContext);
      const option = template.spec.containers[0].args.find((arg: string) => arg.startsWith('--pod-user-id='));
      return [...contexts.flatMap(({ runAsUser, runAsGroup, fsGroup }) => [runAsUser, runAsGroup, fsGroup]), option];
    };
    assert.deepEqual(await usersOf({}), [...Array(6).fill(65_532), '--pod-user-id=65532']);
    const id = 1_000_680_000;
    assert.deepEqual(await usersOf({ podUserId: id }), [...Array(6).fill(id), `--pod-user-id=${id}`]);
    for (const podUserId of ['none', null]) {
      assert.deepEqual(await usersOf({ podUserId }), [...Array(6).fill(undefined), '--pod-user-id=none']);
    }
  });

  it('says after the installation what is left to do', async () => {
    const notes = (values: ChartValues): Promise<string> =>
      helm.succeed('install', ...helm.argumentsOf({ values }), '--dry-run=client');
    const [plain, nothing] = [
      await notes({}),
      await notes({ ...NOTHING, image: { repository: 'registry.example/ppo' } }),
    ];
    for (const line of [/ppo-operator:\S+ is in no registry/, /port-forward deployment\/ppo-operator 8081/]) {
      assert.match(plain, line);
      assert.doesNotMatch(nothing, line);
    }
    for (const line of [/rbac\.create is false: the ServiceAccount default needs/, /crds\.install is false/]) {
      assert.match(nothing, line);
      assert.doesNotMatch(plain, line);
    }
  });

  it('keeps the CRD when it goes, unless it is told not to', async () => {
    const policyOf = async (values: ChartValues): Promise<unknown> => {
      const objects = asRendered(await helm.render({ values }));
      const { metadata } = only(objects, 'CustomResourceDefinition') as unknown as JsonObject & {
        metadata: JsonObject;
      };
      return metadata.annotations;
    };
    assert.deepEqual(await policyOf({}), { 'helm.sh/resource-policy': 'keep' });
    assert.equal(await policyOf({ crds: { keep: false } }), undefined);
  });
});

describe('values that mean nothing', () => {
  const refusals: readonly (readonly [string, ChartValues, RegExp])[] = [
    ['a name that is not there', { replica: 2 }, /additional properties 'replica' not allowed/],
    ['one in a section', { metrics: { serviceMonitr: {} } }, /'\/metrics'.*additional properties 'serviceMonitr'/],
    ['a text for a number', { replicas: '2' }, /'\/replicas'.*got string, want integer/],
    ['a user of no cluster', { podUserId: 0 }, /'\/podUserId'/],
    ['a word that is none of those', { logLevel: 'trace' }, /'\/logLevel'.*must be one of 'debug', 'info'/],
    ['an image with its digest', { image: { repository: 'a@sha256:b' } }, /'\/image\/repository'.*does not match/],
    ['a namespace in capitals', { watchNamespaces: ['Team'] }, /'\/watchNamespaces\/0'.*does not match/],
    [
      'a share above all',
      { podDisruptionBudget: { maxUnavailable: '200%' } },
      /'\/podDisruptionBudget\/maxUnavailable'/,
    ],
    [
      'a label of its own',
      { podLabels: { 'app.kubernetes.io/name': 'a' } },
      /'\/podLabels\/app\.kubernetes\.io~1name'/,
    ],
    ['no account at all', { serviceAccount: { create: false } }, /name the ServiceAccount .* in serviceAccount\.name/],
    [
      'a monitor that nothing lets in',
      { metrics: { podMonitor: { enabled: true } } },
      /metrics\.podMonitor\.enabled: also name the namespace.*--set 'metrics\.scrapeFrom=\{monitoring\}'/,
    ],
    [
      'a page that is none',
      { metrics: { prometheusRule: { runbookUrl: 'docs/alerts.md' } } },
      /'\/metrics\/prometheusRule\/runbookUrl'/,
    ],
    ['another one', { metrics: { serviceMonitor: { enabled: true } } }, /metrics\.serviceMonitor\.enabled: also name/],
  ];
  for (const [what, values, message] of refusals) {
    it(`are refused: ${what}`, async () => {
      for (const tool of Object.values(helms)) {
        const { code, stderr } = await tool.template({ values });
        assert.equal(code, 1);
        assert.match(stderr, message);
      }
    });
  }

  it('are not those that a chart gets which is part of another', async () => {
    await helm.render({ values: { global: { imageRegistry: 'registry.example' } } });
  });
});
