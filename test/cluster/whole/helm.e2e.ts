// The operator as people install it, on a whole cluster: helm install, a first job, the upgrade from a version before while
// the job runs, the rollback, the uninstallation that keeps jobs, and the installation that finds them again.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { issueAuthority, Signer } from '../../../operator/security/certificates.ts';
import { CHART, type ChartValues, Helm, type HelmName, imageValues } from '../chart.ts';
import { DESCRIPTION, DESCRIPTION_BEFORE, VERSION_BEFORE, writeChartBefore } from '../chart-before.ts';
import { ExampleJob, type ExampleStage, shorten } from '../example.ts';
import { type Kubectl, succeed } from '../kubectl.ts';
import { Installation, OPERATOR_NAMESPACE } from './installation.ts';
import { CONTAINERD_NAMESPACE } from './layout.ts';

const RELEASE = 'ppo-operator';
const CERTIFICATE = 'metrics-tls';
const HOUR_MS = 3_600_000;
const IN_NAMESPACE = ['--namespace', OPERATOR_NAMESPACE];
const WAIT = ['--wait', '--timeout', '300s'];
/** More than are done before the last step. */
const NUM_ITERATIONS = 5000;

const directory = mkdtempSync(join(tmpdir(), 'ppo-helm-e2e-'));
const installation = await Installation.start({ hasOperator: false });
after(async () => {
  await installation.stop();
  rmSync(directory, { recursive: true, force: true });
});
/** Jobs name no image: they get the operator's. */
const stage: ExampleStage = {
  adapt: (spec) => spec,
  newNamespace: () => installation.newNamespace(),
  kubectl: (namespace) => installation.kubectl(namespace),
};
/** Else somebody's CRD, and all jobs with it, would go at the end. */
const skip = (await installation.isInUse()) ? 'the operator or its CRD is installed in this cluster already' : false;
const imageBefore = await nameImageBefore();
const chartBefore = writeChartBefore(directory);

/** The image under the tag of the version before. Elsewhere than in a cluster of our own there is one image for both. */
async function nameImageBefore(): Promise<string> {
  const { own, image } = installation;
  if (own === null) return image;
  const before = image.replace(/:[^:/]+$/, `:${VERSION_BEFORE}`);
  const full = (name: string): string => `docker.io/library/${name}`;
  const where = ['--address', own.containerdSocket, '--namespace', CONTAINERD_NAMESPACE];
  await promisify(execFile)('ctr', [...where, 'images', 'tag', '--force', full(image), full(before)]);
  return before;
}

interface JourneyOptions {
  readonly name: HelmName;
  readonly values: ChartValues;
  readonly context: TestContext;
}

interface Tools {
  readonly helm: Helm;
  /** In the operator's namespace. */
  readonly kubectl: Kubectl;
  /** In no namespace of ours. */
  readonly cluster: Kubectl;
}

/** One Helm's way from nothing to nothing. */
class Journey {
  readonly #helm: Helm;
  readonly #kubectl: Kubectl;
  readonly #cluster: Kubectl;
  readonly #name: HelmName;
  readonly #values: ChartValues;
  readonly context: TestContext;

  private constructor(tools: Tools, { name, values, context }: JourneyOptions) {
    this.#helm = tools.helm;
    this.#kubectl = tools.kubectl;
    this.#cluster = tools.cluster;
    this.#name = name;
    this.#values = values;
    this.context = context;
  }

  static async begin(options: JourneyOptions): Promise<Journey> {
    const helm = await Helm.find(options.name, installation.kubeconfig);
    const kubectl = await installation.kubectl(OPERATOR_NAMESPACE);
    return new Journey({ helm, kubectl, cluster: await installation.kubectl('default') }, options);
  }

  /** A Secret as cert-manager makes them. */
  async addCertificate(): Promise<void> {
    const validity = { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + HOUR_MS) };
    const authority = issueAuthority({ commonName: 'authority', ...validity });
    const names = { dnsNames: ['ppo-operator-metrics.ppo-operator.svc'], uri: 'spiffe://test/metrics' };
    const { certificate, key } = new Signer(authority).issue({ commonName: 'metrics', ...names, ...validity });
    const data = { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': authority.certificate };
    const files = Object.entries(data).map(([file, text]) => {
      writeFileSync(join(directory, file), text);
      return `--from-file=${join(directory, file)}`;
    });
    await succeed(this.#cluster, 'create', 'namespace', OPERATOR_NAMESPACE);
    await succeed(this.#kubectl, 'create', 'secret', 'generic', CERTIFICATE, ...files);
  }

  #release(chart: string, image: string): string[] {
    return this.#helm.argumentsOf({ chart, values: { ...this.#values, image: imageValues(image) } });
  }

  async install(chart: string, image: string): Promise<void> {
    const notes = await this.#helm.succeed('install', ...this.#release(chart, image), '--create-namespace', ...WAIT);
    assert.match(notes, /kubectl apply -f examples\/arithmetic\/ppojob\.yaml/);
    assert.match(notes, /helm test ppo-operator --namespace ppo-operator/);
  }

  async upgrade(chart: string, image: string): Promise<void> {
    await this.#helm.succeed('upgrade', ...this.#release(chart, image), ...WAIT);
  }

  async rollback(revision: number): Promise<void> {
    await this.#helm.succeed('rollback', RELEASE, String(revision), ...IN_NAMESPACE, ...WAIT);
  }

  async uninstall(): Promise<void> {
    await this.#helm.succeed('uninstall', RELEASE, ...IN_NAMESPACE, ...WAIT);
  }

  /** What `helm test` says in the cluster. */
  async test(): Promise<void> {
    const args = ['test', RELEASE, ...IN_NAMESPACE, '--timeout', '240s'];
    // Helm 3 looks for the logs of a pod that went when it succeeded.
    if (this.#name === 'helm3') {
      assert.match(await this.#helm.succeed(...args), /Phase: +Succeeded/);
      return;
    }
    const text = await this.#helm.succeed(...args, '--logs');
    for (const what of ['can be read', 'is ready', 'leads and renews']) assert.match(text, new RegExp(`ok .*${what}`));
  }

  /** The image of the operator and the words of the CRD, which come and go together. */
  async assertInstalled(image: string, description: string): Promise<void> {
    const query = 'jsonpath={.items[*].spec.containers[0].image}';
    const selector = 'app.kubernetes.io/component=operator';
    const pods = ['get', 'pods', '--selector', selector, '--field-selector', 'status.phase=Running', '-o', query];
    await until(`operators of ${image}`, async () => {
      const images = (await succeed(this.#kubectl, ...pods)).split(' ');
      return images.every((one) => one === image) ? null : images;
    });
    await until('the CRD', async () => {
      const text = await succeed(this.#cluster, 'explain', 'ppojob');
      return text.replaceAll(/\s+/g, ' ').includes(description) ? null : text;
    });
  }

  /** Everything but the CRD. */
  async assertGone(): Promise<void> {
    const selector = ['--selector', `app.kubernetes.io/instance=${RELEASE}`, '-o', 'name'];
    const inNamespace =
      'deployments,pods,services,serviceaccounts,roles,rolebindings,networkpolicies,poddisruptionbudgets';
    await until('nothing is left', async () => {
      const left = await succeed(this.#kubectl, 'get', inNamespace, ...selector);
      return left === '' ? null : left;
    });
    const left = await succeed(this.#cluster, 'get', 'clusterroles,clusterrolebindings,flowschemas,crds', ...selector);
    assert.equal(left.trim(), 'customresourcedefinition.apiextensions.k8s.io/ppojobs.rlhf.dev');
  }

  async end(): Promise<void> {
    await this.#helm.run('uninstall', RELEASE, ...IN_NAMESPACE);
    await succeed(this.#cluster, 'delete', 'crd', 'ppojobs.rlhf.dev', '--ignore-not-found', '--timeout=120s');
    await succeed(this.#cluster, 'delete', 'namespace', OPERATOR_NAMESPACE, '--ignore-not-found', '--timeout=120s');
  }
}

async function until(what: string, look: () => Promise<unknown>): Promise<void> {
  const endMs = Date.now() + 120_000;
  for (;;) {
    const wrong = await look();
    if (wrong === null) return;
    if (Date.now() > endMs) throw new Error(`${what}: ${JSON.stringify(wrong)}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

const iterationOf = async (job: ExampleJob): Promise<number> => (await job.status()).progress?.iteration ?? 0;

/** The operator that is there now hears of further iterations. */
async function untilItGoesOn(job: ExampleJob): Promise<void> {
  const before = await iterationOf(job);
  await job.until('it goes on', async () => ((await iterationOf(job)) > before ? null : before));
}

/** Who may edit or view what is in a namespace may do so with its jobs. */
async function assertUserRoles({ kubectl }: ExampleJob): Promise<void> {
  const mayI = async (user: string, ...what: readonly string[]): Promise<string> =>
    (await kubectl('auth', 'can-i', ...what, `--as=${user}`)).stdout.trim();
  const answersByRole = { edit: ['yes', 'yes', 'yes'], view: ['yes', 'no', 'no'] };
  for (const [role, answers] of Object.entries(answersByRole)) {
    const user = `who-may-${role}`;
    await succeed(kubectl, 'create', 'rolebinding', role, `--clusterrole=${role}`, `--user=${user}`);
    await until(`the rights of ${user}`, async () => {
      const scale = mayI(user, 'patch', 'ppojobs.rlhf.dev', '--subresource=scale');
      const found = await Promise.all([mayI(user, 'list', 'ppojobs'), mayI(user, 'create', 'ppojobs'), scale]);
      return found.join() === answers.join() ? null : found;
    });
  }
  assert.equal(await mayI('stranger', 'list', 'ppojobs'), 'no');
}

async function podUids(job: ExampleJob): Promise<Record<string, string | undefined>> {
  return Object.fromEntries((await job.pods()).map(({ metadata }) => [metadata.name, metadata.uid]));
}

async function imagesOf(job: ExampleJob): Promise<string[]> {
  const containers = (await job.pods()).flatMap(({ spec }) => [...(spec.initContainers ?? []), ...spec.containers]);
  return [...new Set(containers.map(({ image }) => image))];
}

/** A pod that is replaced gets the image of its job, whichever the operator has by now. */
async function replaceGenerationPod(job: ExampleJob): Promise<void> {
  const name = 'arithmetic-generation-1';
  const { [name]: uid } = await podUids(job);
  await succeed(job.kubectl, 'delete', 'pod', name);
  await job.until('another pod', async () => {
    const { [name]: other } = await podUids(job);
    return other !== undefined && other !== uid ? null : 'not yet';
  });
  assert.deepEqual(await imagesOf(job), [imageBefore]);
  await job.waitFor('Running');
}

async function travel(journey: Journey): Promise<void> {
  const startMs = Date.now();
  await journey.install(chartBefore, imageBefore);
  const job = await ExampleJob.apply(stage, (spec) => shorten(spec, NUM_ITERATIONS));
  await job.until('the first PPO step', async () => ((await iterationOf(job)) > 0 ? null : 'not yet'));
  const seconds = Math.round((Date.now() - startMs) / 1000);
  journey.context.diagnostic(`from helm install to the first PPO step: ${seconds} s`);
  await journey.assertInstalled(imageBefore, DESCRIPTION_BEFORE);
  await journey.test();
  await assertUserRoles(job);
  const uids = await podUids(job);
  assert.deepEqual(await imagesOf(job), [imageBefore]);

  await journey.upgrade(CHART, installation.image);
  await journey.assertInstalled(installation.image, DESCRIPTION);
  await untilItGoesOn(job);
  assert.deepEqual(await podUids(job), uids);
  await replaceGenerationPod(job);
  await journey.test();

  const replaced = await podUids(job);
  await journey.rollback(1);
  await journey.assertInstalled(imageBefore, DESCRIPTION_BEFORE);
  await untilItGoesOn(job);

  await journey.uninstall();
  await journey.assertGone();
  assert.deepEqual(await podUids(job), replaced);
  await journey.install(CHART, installation.image);
  await journey.assertInstalled(installation.image, DESCRIPTION);
  await untilItGoesOn(job);
  assert.deepEqual(await podUids(job), replaced);
  await succeed(job.kubectl, 'delete', 'ppojob', 'arithmetic', '--cascade=foreground', '--timeout=180s');
}

test('Helm 4: install, a job, upgrade, rollback, uninstall, and install again', { skip }, async (context) => {
  const journey = await Journey.begin({ name: 'helm', values: {}, context });
  try {
    await travel(journey);
  } finally {
    await journey.end();
  }
});

test('Helm 3: the same, with metrics and probes by HTTPS', { skip }, async (context) => {
  const journey = await Journey.begin({
    name: 'helm3',
    values: { metrics: { tls: { secretName: CERTIFICATE } } },
    context,
  });
  try {
    await journey.addCertificate();
    await travel(journey);
  } finally {
    await journey.end();
  }
});
