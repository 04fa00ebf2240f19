// The commands of the documents for kubectl and Helm, as they are written and in their order, with the real programs against
// a real control plane; and every manifest shown, as far as the API server's admission. Pods are played.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import { findCommands } from '../docs/claims.ts';
import { REPOSITORY } from '../docs/documents.ts';
import { exampleFiles, findManifests } from '../docs/manifests.ts';
import { ensureBinaries } from './binaries.ts';
import { DocumentScene, JOB, type Programs } from './document-scene.ts';
import { startOwnEnvironment } from './environment.ts';
import { installCrds, installCrdsOf } from './manifests.ts';
import { TestNode } from './nodes.ts';
import { CONTROL_PLANE, HELM } from './versions.ts';

const say = (line: string): void => console.error(line);
const { kubectl } = await ensureBinaries(CONTROL_PLANE, { say });
const { helm } = await ensureBinaries(HELM, { say });
const programs: Programs = { kubectl, helm };
/** A cluster with the Prometheus operator, and without ours. */
const prometheus = `${import.meta.dirname}/manifests/prometheus-operator`;
const environment = await startOwnEnvironment({ prepare: ({ transport }) => installCrdsOf(transport, prometheus) });
const { cluster, plane } = environment;
const node = await TestNode.start({ cluster, network: plane.network, name: 'node-a', processes: null });
environment.beforeClose(() => node.stop(0));

const documented = findCommands().filter(({ claims }) => claims[0]?.by === 'Cluster');
const files = [...new Set(documented.map(({ block }) => block.file))];

/** The state of the world in which a reader would type this. */
async function setTheScene(scene: DocumentScene, command: string): Promise<void> {
  if (/^helm (install|upgrade)/.test(command)) return setTheStage(scene, command);
  await scene.installCrd();
  if (/explain-failure/.test(command)) return scene.untilJob('Failing');
  const isOfJob = new RegExp(`\\b${JOB}\\b`).test(command) && !/^kubectl apply/.test(command);
  const isOfSuspended = /condition=Suspended|"suspend":false|ppo resume/.test(command);
  if (isOfJob && !isOfSuspended) await scene.untilJob('Running');
  if (/condition=Succeeded/.test(command)) scene.letEnd();
}

/** Each installation is shown as the first in its cluster; an upgrade has one before it. */
async function setTheStage(scene: DocumentScene, command: string): Promise<void> {
  const [, namespace = 'default'] = /--namespace (\S+)/.exec(command) ?? [];
  if (command.startsWith('helm install')) {
    await scene.clear();
    if (!command.includes('--create-namespace')) await scene.run(`kubectl create namespace ${namespace}`);
  } else {
    const found = await scene.run(`helm status ppo-operator --namespace ${namespace}`);
    if (found.code !== 0) {
      const install = `helm install ppo-operator charts/ppo-operator --namespace ${namespace} --create-namespace`;
      await setTheStage(scene, install);
      assert.equal((await scene.run(install)).code, 0);
    }
  }
  scene.leaveCrdToHelm();
}

/** What a command that goes on and on must have shown. */
function followed(command: string): RegExp | null {
  if (!/ (--watch|-w)\b/.test(command)) return null;
  return / gsm8k /.test(command) ? /^gsm8k /m : new RegExp(`^${JOB} `, 'm');
}

describe('what the documents tell to type', () => {
  it('is found', () => {
    for (const file of ['README.md', 'docs/life-of-a-job.md', 'charts/ppo-operator/README.md']) {
      assert.ok(files.includes(file), files.join());
    }
  });

  for (const file of files) {
    it(`${file} works`, async (context) => {
      const scene = await DocumentScene.begin(environment, programs);
      try {
        for (const { block, command } of documented.filter((one) => one.block.file === file)) {
          await setTheScene(scene, command);
          const { code, output } = await scene.run(command, followed(command));
          assert.equal(code, 0, `${file}:${block.line}: ${command}: ${output}`);
          context.diagnostic(command);
        }
      } finally {
        await scene.end();
      }
    });
  }
});

describe('what the documents show', () => {
  it('is admitted by the API server', async () => {
    await installCrds(cluster.transport);
    const namespace = await environment.newNamespace();
    const target = [`--kubeconfig=${plane.kubeconfig}`, `--namespace=${namespace}`];
    const apply = (manifest: string, where: string): void => {
      const args = [...target, 'apply', '--dry-run=server', '-f', '-'];
      const { stdout, stderr } = spawnSync(kubectl, args, { input: manifest, encoding: 'utf8' });
      assert.match(stdout, /created \(server dry run\)/, `${where}: ${stderr}`);
    };
    const shown = findManifests();
    assert.ok(shown.length >= 8);
    for (const { where, manifest } of shown) apply(stringify(manifest), where);
    for (const file of exampleFiles()) apply(readFileSync(join(REPOSITORY, file), 'utf8'), file);
  });
});
