// The tests' own command line: its exit code, its closing lines, and what it says where a level can't run.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

const MAIN = join(import.meta.dirname, 'main.ts');
const TIMEOUT_MS = 120_000;
const directory = mkdtempSync(join(tmpdir(), 'ppo-runner-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const write = (name: string, code: string): string => {
  const path = join(directory, name);
  writeFileSync(path, `import { it } from 'node:test';\n${code}\n`);
  return path;
};
const good = write('good.test.ts', "it('goes well', () => {}); it.skip('is for later', () => {});");
const bad = write('bad.test.ts', "it('goes wrong', () => { throw new Error('as it must'); });");
const broken = write('broken.test.ts', "throw new Error('before any test');");
const cluster = write('some.cluster.ts', "it('needs a cluster', () => {});");

interface Result {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where neither binaries nor Go nor the network are. */
function main(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Result> {
  const nowhere = { PATH: directory, XDG_CACHE_HOME: directory, PPO_CLUSTER_DOWNLOAD: '0' };
  const options = { env: { HOME: directory, ...nowhere, ...environment }, timeout: TIMEOUT_MS };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

const closing = (stdout: string): string[] => stdout.trim().split('\n').slice(-8);

describe('the tests of this repository', { concurrency: true }, () => {
  it('close with the counts of all', async () => {
    const { code, stdout } = await main([good]);
    assert.equal(code, 0);
    const [tests, ...rest] = closing(stdout);
    assert.deepEqual(
      [tests, ...rest.slice(0, -1)],
      [...['ℹ tests 2', 'ℹ suites 0', 'ℹ pass 1', 'ℹ fail 0', 'ℹ cancelled 0', 'ℹ skipped 1', 'ℹ todo 0']],
    );
    assert.match(rest.at(-1) ?? '', /^ℹ duration_ms \d/);
  });

  it('fail when one fails, and say again which', async () => {
    const { code, stdout } = await main([good, bad]);
    assert.equal(code, 1);
    assert.match(stdout, /ℹ tests 3\n.*ℹ fail 1\n.*✖ failing tests:.*✖ goes wrong.*as it must/s);
  });

  it('fail when a file ends before its first test', async () => {
    assert.equal((await main([good, broken])).code, 1);
  });

  it('leave a level out loudly where it cannot run: at the start and at the end', async () => {
    const { code, stdout, stderr } = await main([good, cluster], { CI: '' });
    assert.equal(code, 0);
    const line =
      /LEVEL 2 \(.*\) IS LEFT OUT: no etcd, .*kube-scheduler: looked in .*; and there is no Go to build with/;
    assert.match(stderr, line);
    const [said = ''] = stdout.trim().split('\n').slice(-9);
    assert.match(said, line);
    assert.doesNotMatch(stdout, /needs a cluster/);
  });

  it('fail in CI where a level cannot run', async () => {
    const { code, stdout } = await main([good, cluster], { CI: 'true' });
    assert.equal(code, 1);
    assert.match(stdout, /✔ goes well/);
  });

  it('fail where nothing that was asked for can run', async () => {
    assert.equal((await main([cluster])).code, 1);
  });

  it('say how to ask for them', async () => {
    const { code, stderr } = await main(['test/no-such.test.ts']);
    assert.equal(code, 2);
    assert.match(stderr, /^no test files: test\/no-such\.test\.ts\nusage: .*LEVEL/);
  });
});
