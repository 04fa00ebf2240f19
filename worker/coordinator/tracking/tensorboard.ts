/**
 * A job in TensorBoard: an event file for each life of the coordinator, on disk after every iteration. Iterations that are
 * done again replace those of before: a session that starts at a step makes readers forget what they have from it on.
 * Knows no byte of the format.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { JobConfig } from '../../api/job-config.ts';
import { RecordFile } from './record-file.ts';
import { flattenSettings, settingsOf } from './settings-of-job.ts';
import {
  fileVersionEvent,
  frameRecord,
  hparamsEvent,
  scalarsEvent,
  sessionStartEvent,
  textEvent,
} from './tensorboard-events.ts';
import type { ResponseSample, TrackedIteration, Tracker } from './tracker.ts';

export interface TensorboardOptions {
  readonly directory: string;
  readonly config: JobConfig;
  readonly host: string;
  /** Since 1970. */
  readonly nowMs: () => number;
}

export class TensorboardTracker implements Tracker {
  readonly name = 'tensorboard';
  readonly #options: TensorboardOptions;
  readonly #file: RecordFile;
  #isBegun = false;

  constructor(options: TensorboardOptions) {
    this.#options = options;
    this.#file = new RecordFile({ path: freePath(options), frame: frameRecord });
  }

  resume(iteration: number): void {
    const wallSeconds = this.#wallSeconds();
    const version = this.#isBegun ? [] : [fileVersionEvent(wallSeconds)];
    this.#isBegun = true;
    const start = sessionStartEvent({ wallSeconds, step: iteration === 0 ? 0 : iteration + 1 });
    this.#file.append(...version, start, ...(iteration === 0 ? this.#settings() : []));
  }

  log({ iteration, metrics, samples }: TrackedIteration): void {
    const at = { wallSeconds: this.#wallSeconds(), step: iteration };
    const texts = samples.length === 0 ? [] : [textEvent(at, 'rollout/responses', tableOf(samples))];
    this.#file.append(scalarsEvent(at, metrics), ...texts);
  }

  finish(): void {}

  close(): void {
    this.#file.close();
  }

  #settings(): Uint8Array[] {
    const { config } = this.#options;
    const at = { wallSeconds: this.#wallSeconds(), step: 0 };
    const settings = settingsOf(config);
    const group = `${config.job.namespace}/${config.job.name}/${config.job.uid}`;
    return [
      textEvent(at, 'job/settings', `\`\`\`json\n${JSON.stringify(settings, null, 2)}\n\`\`\``),
      hparamsEvent(at, group, flattenSettings(settings)),
    ];
  }

  #wallSeconds(): number {
    return this.#options.nowMs() / 1000;
  }
}

/** Readers take files in the order of their names: by seconds, then by who came first. */
function freePath({ directory, host, nowMs }: TensorboardOptions): string {
  const seconds = String(Math.floor(nowMs() / 1000)).padStart(10, '0');
  for (let count = 0; ; count++) {
    const path = join(directory, `events.out.tfevents.${seconds}.${host}.${process.pid}.${count}`);
    if (!existsSync(path)) return path;
  }
}

function tableOf(samples: readonly ResponseSample[]): string {
  const rows = samples.map(({ prompt, response, score }) => `| ${cell(prompt)} | ${cell(response)} | ${score} |`);
  return ['| prompt | response | score |', '| --- | --- | --- |', ...rows].join('\n');
}

/** A text as it may stand in a table of Markdown, all of it visible: a model's HTML is nothing for people's browsers. */
function cell(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('\\', '\\\\')
    .replace(/[|`*_[\]]/g, '\\$&')
    .replace(/\r\n|\r|\n/g, '⏎');
}
