// Files of a volume, there and back, as the documents tell to type it: with kubectl and tar, in a pod of the `restricted` level
// on a real node. Programs of this machine stand in for busybox, whose image no registry gives here.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, it } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { writeImageArchive } from '../../../image/archive.ts';
import { systemLibraries } from '../../../image/system.ts';
import { findCommands } from '../../docs/claims.ts';
import { REPOSITORY } from '../../docs/documents.ts';
import { ensureBinaries } from '../binaries.ts';
import type { WholeCluster } from './cluster.ts';
import { findProgram } from './host.ts';
import { Installation } from './installation.ts';
import { CONTAINERD_NAMESPACE } from './layout.ts';
import { claimFolder } from './shared-volume.ts';

const POD = 'examples/gsm8k/files.yaml';
const PROGRAMS = ['sleep', 'tar', 'mkdir', 'test'];
const TIMEOUT_MS = 400_000;

const installation = await Installation.start({ hasOperator: false });
const directory = mkdtempSync(join(tmpdir(), 'ppo-files-e2e-'));
after(async () => {
  await installation.stop();
  rmSync(directory, { recursive: true, force: true });
});
const run = promisify(execFile);

/** The image that the pod names, of this machine's programs. */
async function importImage(own: WholeCluster): Promise<void> {
  const { spec } = parse(readFileSync(join(REPOSITORY, POD), 'utf8'));
  const files = new Map<string, string>();
  for (const name of PROGRAMS) {
    const program = findProgram(name);
    assert.ok(program !== null, name);
    files.set(`/bin/${name}`, realpathSync(program));
    for (const [path, file] of await systemLibraries([program])) files.set(path, file);
  }
  const archive = join(directory, 'image.tar');
  await writeImageArchive({ name: spec.containers[0].image, layers: [{ files }], config: {} }, archive);
  const where = ['--address', own.containerdSocket, '--namespace', CONTAINERD_NAMESPACE];
  await run('ctr', [...where, 'images', 'import', archive], { timeout: TIMEOUT_MS });
}

/** A shell in the folder of a reader, whose kubectl means this namespace. */
async function openShell(namespace: string): Promise<(command: string) => Promise<void>> {
  const { kubectl } = await ensureBinaries(['kubectl']);
  symlinkSync(kubectl, join(directory, 'kubectl'));
  const KUBECONFIG = join(directory, 'kubeconfig');
  cpSync(installation.kubeconfig, KUBECONFIG);
  const options = {
    cwd: directory,
    timeout: TIMEOUT_MS,
    env: { PATH: `${directory}:${process.env.PATH}`, KUBECONFIG },
  };
  const shell = async (command: string): Promise<void> => {
    await run('sh', ['-ec', command], options);
  };
  await shell(`kubectl config set-context --current --namespace=${namespace}`);
  return shell;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** In the order in which the documents are read. */
function documented(file: string): string[] {
  const all = findCommands().filter(({ block }) => block.file === file);
  const commands = all.map(({ command }) => command);
  return commands.filter((one) => one.endsWith(POD) || /^kubectl (wait|exec|cp|delete pod) /.test(one));
}

it('are copied to a volume and back', async (context) => {
  const { own } = installation;
  if (own === null) return context.skip('the volume lies on this machine');
  await importImage(own);
  const namespace = await installation.newNamespace();
  const volume = join(own.directory, 'volumes', namespace);
  await claimFolder(await installation.kubectl(namespace), 'gsm8k', volume);
  const shell = await openShell(namespace);
  const here = (path: string): string => join(directory, path);
  cpSync(join(REPOSITORY, 'examples'), here('examples'), { recursive: true });
  write(here('Qwen2.5-0.5B-Instruct/config.json'), '{}');
  for (const name of ['train', 'test']) write(here(`prompts-${name}.jsonl`), name);
  // What a job leaves there.
  const output = join(volume, 'gsm8k/output');
  for (const path of ['actor/model.safetensors', 'metrics.jsonl', 'wandb/offline-run-1/run-1.wandb']) {
    write(join(output, path), path);
  }
  await run('chown', ['-R', '65532:65532', volume]);

  const commands = [...documented('examples/gsm8k/README.md'), ...documented('docs/tracking.md')];
  assert.ok(commands.length >= 12, commands.join('\n'));
  for (const command of commands) {
    await shell(command);
    context.diagnostic(command);
  }
  const read = (path: string): string => readFileSync(path, 'utf8');
  assert.equal(read(join(volume, 'models/Qwen2.5-0.5B-Instruct/config.json')), '{}');
  for (const name of ['train', 'test']) assert.equal(read(join(volume, `gsm8k/${name}.jsonl`)), name);
  assert.match(read(join(volume, 'gsm8k/reward.ts')), /export function score/);
  assert.equal(read(here('trained/model.safetensors')), 'actor/model.safetensors');
  assert.equal(read(here('metrics.jsonl')), 'metrics.jsonl');
  assert.equal(read(here('wandb/offline-run-1/run-1.wandb')), 'wandb/offline-run-1/run-1.wandb');
});
