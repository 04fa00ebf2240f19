/** The programs that npm puts on the PATH, under both of their names, as an installation has them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { accessSync, constants, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const { bin, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const directory = mkdtempSync(join(tmpdir(), 'ppo-launcher-'));
after(() => rmSync(directory, { recursive: true }));

function call(program: string, ...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH, KUBECONFIG: join(directory, 'none') };
  return new Promise((resolve) => {
    execFile(program, args, { env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

test('npm install --global --prefix puts both programs on the PATH, and they run', async () => {
  const prefix = join(directory, 'prefix');
  const installed = await call('npm', 'install', '--global', '--offline', '--prefix', prefix, ROOT);
  assert.equal(installed.code, 0, installed.stderr);
  assert.deepEqual(Object.keys(bin).sort(), ['kubectl-ppo', 'kubectl_complete-ppo']);
  const help = await call(join(prefix, 'bin', 'kubectl-ppo'), '--help');
  assert.match(help.stdout, /^Watches and steers PPOJobs\.\n/, help.stderr);
  const completed = await call(join(prefix, 'bin', 'kubectl_complete-ppo'), 'logs', 'tiny', '--role', 're');
  assert.equal(completed.stdout, 'reference\nreward\n:4\n', completed.stderr);
});

test('a link on the PATH is enough; exit codes are passed on', async () => {
  const target = join(ROOT, bin['kubectl-ppo']);
  accessSync(target, constants.X_OK);
  symlinkSync(target, join(directory, 'kubectl-ppo'));
  const wrong = await call(join(directory, 'kubectl-ppo'), 'frobnicate');
  assert.deepEqual([wrong.code, wrong.stdout], [2, '']);
  assert.match(wrong.stderr, /"frobnicate" is no command/);
});

test('below node_modules, where Node runs no TypeScript, it says what to do', async () => {
  const folder = join(directory, 'node_modules', `ppo-operator-${version}`);
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, bin['kubectl-ppo']), join(folder, 'kubectl-ppo.mjs'));
  const { code, stderr } = await call(process.execPath, join(folder, 'kubectl-ppo.mjs'), '--help');
  assert.equal(code, 1);
  assert.match(stderr, /^Node runs no TypeScript below a folder node_modules .* from a clone/);
});
