/**
 * The records of a run of Weights & Biases as protobuf. Knows no file and no job.
 * Source: wandb/proto/wandb_internal.proto (wandb 0.31)
 */

import { ProtoWriter } from '../../graph/protobuf.ts';
import { findBytes, findInt, findText, readFields } from '../../graph/protobuf-reader.ts';

const RECORD = { num: 1, history: 2, summary: 3, run: 17, exit: 18, header: 21, info: 200 } as const;
const RUN = {
  ...{ runId: 1, entity: 2, project: 3, config: 4, group: 6, displayName: 8, tags: 10, host: 13, startTime: 17 },
} as const;
const ITEM = { key: 1, nestedKey: 2, json: 16 } as const;
const HISTORY = { item: 1, step: 2 } as const;
/** The oldest program of theirs that may read the run. */
const MIN_CONSUMER = '0.70.0';

export interface WandbRun {
  readonly id: string;
  readonly entity: string | null;
  readonly project: string;
  readonly name: string;
  readonly group: string | null;
  readonly tags: readonly string[];
  readonly host: string;
  readonly startSeconds: number;
  /** Any JSON. */
  readonly config: Readonly<Record<string, unknown>>;
}

function encodeRecord(runId: string, num: number, write: (record: ProtoWriter) => void): Uint8Array {
  const record = new ProtoWriter();
  record.int(RECORD.num, num);
  write(record);
  record.message(RECORD.info, (info) => info.text(1, runId));
  return record.finish();
}

export function headerRecord(runId: string, num: number, producer: string): Uint8Array {
  return encodeRecord(runId, num, (record) => {
    record.message(RECORD.header, (header) => {
      header.message(1, (version) => {
        version.text(1, producer);
        version.text(2, MIN_CONSUMER);
      });
    });
  });
}

export function runRecord(run: WandbRun, num: number): Uint8Array {
  return encodeRecord(run.id, num, (record) => {
    record.message(RECORD.run, (message) => {
      message.text(RUN.runId, run.id);
      if (run.entity !== null) message.text(RUN.entity, run.entity);
      message.text(RUN.project, run.project);
      message.message(RUN.config, (config) => {
        for (const [key, value] of Object.entries({ _wandb: {}, ...run.config })) {
          config.message(1, (item) => {
            item.text(ITEM.key, key);
            item.text(ITEM.json, JSON.stringify(value));
          });
        }
      });
      if (run.group !== null) message.text(RUN.group, run.group);
      message.text(RUN.displayName, run.name);
      for (const tag of run.tags) message.text(RUN.tags, tag);
      message.text(RUN.host, run.host);
      message.message(RUN.startTime, (time) => time.int(1, Math.floor(run.startSeconds)));
    });
  });
}

/** Figures of a step; what isn't finite is written as their own programs do: "NaN", "Infinity". */
export type Figures = Readonly<Record<string, number>>;

export function historyRecord(runId: string, num: number, step: number, figures: Figures): Uint8Array {
  return encodeRecord(runId, num, (record) => {
    record.message(RECORD.history, (history) => {
      writeItems(history, HISTORY.item, figures);
      history.message(HISTORY.step, (message) => message.int(1, step));
    });
  });
}

/** The newest figures, by which runs are listed. */
export function summaryRecord(runId: string, num: number, figures: Figures): Uint8Array {
  return encodeRecord(runId, num, (record) => {
    record.message(RECORD.summary, (summary) => writeItems(summary, 1, figures));
  });
}

export function exitRecord(runId: string, num: number, o: { exitCode: number; seconds: number }): Uint8Array {
  return encodeRecord(runId, num, (record) => {
    record.message(RECORD.exit, (exit) => {
      exit.int(1, o.exitCode);
      exit.int(2, Math.floor(o.seconds));
    });
  });
}

function writeItems(message: ProtoWriter, field: number, figures: Figures): void {
  for (const [name, value] of Object.entries(figures)) {
    message.message(field, (item) => {
      // A nested key of one part: a plain key would be split at its dots.
      item.text(ITEM.nestedKey, name);
      item.text(ITEM.json, Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value)));
    });
  }
}

/** What a record of a run is, as far as one that goes on must know. */
export type ReadRecord =
  | {
      readonly kind: 'run';
      readonly id: string;
      readonly project: string;
      readonly name: string;
      readonly startSeconds: number;
    }
  | { readonly kind: 'history'; readonly step: number }
  | { readonly kind: 'exit' }
  | { readonly kind: 'other' };

/** Throws an Error for bytes that are no record. */
export function readRecord(record: Uint8Array): ReadRecord {
  for (const { field, bytes } of readFields(record)) {
    if (bytes === null) continue;
    if (field === RECORD.exit) return { kind: 'exit' };
    if (field === RECORD.history) {
      return { kind: 'history', step: findInt(findBytes(bytes, HISTORY.step) ?? new Uint8Array(), 1) };
    }
    if (field === RECORD.run) {
      const startSeconds = findInt(findBytes(bytes, RUN.startTime) ?? new Uint8Array(), 1);
      const [id, project, name] = [RUN.runId, RUN.project, RUN.displayName].map((key) => findText(bytes, key));
      return { kind: 'run', id: id!, project: project!, name: name!, startSeconds };
    }
  }
  return { kind: 'other' };
}
