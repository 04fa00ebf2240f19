// What Helm makes of the chart on a real API server, without nodes: the CRD comes, changes and goes back with the release,
// and stays with its jobs when the release goes; who it belongs to is told.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Pod } from '../../operator/cluster/objects.ts';
import { PPO_JOBS } from '../../operator/reconcile/ppojob-kind.ts';
import { ensureBinaries } from './binaries.ts';
import { CHART, type ChartValues, Helm, type HelmName } from './chart.ts';
import { DESCRIPTION, DESCRIPTION_BEFORE, writeChartBefore } from './chart-before.ts';
import { startOwnEnvironment } from './environment.ts';
import { JobWorld, until } from './job-world.ts';
import { type Kubectl, kubectlFor, succeed } from './kubectl.ts';
import { CONTROL_PLANE, HELM } from './versions.ts';

const RELEASE = 'ppo-operator';
const CRD = 'ppojobs.rlhf.dev';
const environment = await startOwnEnvironment({ prepare: async () => {} });
const { cluster, plane } = environment;
const binaries = await ensureBinaries(CONTROL_PLANE);
const directory = mkdtempSync(join(tmpdir(), 'ppo-helm-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const chartBefore = writeChartBefore(directory);

/** One Helm in a namespace of its own; releases of several would share the CRD. */
class Releases {
  readonly namespace: string;
  readonly kubectl: Kubectl;
  readonly #helm: Helm;

  private constructor(helm: Helm, namespace: string) {
    this.#helm = helm;
    this.namespace = namespace;
    this.kubectl = kubectlFor(binaries, plane.kubeconfig, namespace);
  }

  static async begin(name: HelmName): Promise<Releases> {
    return new Releases(await Helm.find(name, plane.kubeconfig), await environment.newNamespace());
  }

  run(command: 'install' | 'upgrade', chart = CHART, values: ChartValues = {}, ...options: readonly string[]) {
    const { namespace } = this;
    return this.#helm.run(command, ...this.#helm.argumentsOf({ name: RELEASE, namespace, chart, values }), ...options);
  }

  async do(...args: Parameters<Releases['run']>): Promise<void> {
    const { code, stderr } = await this.run(...args);
    assert.equal(code, 0, stderr);
  }

  async rollback(): Promise<void> {
    await this.#helm.succeed('rollback', RELEASE, '--namespace', this.namespace);
  }

  async uninstall(): Promise<void> {
    await this.#helm.succeed('uninstall', RELEASE, '--namespace', this.namespace, '--wait', '--timeout', '120s');
  }

  async assertCrd(description: string): Promise<void> {
    const query = 'jsonpath={.spec.versions[0].schema.openAPIV3Schema.description}';
    const found = await succeed(this.kubectl, 'get', 'crd', CRD, '-o', query);
    assert.ok(found.startsWith(description), found);
    await succeed(this.kubectl, 'wait', '--for=condition=Established', `crd/${CRD}`, '--timeout=60s');
  }

  async end(): Promise<void> {
    await this.kubectl('delete', 'crd', CRD, '--ignore-not-found', '--timeout=180s');
  }
}

async function inReleases(name: HelmName, body: (releases: Releases) => Promise<void>): Promise<void> {
  const releases = await Releases.begin(name);
  try {
    await body(releases);
  } finally {
    await releases.end();
  }
}

for (const name of HELM) {
  describe(`a release of ${name}`, () => {
    it('takes the CRD with it to and fro, and leaves it and its jobs when it goes', async () => {
      await inReleases(name, async (releases) => {
        await releases.do('install', chartBefore);
        await releases.assertCrd(DESCRIPTION_BEFORE);
        const world = new JobWorld(cluster, releases.namespace);
        const { metadata } = await world.createJob('kept');
        await releases.do('upgrade', CHART, { replicas: 1 });
        await releases.assertCrd(DESCRIPTION);
        await releases.rollback();
        await releases.assertCrd(DESCRIPTION_BEFORE);
        await releases.uninstall();
        const left = await succeed(releases.kubectl, 'get', 'deployments,services,roles,serviceaccounts', '-o', 'name');
        assert.equal(left, 'serviceaccount/default\n');
        assert.equal((await world.job('kept')).metadata.uid, metadata.uid);
        await releases.do('install');
        await releases.assertCrd(DESCRIPTION);
        assert.equal((await world.job('kept')).metadata.uid, metadata.uid);
        await cluster.delete(PPO_JOBS, metadata);
        await releases.uninstall();
      });
    });

    it('takes a CRD away that it is told not to keep', async () => {
      await inReleases(name, async (releases) => {
        await releases.do('install', CHART, { crds: { keep: false } });
        await releases.uninstall();
        const { stderr } = await releases.kubectl('get', 'crd', CRD);
        assert.match(stderr, /not found/);
      });
    });

    it("leaves somebody else's CRD alone unless it is told to take it", async () => {
      await inReleases(name, async (releases) => {
        const path = join(import.meta.dirname, '..', '..', 'crds');
        await succeed(releases.kubectl, 'apply', '--server-side', '-f', path);
        const refused = await releases.run('install');
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /ppojobs\.rlhf\.dev.*(ownership|exists)/s);
        await releases.do('install', CHART, { crds: { install: false } });
        await releases.uninstall();
        // Helm 4 applies on the server, where kubectl still owns the fields.
        const isForced = name === 'helm' ? ['--force-conflicts'] : [];
        await releases.do('install', CHART, {}, '--take-ownership', ...isForced);
        await releases.assertCrd(DESCRIPTION);
        await releases.uninstall();
      });
    });

    it('has pods that are admitted at the level "restricted"', async () => {
      await inReleases(name, async (releases) => {
        const level = 'pod-security.kubernetes.io/enforce=restricted';
        await succeed(releases.kubectl, 'label', 'namespace', releases.namespace, level);
        await releases.do('install');
        await until('two pods', async () => {
          const text = await succeed(releases.kubectl, 'get', 'pods', '-o', 'json');
          const { items } = JSON.parse(text) as { readonly items: readonly Pod[] };
          return items.length === 2 ? null : items.length;
        });
        await releases.uninstall();
      });
    });
  });
}
