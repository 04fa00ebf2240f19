// A headless Chromium for tests, spoken to over the DevTools protocol; what its page asks for, and what it complains of, is
// kept. Ends with the test, and leaves no folder behind. Knows no page.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findInPath } from '../programs.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const START_MS = 90_000;
const CALL_MS = 60_000;
const EVENTUALLY_MS = 200_000;
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--mute-audio'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-extensions'],
  ...['--hide-scrollbars', '--force-device-scale-factor=1', '--remote-debugging-port=0'],
];

/** Null where none is installed. */
export function findChromium(path = process.env.PATH): string | null {
  return findInPath(NAMES, path);
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export class Chromium {
  readonly #process: ChildProcess;
  readonly #profile: string;
  #socket: WebSocket | null = null;
  #numCalls = 0;
  readonly #calls = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  /** Every address that the page asked for. */
  readonly requests: string[] = [];
  /** Errors of scripts, refusals of the page's policy, and what else lands in the console as an error or a warning. */
  readonly complaints: string[] = [];

  private constructor(program: string) {
    this.#profile = mkdtempSync(join(tmpdir(), 'ppo-chromium-'));
    // A process group of its own, so that its helpers end with it.
    this.#process = spawn(program, [...FLAGS, `--user-data-dir=${this.#profile}`, 'about:blank'], {
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, HOME: this.#profile },
    });
    process.once('exit', this.#kill);
  }

  static async start(program: string): Promise<Chromium> {
    const chromium = new Chromium(program);
    try {
      await chromium.#connect();
    } catch (error) {
      await chromium.close();
      throw error;
    }
    return chromium;
  }

  async open(url: string): Promise<void> {
    await this.send('Page.navigate', { url });
  }

  /** How large the window is, and which colours its user likes. */
  async look(width: number, height: number, scheme: 'light' | 'dark' = 'light'): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    await this.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  }

  /** The value of an expression in the page; a promise's, if it is one. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      ...{ expression, returnByValue: true, awaitPromise: true },
    });
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: T }).value;
  }

  /** Waits until the expression holds. */
  async until(expression: string): Promise<void> {
    const endMs = Date.now() + EVENTUALLY_MS;
    while (!(await this.evaluate<boolean>(`Boolean(${expression})`).catch(() => false))) {
      if (Date.now() > endMs) {
        const text = await this.evaluate<string>('document.body.innerText').catch(String);
        throw new Error(`never: ${expression}; complaints: ${this.complaints.join('; ')}; the page says:\n${text}`);
      }
      await delay(50);
    }
  }

  async press(key: string): Promise<void> {
    const virtualKeys: Record<string, number> = {
      Tab: 9,
      Enter: 13,
      Escape: 27,
      ArrowLeft: 37,
      ArrowRight: 39,
      Home: 36,
    };
    const event = { key, code: key, windowsVirtualKeyCode: virtualKeys[key], ...(key === 'Enter' && { text: '\r' }) };
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  async moveTo(x: number, y: number): Promise<void> {
    await this.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y });
  }

  /** PNG of the window, or of all that it could scroll to. */
  async screenshot(isWhole = false): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: isWhole });
    return Buffer.from(data as string, 'base64');
  }

  async send(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const id = ++this.#numCalls;
    const call = Promise.withResolvers<Record<string, unknown>>();
    this.#calls.set(id, call);
    this.#socket?.send(JSON.stringify({ id, method, params }));
    const timer = setTimeout(() => call.reject(new Error(`${method}: no answer`)), CALL_MS);
    try {
      return await call.promise;
    } finally {
      clearTimeout(timer);
      this.#calls.delete(id);
    }
  }

  async close(): Promise<void> {
    this.#socket?.close();
    const ended = new Promise<void>((resolve) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) resolve();
      else this.#process.once('exit', () => resolve());
    });
    this.#kill();
    await ended;
    process.off('exit', this.#kill);
    // Helpers that are just ending may still write.
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  readonly #kill = (): void => {
    try {
      if (this.#process.pid !== undefined) process.kill(-this.#process.pid, 'SIGKILL');
    } catch {
      // All have ended.
    }
  };

  async #connect(): Promise<void> {
    const port = await this.#port();
    const pages = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const url = pages.find(({ type }) => type === 'page')?.webSocketDebuggerUrl;
    if (url === undefined) throw new Error('Chromium has no page');
    const socket = new WebSocket(url);
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data)) as Message));
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener('error', () => reject(new Error('no connection to Chromium')), { once: true });
    });
    this.#socket = socket;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.send(`${domain}.enable`);
  }

  /** Chromium writes it into its profile once it listens. */
  async #port(): Promise<number> {
    const path = join(this.#profile, 'DevToolsActivePort');
    const endMs = Date.now() + START_MS;
    for (;;) {
      const port = existsSync(path) ? Number(readFileSync(path, 'utf8').split('\n')[0]) : 0;
      if (port > 0) return port;
      if (Date.now() > endMs || this.#process.exitCode !== null) throw new Error('Chromium did not start');
      await delay(50);
    }
  }

  #receive({ id, method, params, result, error }: Message): void {
    if (id !== undefined) {
      if (error === undefined) this.#calls.get(id)?.resolve(result ?? {});
      else this.#calls.get(id)?.reject(new Error(error.message));
      return;
    }
    if (method === 'Network.requestWillBeSent')
      this.requests.push((params as { request: { url: string } }).request.url);
    if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(params?.exceptionDetails));
    const level = (params?.entry as { level?: string } | undefined)?.level ?? params?.type;
    const isLog = method === 'Log.entryAdded' || method === 'Runtime.consoleAPICalled';
    if (isLog && (level === 'error' || level === 'warning')) this.complaints.push(JSON.stringify(params));
  }
}
