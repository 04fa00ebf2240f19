// This repository's chart as Helm renders and installs it. It knows Helm's command line, and no object's meaning.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { JsonObject } from '../../operator/cluster/json.ts';
import { ensureBinaries } from './binaries.ts';
import { assertSuccess, type CommandResult, runCommand } from './run-command.ts';
import { HELM } from './versions.ts';

export const CHART = join(import.meta.dirname, '..', '..', 'charts', 'ppo-operator');
export const OPERATOR_NAMESPACE = 'ppo-operator';
const TIMEOUT_MS = 660_000;

export type HelmName = (typeof HELM)[number];

/** Values as values.yaml has them, not by dotted paths. */
export type ChartValues = Readonly<Record<string, unknown>>;

export interface Release {
  readonly name?: string;
  readonly namespace?: string;
  readonly values?: ChartValues;
  /** Folder of the chart. */
  readonly chart?: string;
}

/** An object of the chart. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: objects of ten kinds, each read as what it is
  readonly spec?: any;
  readonly data?: Readonly<Record<string, string>>;
  /** Of roles. */
  readonly rules?: readonly { readonly resources: readonly string[] }[];
}

export const asRendered = (objects: readonly JsonObject[]): Rendered[] => objects as unknown as Rendered[];

/** The one object of `kind`. */
export function only(objects: readonly Rendered[], kind: string): Rendered {
  const [found, ...others] = objects.filter((object) => object.kind === kind);
  assert.ok(found !== undefined && others.length === 0, `one ${kind}`);
  return found;
}

/** A command line of Helm with a home of its own; a failing command is a result, too. */
export class Helm {
  readonly #path: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #directory = mkdtempSync(join(tmpdir(), 'ppo-helm-'));

  private constructor(path: string, kubeconfig: string | null) {
    this.#path = path;
    this.#environment = {
      ...{ PATH: process.env.PATH, HOME: this.#directory, HELM_CACHE_HOME: join(this.#directory, 'cache') },
      ...{ HELM_CONFIG_HOME: join(this.#directory, 'config'), HELM_DATA_HOME: join(this.#directory, 'data') },
      // No cluster is better than the one that happens to be the user's.
      KUBECONFIG: kubeconfig ?? join(this.#directory, 'none'),
    };
    process.once('exit', () => rmSync(this.#directory, { recursive: true, force: true }));
  }

  static async find(name: HelmName = 'helm', kubeconfig: string | null = null): Promise<Helm> {
    const binaries = await ensureBinaries(HELM, { say: (line) => console.error(line) });
    return new Helm(binaries[name], kubeconfig);
  }

  run(...args: readonly string[]): Promise<CommandResult> {
    return runCommand(this.#path, args, { timeoutMs: TIMEOUT_MS, env: this.#environment });
  }

  /** What a command says that must not fail. */
  succeed(...args: readonly string[]): Promise<string> {
    return assertSuccess(`helm ${args.join(' ')}`, this.run(...args));
  }

  /** The arguments that name a release, its chart and its values; the values are in a file until the process ends. */
  argumentsOf({
    name = 'ppo-operator',
    namespace = OPERATOR_NAMESPACE,
    values = {},
    chart = CHART,
  }: Release): string[] {
    const path = join(mkdtempSync(join(this.#directory, 'values-')), 'values.json');
    writeFileSync(path, JSON.stringify(values));
    return [name, chart, '--namespace', namespace, '--values', path];
  }

  /** The text of `helm template`, or what it says against it. */
  template(release: Release = {}): Promise<CommandResult> {
    return this.run('template', ...this.argumentsOf(release));
  }

  /** The objects of `helm template`. */
  async render(release: Release = {}): Promise<JsonObject[]> {
    const text = await this.succeed('template', ...this.argumentsOf(release));
    const documents = parseAllDocuments(text, { version: '1.1' });
    const wrong = documents.flatMap(({ errors }) => errors);
    if (wrong.length > 0) throw new AggregateError(wrong, wrong.map(({ message }) => message).join('\n'));
    return documents.map((document) => document.toJS() as JsonObject | null).filter((object) => object !== null);
  }
}

/** An image's name as the chart takes it. */
export function imageValues(image: string): ChartValues {
  const [name = '', digest = ''] = image.split('@');
  const [, repository = name, tag = ''] = /^(.+):([^:/]+)$/.exec(name) ?? [];
  return { repository, tag, digest };
}
