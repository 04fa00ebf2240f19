// The operator with exactly the rights that the chart gives it, in all namespaces and in one: it does everything that it
// promises, is refused nothing, and the server's audit log shows that it needs every one of them.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { CONFIG_MAPS, EVENTS, PODS, SECRETS } from '../../operator/cluster/cluster.ts';
import type { JobDetail } from '../../operator/page/page-api.ts';
import { KUEUE } from '../../operator/plan/pod-groups.ts';
import { PPO_JOBS } from '../../operator/reconcile/ppojob-kind.ts';
import { AuditLog, type Right, type Rule, rightsOf } from './audit.ts';
import { ensureBinaries } from './binaries.ts';
import { Helm, type Release } from './chart.ts';
import { startOwnEnvironment } from './environment.ts';
import { JobWorld, until } from './job-world.ts';
import { kubectlFor } from './kubectl.ts';
import { installCrds, installCrdsOf } from './manifests.ts';
import { TestNode } from './nodes.ts';
import { OperatorProcess } from './operator-process.ts';
import { ended, PlayedKubelet, type PodScript, RUNNING } from './played-kubelet.ts';
import { CONTROL_PLANE } from './versions.ts';

const directory = mkdtempSync(join(tmpdir(), 'ppo-rights-'));
const audit = new AuditLog(directory);
const environment = await startOwnEnvironment({
  // Asks for the right to hold up an owner's deletion, as OpenShift does.
  apiServerFlags: { ...audit.flags, 'enable-admission-plugins': 'OwnerReferencesPermissionEnforcement' },
  prepare: async ({ transport }) => {
    await installCrds(transport);
    // Of schedulers that aren't here: their kinds are all that the operator sees of them.
    await installCrdsOf(transport, join(import.meta.dirname, 'manifests', 'pod-groups'));
  },
});
const { cluster, plane } = environment;
const { transport } = cluster;
const binaries = await ensureBinaries(CONTROL_PLANE);
const helm = await Helm.find();
const node = await TestNode.start({ cluster, network: plane.network, name: 'node-a', processes: null });
environment.beforeClose(async () => {
  await node.stop(0);
  rmSync(directory, { recursive: true, force: true });
});

const REPOSITORY = join(import.meta.dirname, '..', '..');
const WRITER = { fieldManager: 'test' };
/** Used by the API server on behalf of whom it lets make children; the audit log doesn't show it. */
const CHECKED_ON_CREATION: Right = 'update ppojobs/finalizers.rlhf.dev';

interface ChartObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
  // biome-ignore lint/suspicious/noExplicitAny: of a Deployment, read as what it is
  readonly spec?: any;
}

/** An operator process that is who the release's ServiceAccount is, and is started as its Deployment says. */
class InstalledOperator {
  readonly objects: readonly ChartObject[];
  readonly username: string;
  readonly process: OperatorProcess;
  readonly #kubeconfig: string;
  readonly #metricsPort: number | null;

  private constructor(objects: readonly ChartObject[], username: string, kubeconfig: string, process: OperatorProcess) {
    this.objects = objects;
    this.username = username;
    this.#kubeconfig = kubeconfig;
    this.process = process;
    this.#metricsPort = process.metricsPort;
  }

  static async start(release: Required<Pick<Release, 'namespace' | 'values'>>): Promise<InstalledOperator> {
    const { namespace } = release;
    const objects = (await helm.render(release)) as unknown as readonly ChartObject[];
    const kubectl = kubectlFor(binaries, plane.kubeconfig, namespace);
    for (const kind of ['ServiceAccount', 'ClusterRole', 'Role', 'ClusterRoleBinding', 'RoleBinding', 'FlowSchema']) {
      for (const object of objects.filter((candidate) => candidate.kind === kind)) await apply(object);
    }
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    const { serviceAccountName, containers } = deployment?.spec.template.spec ?? {};
    const { stdout: token, stderr } = await kubectl('create', 'token', serviceAccountName);
    assert.notEqual(token, '', stderr);
    const kubeconfig = kubeconfigOf(token.trim());
    const operator = new OperatorProcess({
      kubeconfig,
      leaseNamespace: namespace,
      options: containers[0].args,
    });
    const username = `system:serviceaccount:${namespace}:${serviceAccountName}`;
    // Said once, at its start.
    await until('it serves metrics', async () => (operator.metricsPort === null ? operator.output : null));
    return new InstalledOperator(objects, username, kubeconfig, operator);
  }

  /** What `helm test` runs in the cluster, with the same rights. */
  async check(): Promise<string> {
    const [pod] = this.objects.filter(({ kind }) => kind === 'Pod');
    const [{ command, args }] = pod!.spec.containers as [{ command: readonly string[]; args: readonly string[] }];
    const path = join(directory, `${this.username.replaceAll(':', '-')}.json`);
    writeFileSync(path, this.#kubeconfig, { mode: 0o600 });
    const changes = [`--operator=http://127.0.0.1:${this.#metricsPort}`, `--kubeconfig=${path}`];
    const full = [join(REPOSITORY, command[1] ?? ''), ...args, ...changes];
    const { stdout } = await promisify(execFile)(process.execPath, full, { timeout: 200_000 });
    return stdout;
  }

  get granted(): readonly Right[] {
    const own = this.objects.filter(({ kind, metadata }) => /Role$/.test(kind) && !/-ppojobs-/.test(metadata.name));
    return rightsOf(own.flatMap(({ rules }) => rules ?? []));
  }
}

async function apply(object: ChartObject): Promise<void> {
  const groups: Readonly<Record<string, string>> = {
    ServiceAccount: '/api/v1',
    FlowSchema: '/apis/flowcontrol.apiserver.k8s.io/v1',
  };
  const { kind, metadata } = object;
  const root = groups[kind] ?? '/apis/rbac.authorization.k8s.io/v1';
  const scope = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  await transport.request({
    ...{ method: 'PATCH', contentType: 'application/apply-patch+yaml', body: object },
    path: `${root}${scope}/${kind.toLowerCase()}s/${metadata.name}?fieldManager=test&force=true`,
    subject: { title: `${kind} ${metadata.name}`, name: metadata.name },
  });
}

function kubeconfigOf(token: string): string {
  const cluster = { server: plane.server, 'certificate-authority': join(plane.directory, 'apiserver.crt') };
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  });
}

/** Coordinators that have ended, as namespace/name; all other pods go on. */
const finished = new Set<string>();
const PLAYS: PodScript = ({ metadata }) =>
  finished.has(`${metadata.namespace}/${metadata.name}`) ? ended(0) : RUNNING;

/** Everything that the operator does with its rights, in one namespace. */
async function exercise(world: JobWorld): Promise<void> {
  await Promise.all([liveOut(world), beSuspended(world), beQueued(world), renew(world), meetOthers(world)]);
}

/** To its end, and beyond. */
async function liveOut(world: JobWorld): Promise<void> {
  await world.createJob('short', { ttlSecondsAfterFinished: 1 });
  await world.untilCondition('short', 'Running');
  finished.add(`${world.namespace}/short-coordinator-0`);
  await until('it is gone', async () => ((await world.isGone('short')) ? null : 'it is there'));
}

/** Whatever holds pods together, or gives them devices, goes with them. */
async function beSuspended(world: JobWorld): Promise<void> {
  const devices = { deviceClassName: 'gpu.example', count: 1 };
  await world.createJob('native', { roles: { reward: { devices } } });
  await world.createJob('volcano', { scheduling: { gang: 'Volcano' } });
  await world.createJob('plugins', { scheduling: { gang: 'SchedulerPlugins' } });
  for (const name of ['native', 'volcano', 'plugins']) {
    await until(`pods of ${name}`, async () => ((await world.pods(name)).length > 0 ? null : world.events(name)));
    await world.changeSpec(name, { suspend: true, security: { networkPolicy: { mode: 'Disabled' } } });
    await world.untilCondition(name, 'Suspended');
  }
}

/** Pods that Kueue's webhook, which isn't here, would hold. */
async function beQueued(world: JobWorld): Promise<void> {
  const scheduling = { gang: 'Kueue', queue: 'team-a', minGenerationReplicas: 2 };
  await world.createJob('queued', { scheduling });
  await world.untilCondition('queued', 'Running');
  for (const { metadata } of await world.pods('queued')) {
    const pod = await cluster.get(PODS, metadata);
    const held = { ...pod.metadata, finalizers: [KUEUE.finalizer] };
    const updated = await cluster.update(PODS, { ...pod, metadata: held }, WRITER);
    const gated = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' } as const;
    const conditions = [...(pod.status?.conditions ?? []).filter(({ type }) => type !== gated.type), gated];
    await cluster.updateStatus(PODS, { ...updated, status: { ...pod.status!, conditions } }, WRITER);
  }
  await world.untilCondition('queued', 'Scheduled', 'False');
  await world.changeSpec('queued', { suspend: true });
  await world.untilCondition('queued', 'Suspended');
}

/** A Secret and a ConfigMap that somebody spoils. */
async function renew(world: JobWorld): Promise<void> {
  await world.createJob('spoilt');
  await world.untilCondition('spoilt', 'Running');
  const name = { namespace: world.namespace, name: 'spoilt-tls' };
  await cluster.update(SECRETS, { ...(await cluster.get(SECRETS, name)), data: {} }, WRITER);
  await until('its certificates are back', async () => {
    const { data = {} } = await cluster.get(SECRETS, name);
    return data['worker.crt'] === undefined ? Object.keys(data) : null;
  });
  const config = { namespace: world.namespace, name: 'spoilt-config' };
  await cluster.update(CONFIG_MAPS, { ...(await cluster.get(CONFIG_MAPS, config)), data: {} }, WRITER);
  await until('its configuration is back', async () => {
    const { data = {} } = await cluster.get(CONFIG_MAPS, config);
    return data['job.json'] === undefined ? Object.keys(data) : null;
  });
}

/** A Secret and a pod of somebody else's with the names that the operator wants; it says so, again and again. */
async function meetOthers(world: JobWorld): Promise<void> {
  const { namespace } = world;
  await cluster.create(SECRETS, { ...SECRETS_OF, metadata: { namespace, name: 'late-tls' } }, WRITER);
  await world.createJob('late');
  const containers = [{ name: 'main', image: 'other:1' }];
  const pod = { namespace, name: 'taken-coordinator-0' };
  await cluster.create(PODS, { apiVersion: 'v1', kind: 'Pod', metadata: pod, spec: { containers } }, WRITER);
  await world.createJob('taken');
  for (const name of ['late', 'taken']) {
    await until(`${name} says it again`, async () => {
      const { items } = await cluster.list(EVENTS, { namespace });
      const told = items.filter(
        ({ reason, involvedObject }) => reason === 'ApplyFailed' && involvedObject.name === name,
      );
      return told.some(({ count }) => count > 1) ? null : told.map(({ message, count }) => `${count} ${message}`);
    });
  }
}

const SECRETS_OF = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', data: {} } as const;

async function assertExact(operator: InstalledOperator): Promise<void> {
  await until('every right has been used', async () => {
    const { rights, refused } = audit.requestsOf(operator.username);
    assert.deepEqual(refused, []);
    const unused = operator.granted.filter((one) => one !== CHECKED_ON_CREATION && !rights.has(one));
    return unused.length === 0 ? null : unused;
  });
  // Nobody has given it rights that the chart doesn't.
  const { rights } = audit.requestsOf(operator.username);
  assert.deepEqual(
    [...rights].filter((one) => !operator.granted.includes(one)),
    [],
  );
}

/** The page, under the same rights: all that it shows of a job. */
async function assertShown({ process: operator }: InstalledOperator, world: JobWorld): Promise<void> {
  await world.createJob('shown');
  await world.untilCondition('shown', 'Scheduled');
  await until('the page shows the job with its events', async () => {
    const response = await fetch(`${operator.pageUrl}api/jobs/${world.namespace}/shown`);
    const detail = (await response.json()) as JobDetail;
    assert.equal(response.status, 200, JSON.stringify(detail));
    assert.equal(detail.eventsProblem, null);
    return detail.events.some(({ reason }) => reason === 'PodsCreated') ? null : detail.events;
  });
}

const RELEASES = {
  'in all namespaces': { namespace: 'ppo-operator', watchNamespaces: [] },
  'in two namespaces': { namespace: 'team-a', watchNamespaces: ['team-a-jobs', 'team-a-more'] },
} as const;

async function live({ namespace, watchNamespaces }: (typeof RELEASES)[keyof typeof RELEASES]): Promise<void> {
  for (const name of [namespace, ...watchNamespaces]) await createNamespace(name);
  const [watched = await environment.newNamespace(), other = await environment.newNamespace()] = watchNamespaces;
  // Two operators on one machine can't have one port for their pages.
  const extraArgs = ['--page-address=127.0.0.1:0'];
  const values = { extraArgs, watchNamespaces };
  const operator = await InstalledOperator.start({ namespace, values });
  const kubelet = new PlayedKubelet({ cluster, script: PLAYS, namespace: watched });
  const world = new JobWorld(cluster, watched);
  try {
    await exercise(world);
    const elsewhere = new JobWorld(cluster, other);
    await elsewhere.createJob('elsewhere');
    await elsewhere.untilCondition('elsewhere', 'Scheduled');
    assert.equal((await operator.check()).match(/^ok /gm)?.length, 3);
    await assertShown(operator, world);
    await assertExact(operator);
    await assertNeedsToHoldUpDeletion(operator, world);
    assert.deepEqual(kubelet.errors, []);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${operator.process.output.slice(-3000)}`, {
      cause: error,
    });
  } finally {
    await operator.process.stop();
    for (const { metadata } of (await cluster.list(PPO_JOBS)).items) await cluster.delete(PPO_JOBS, metadata);
    await kubelet.stop();
  }
}

describe("the operator with the chart's rights", () => {
  for (const [title, release] of Object.entries(RELEASES)) {
    it(`does all that it promises ${title}, and needs each of them`, () => live(release));
  }

  it('renews its lease in a flow of its own', async () => {
    const text = await transport.text({ method: 'GET', path: '/metrics', subject: { title: 'metrics', name: null } });
    const lines = text.split('\n').filter((line) => line.startsWith('apiserver_flowcontrol_dispatched_requests_total'));
    for (const name of ['ppo-operator-lease', 'team-a-ppo-operator-lease']) {
      const line = lines.find((one) => one.includes(`flow_schema="${name}"`)) ?? '';
      assert.match(line, /priority_level="leader-election"\} [1-9]/, name);
    }
  });
});

async function createNamespace(name: string): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  await transport.request({ method: 'POST', path: '/api/v1/namespaces', subject: { title: name, name }, body });
}

/** The one right that no request shows: without it the server lets the operator make no children. */
async function assertNeedsToHoldUpDeletion(operator: InstalledOperator, world: JobWorld): Promise<void> {
  const role = operator.objects.find(({ rules = [] }) => rulesWithout(rules).length < rules.length);
  assert.ok(role !== undefined);
  await apply({ ...role, rules: rulesWithout(role.rules ?? []) });
  await until('the server refuses', async () => {
    await world.createJob(`refused-${Math.random().toString(36).slice(2, 8)}`);
    const { items } = await cluster.list(EVENTS, { namespace: world.namespace });
    const told = items.map(({ message }) => message);
    return told.some((message) => /cannot set blockOwnerDeletion/.test(message)) ? null : told.slice(-3);
  });
}

function rulesWithout(rules: readonly Rule[]): readonly Rule[] {
  return rules.filter(({ resources }) => !resources.includes('ppojobs/finalizers'));
}
