/**
 * A job as a run of Weights & Biases, offline: one folder and one log for the whole job, which `wandb sync` uploads. A
 * coordinator that comes after another goes on in the same log, behind the last iteration that still counts.
 * Knows no byte of the format.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobConfig } from '../../api/job-config.ts';
import { RecordFile } from './record-file.ts';
import { settingsOf } from './settings-of-job.ts';
import type { TrackedIteration, Tracker } from './tracker.ts';
import { frameLogRecord, LOG_HEAD, readLog } from './wandb-log.ts';
import { exitRecord, headerRecord, historyRecord, readRecord, runRecord, summaryRecord } from './wandb-records.ts';

const PRODUCER = 'ppo-operator';
const ID_CHARACTERS = 12;
const FOLDER = /^offline-run-\d{8}_\d{6}-(.+)$/;

export interface WandbOptions {
  readonly settings: NonNullable<JobConfig['tracking']['wandb']>;
  readonly config: JobConfig;
  readonly host: string;
  /** Since 1970. */
  readonly nowMs: () => number;
}

/** A log that a run goes on in. */
interface OpenLog {
  readonly id: string;
  readonly startSeconds: number;
  readonly file: RecordFile;
  numRecords: number;
}

/** What an earlier coordinator left. */
interface EarlierLog {
  readonly path: string;
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly startSeconds: number;
  /** Bytes and records up to the last that counts. */
  readonly keptBytes: number;
  readonly keptRecords: number;
}

export class WandbTracker implements Tracker {
  readonly name = 'wandb';
  readonly #options: WandbOptions;
  #log: OpenLog | null = null;
  /** Null before the job has gone on here: then an earlier run is nothing to touch. */
  #resumedAfter: number | null = null;

  constructor(options: WandbOptions) {
    this.#options = options;
  }

  resume(iteration: number): void {
    this.#resumedAfter = iteration;
    this.#log?.file.close();
    this.#log = null;
    const earlier = this.#findEarlier(iteration);
    this.#log = earlier === null ? this.#begin() : reopen(earlier);
    const { id } = this.#log;
    if (earlier === null)
      this.#append(
        (num) => headerRecord(id, num, PRODUCER),
        (num) => runRecord(this.#run(id), num),
      );
  }

  log({ iteration, metrics }: TrackedIteration): void {
    const { id, startSeconds } = this.#open();
    const seconds = this.#options.nowMs() / 1000;
    const figures = {
      ...metrics,
      _timestamp: seconds,
      _runtime: Math.max(0, seconds - startSeconds),
      _step: iteration,
    };
    this.#append(
      (num) => historyRecord(id, num, iteration, figures),
      (num) => summaryRecord(id, num, figures),
    );
  }

  finish(isSuccess: boolean): void {
    if (this.#resumedAfter === null) return;
    const { id, startSeconds } = this.#open();
    const seconds = Math.max(0, this.#options.nowMs() / 1000 - startSeconds);
    this.#append((num) => exitRecord(id, num, { exitCode: isSuccess ? 0 : 1, seconds }));
  }

  close(): void {
    this.#log?.file.close();
  }

  /** Opens the run, also where that failed before. */
  #open(): OpenLog {
    if (this.#log === null) this.resume(this.#resumedAfter!);
    return this.#log!;
  }

  #append(...encode: readonly ((num: number) => Uint8Array)[]): void {
    const log = this.#log!;
    log.file.append(...encode.map((one) => one(++log.numRecords)));
  }

  #begin(): OpenLog {
    const startMs = this.#options.nowMs();
    const id = this.#idOfJob();
    const time = new Date(startMs).toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15);
    const folder = join(this.#options.settings.directory, `offline-run-${time}-${id}`);
    // `wandb sync` writes settings and summary there, and uploads them; it makes no folder for them.
    mkdirSync(join(folder, 'files'), { recursive: true });
    const file = new RecordFile({ path: join(folder, `run-${id}.wandb`), frame: frameLogRecord, head: LOG_HEAD });
    return { id, startSeconds: Math.floor(startMs / 1000), file, numRecords: 0 };
  }

  #run(id: string): Parameters<typeof runRecord>[0] {
    const { settings, config, host } = this.#options;
    const { entity, project, name, group, tags } = settings;
    const startSeconds = this.#log!.startSeconds;
    return {
      ...{ id, entity, project, name, group, tags, startSeconds },
      host,
      config: settingsOf(config),
    };
  }

  /** The same for every coordinator of the job, and another for a later job of the same name. */
  #idOfJob(): string {
    return createHash('sha256').update(this.#options.config.job.uid).digest('hex').slice(0, ID_CHARACTERS);
  }

  /**
   * The log that this job has written so far: by its id, or, where a job is run again from its checkpoints under another
   * id (on one machine), the newest of the same project and name.
   */
  #findEarlier(iteration: number): EarlierLog | null {
    const { directory, project, name } = this.#options.settings;
    if (!existsSync(directory)) return null;
    const folders = readdirSync(directory)
      .filter((folder) => FOLDER.test(folder))
      .sort()
      .reverse();
    const id = this.#idOfJob();
    const own = folders.find((folder) => FOLDER.exec(folder)?.[1] === id);
    if (own !== undefined) return readEarlier(join(directory, own), iteration);
    if (iteration === 0) return null;
    for (const folder of folders) {
      const earlier = readEarlier(join(directory, folder), iteration);
      if (earlier?.project === project && earlier.name === name) return earlier;
    }
    return null;
  }
}

function reopen({ path, id, startSeconds, keptBytes, keptRecords }: EarlierLog): OpenLog {
  const file = new RecordFile({ path, frame: frameLogRecord, head: LOG_HEAD, keptBytes });
  return { id, startSeconds, file, numRecords: keptRecords };
}

/** The log of a run's folder up to and with `iteration`; null where there is none that has begun. */
function readEarlier(folder: string, iteration: number): EarlierLog | null {
  const id = FOLDER.exec(folder.split('/').at(-1)!)?.[1] ?? '';
  const path = join(folder, `run-${id}.wandb`);
  if (!existsSync(path)) return null;
  let run: Omit<EarlierLog, 'path' | 'keptBytes' | 'keptRecords'> | null = null;
  let keptBytes = 0;
  let keptRecords = 0;
  for (const { data, end } of readLog(readFileSync(path))) {
    const record = readRecord(data);
    if (record.kind === 'exit' || (record.kind === 'history' && record.step > iteration)) break;
    if (record.kind === 'run') run = record;
    keptBytes = end;
    keptRecords++;
  }
  return run === null ? null : { ...run, path, keptBytes, keptRecords };
}
