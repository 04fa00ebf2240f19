/** The plugin as a process: what of a cluster's words reaches the terminal, and how soon it leaves. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { answer, type Respond, ScriptedApiServer, SILENCE } from '../cluster/api-server.ts';
import { condition, storedEvent, storedJob } from './builders.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'operator', 'kubectl', 'main.ts');
/** Clears the screen, sets the title. */
const EVIL = '\x1b[2J\x1b]0;owned\x07\x9b2J\rdone';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(server: ScriptedApiServer, ...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const env = { ...process.env, KUBECONFIG: '', HOME: '/nonexistent' };
  const child = spawn(process.execPath, [MAIN, ...args, '-s', server.url, '-n', 'ml'], { env });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, ...said }))) };
}

test('what anybody may have written moves no cursor, in views, reports and errors', async () => {
  const job = storedJob({ conditions: [condition('Failed', 'True', 'DeadlineExceeded', EVIL)] });
  const event = storedEvent('PPOJob', 'tiny', 'DeadlineExceeded', EVIL);
  const list = (items: unknown[]) => ({ metadata: { resourceVersion: '1' }, items });
  const refusal = { kind: 'Status', reason: 'Forbidden', message: EVIL, code: 403 };
  const respond: Respond = (response, asked) => {
    if (asked.path.endsWith('/ppojobs')) return answer(403, refusal)(response, asked);
    if (asked.path.endsWith('/events')) return answer(200, list([event]))(response, asked);
    return answer(200, asked.path.endsWith('/tiny') ? job : list([]))(response, asked);
  };
  const server = await ScriptedApiServer.start(respond);
  try {
    for (const args of [['status', 'tiny'], ['explain-failure', 'tiny'], ['status']]) {
      const { stdout, stderr } = await start(server, ...args).ended;
      assert.match(stdout + stderr, /done/, args.join(' '));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
      assert.doesNotMatch(stdout + stderr, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/, args.join(' '));
    }
  } finally {
    await server.close();
  }
});

test('Ctrl-C ends it while a request is under way', async () => {
  let onAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    onAsked = resolve;
  });
  const server = await ScriptedApiServer.start((response, request) => {
    SILENCE(response, request);
    onAsked();
  });
  try {
    const { child, ended } = start(server, 'suspend', 'tiny');
    await asked;
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    // An answer that doesn't come would be an error of its own.
    assert.deepEqual([code, stderr], [130, '']);
  } finally {
    await server.close();
  }
});
