// The operator's page as a user reaches it: by `kubectl port-forward` to the operator's pod. It knows no page of it.

import type { ChildProcess } from 'node:child_process';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { OPERATOR_NAMESPACE } from '../chart.ts';
import type { KubectlWithPlugin } from '../plugin.ts';

const PAGE_PORT = 8081;
const START_MS = 60_000;
const ANSWER_MS = 30_000;

export interface PageReply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export class ForwardedPage {
  readonly #process: ChildProcess;
  readonly #port: number;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.#port = port;
  }

  static async open(kubectl: KubectlWithPlugin): Promise<ForwardedPage> {
    const where = ['--namespace', OPERATOR_NAMESPACE, 'deployment/ppo-operator'];
    const process = kubectl.spawn('port-forward', ...where, `:${PAGE_PORT}`);
    let said = '';
    process.stdout.on('data', (data: Buffer) => {
      said += data;
    });
    const endMs = Date.now() + START_MS;
    for (;;) {
      const port = /127\.0\.0\.1:(\d+) -> 8081/.exec(said)?.[1];
      if (port !== undefined) return new ForwardedPage(process, Number(port));
      if (process.exitCode !== null || Date.now() > endMs) {
        process.kill('SIGKILL');
        throw new Error(`kubectl port-forward forwards nothing: ${said}`);
      }
      await delay(100);
    }
  }

  /** The path as it is, which `fetch` would tidy. */
  ask(path: string, headers: Readonly<Record<string, string>> = {}): Promise<PageReply> {
    const options = { host: '127.0.0.1', port: this.#port, path, headers, agent: false, timeout: ANSWER_MS };
    return new Promise((resolve, reject) => {
      const asked = request(options, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('error', reject).on('end', () => {
          resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body });
        });
      });
      asked.on('timeout', () => asked.destroy(new Error(`${path}: no answer`)));
      asked.on('error', reject).end();
    });
  }

  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) resolve();
      else this.#process.once('exit', () => resolve());
    });
    this.#process.kill('SIGKILL');
    await ended;
  }
}
