/**
 * Every command of the documents is run by a test: this file says who runs each, and runs those that need only this machine.
 * docs.cluster.ts runs those that need a cluster.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { CLAIMS, claimsOf, findCommands } from './claims.ts';
import { findDocuments, REPOSITORY, readDocument } from './documents.ts';

const TIMEOUT_MS = 120_000;
const commands = findCommands();
const directory = mkdtempSync(join(tmpdir(), 'ppo-docs-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** As users are in the repository's folder, with files of theirs. npm finds the package wherever they are. */
function prepare(): string {
  cpSync(join(REPOSITORY, 'examples/arithmetic'), join(directory, 'path/to'), { recursive: true });
  mkdirSync(join(directory, 'examples'));
  cpSync(join(REPOSITORY, 'examples/gsm8k'), join(directory, 'examples/gsm8k'), { recursive: true });
  const line = JSON.stringify({ question: 'How many?', answer: 'All of them.\n#### 1,024' });
  for (const name of ['train.jsonl', 'test.jsonl']) writeFileSync(join(directory, name), `${line}\n`);
  return `npm() { command npm --prefix '${REPOSITORY}' "$@"; }\n`;
}

interface Result {
  readonly code: unknown;
  readonly output: string;
}

function run(script: string): Promise<Result> {
  const PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
  const options = { cwd: directory, timeout: TIMEOUT_MS, env: { ...process.env, PATH } };
  return new Promise((resolve) => {
    execFile('sh', ['-c', script], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, output: `${stdout}${stderr}` }),
    );
  });
}

describe('the commands of the documents', () => {
  it('are found', () => {
    const files = new Set(commands.map(({ block }) => block.file));
    for (const file of ['README.md', 'docs/life-of-a-job.md', 'examples/gsm8k/README.md']) assert.ok(files.has(file));
    assert.ok(commands.length > 25);
  });

  it('are each run by one test', () => {
    const wrong = commands
      .filter(({ claims }) => claims.length !== 1)
      .map(({ block, command, claims }) => {
        const remedy = 'add a claim to test/docs/claims.ts, and the test that runs it';
        const found = claims.length === 0 ? `nobody runs it; ${remedy}` : `${claims.length} claims fit, one may`;
        return `${block.file}:${block.line}: ${command}: ${found}`;
      });
    assert.deepEqual(wrong, []);
  });

  it('are in the files that are said to run them', () => {
    for (const claim of CLAIMS) {
      if (claim.by !== 'Elsewhere') continue;
      for (const [file, words] of Object.entries(claim.words)) {
        assert.ok(existsSync(join(REPOSITORY, file)), `${claim.command}: ${file} is gone`);
        const text = readFileSync(join(REPOSITORY, file), 'utf8');
        for (const word of words) assert.ok(text.includes(word), `${claim.command}: ${file} has no ${word}`);
      }
    }
  });

  it('name scripts of this package, also in the middle of a sentence', () => {
    const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { scripts: object };
    for (const file of findDocuments()) {
      for (const [, name = ''] of readDocument(file).matchAll(/\bnpm run (?:--\S+ )?([\w:-]*\w)/g)) {
        assert.ok(Object.hasOwn(scripts, name), `${file}: npm run ${name}: package.json has no such script`);
      }
    }
  });

  it('are claimed as a reader would expect', () => {
    const by = (command: string): string =>
      claimsOf(command)
        .map((claim) => claim.by)
        .join();
    assert.equal(by('npm start -- --help'), 'Machine');
    assert.equal(by('npm start -- a.yaml'), 'Machine');
    assert.equal(by('kubectl get ppojobs'), 'Cluster');
    assert.equal(by('kubectl attach arithmetic-coordinator-0'), '');
    assert.equal(by('rm -rf /'), '');
  });

  it('do on this machine what they say', async (context) => {
    const npm = prepare();
    for (const { block, command, claims } of commands) {
      const [claim] = claims;
      if (claim?.by !== 'Machine') continue;
      const full = `${command}${claim.suffix ?? ''}`;
      const { code, output } = await run(`${npm}${full}`);
      assert.equal(code, 0, `${block.file}:${block.line}: ${full}: ${output}`);
      context.diagnostic(full);
    }
    const prompts = readFileSync(join(directory, 'prompts-train.jsonl'), 'utf8');
    assert.match(prompts, /"answer":"1024"/);
  });
});
