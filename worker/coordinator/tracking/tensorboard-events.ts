/**
 * TensorBoard's records: events as protobuf, framed as TFRecords. Knows no file and no job.
 * Source: tensorboard/compat/proto/{event,summary,tensor}.proto, plugins/hparams/plugin_data.proto;
 * https://www.tensorflow.org/tutorials/load_data/tfrecord
 */
import { ProtoWriter } from '../../graph/protobuf.ts';
import { maskedCrc32c } from './crc32c.ts';

/** Readers take anything older for a file whose restarts they must guess. */
const FILE_VERSION = 'brain.Event:2';
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const SESSION_START = 1;
const VALUE = { tag: 1, simpleValue: 2, tensor: 8, metadata: 9 } as const;
const METADATA = { pluginData: 1, dataClass: 4 } as const;
const DATA_CLASS_TENSOR = 2;
const TENSOR = { dtype: 1, shape: 2, floatValue: 5, stringValue: 8 } as const;
const DT_FLOAT = 1;
const DT_STRING = 7;
/** Of the hparams plugin: its tag and the fields of its content. */
const HPARAMS_TAG = '_hparams_/session_start_info';
const HPARAMS = { sessionStart: 3, hparams: 1, groupName: 4, startTime: 5 } as const;
const JSON_VALUE = { number: 2, text: 3, bool: 4 } as const;

export type Hyperparameters = ReadonlyMap<string, number | string | boolean>;

/** A record as it stands in the file: length, its checksum, data, its checksum. */
export function frameRecord(data: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(12 + data.length + 4);
  framed.writeBigUInt64LE(BigInt(data.length), 0);
  framed.writeUInt32LE(maskedCrc32c(framed.subarray(0, 8)), 8);
  framed.set(data, 12);
  framed.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return framed;
}

interface At {
  readonly wallSeconds: number;
  readonly step: number;
}

function encodeEvent({ wallSeconds, step }: At, write: (writer: ProtoWriter) => void): Uint8Array {
  const writer = new ProtoWriter();
  writer.double(EVENT.wallTime, wallSeconds);
  writer.int(EVENT.step, step);
  write(writer);
  return writer.finish();
}

/** The first event of every file. */
export function fileVersionEvent(wallSeconds: number): Uint8Array {
  return encodeEvent({ wallSeconds, step: 0 }, (event) => event.text(EVENT.fileVersion, FILE_VERSION));
}

/** Readers forget what they have of `step` and later. */
export function sessionStartEvent(at: At): Uint8Array {
  return encodeEvent(at, (event) => event.message(EVENT.sessionLog, (log) => log.int(1, SESSION_START)));
}

function summaryEvent(at: At, writeValues: ((value: ProtoWriter) => void)[]): Uint8Array {
  return encodeEvent(at, (event) => {
    event.message(EVENT.summary, (summary) => {
      for (const write of writeValues) summary.message(1, write);
    });
  });
}

export function scalarsEvent(at: At, scalars: Readonly<Record<string, number>>): Uint8Array {
  const values = Object.entries(scalars).map(([tag, scalar]) => (value: ProtoWriter) => {
    value.text(VALUE.tag, tag);
    value.float(VALUE.simpleValue, scalar);
  });
  return summaryEvent(at, values);
}

/** Markdown, in the text dashboard. */
export function textEvent(at: At, tag: string, markdown: string): Uint8Array {
  const write = (value: ProtoWriter) => {
    value.text(VALUE.tag, tag);
    value.message(VALUE.tensor, (tensor) => {
      tensor.int(TENSOR.dtype, DT_STRING);
      tensor.message(TENSOR.shape, (shape) => shape.message(2, (dimension) => dimension.int(1, 1)));
      tensor.text(TENSOR.stringValue, markdown);
    });
    writeMetadata(value, 'text', new Uint8Array());
  };
  return summaryEvent(at, [write]);
}

function writeMetadata(value: ProtoWriter, plugin: string, content: Uint8Array): void {
  value.message(VALUE.metadata, (metadata) => {
    metadata.message(METADATA.pluginData, (data) => {
      data.text(1, plugin);
      data.bytes(2, content);
    });
    metadata.int(METADATA.dataClass, DATA_CLASS_TENSOR);
  });
}

/** The settings by which the hparams dashboard compares runs. */
export function hparamsEvent(at: At, group: string, hyperparameters: Hyperparameters): Uint8Array {
  const content = new ProtoWriter();
  content.message(HPARAMS.sessionStart, (start) => {
    for (const [key, value] of hyperparameters) {
      start.message(HPARAMS.hparams, (entry) => {
        entry.text(1, key);
        entry.message(2, (json) => writeJsonValue(json, value));
      });
    }
    start.text(HPARAMS.groupName, group);
    start.double(HPARAMS.startTime, at.wallSeconds);
  });
  const write = (value: ProtoWriter) => {
    value.text(VALUE.tag, HPARAMS_TAG);
    value.message(VALUE.tensor, (tensor) => {
      tensor.int(TENSOR.dtype, DT_FLOAT);
      tensor.message(TENSOR.shape, () => {});
      tensor.float(TENSOR.floatValue, 0);
    });
    writeMetadata(value, 'hparams', content.finish());
  };
  return summaryEvent(at, [write]);
}

function writeJsonValue(json: ProtoWriter, value: number | string | boolean): void {
  if (typeof value === 'number') json.double(JSON_VALUE.number, value);
  else if (typeof value === 'string') json.text(JSON_VALUE.text, value);
  else json.int(JSON_VALUE.bool, value ? 1 : 0);
}
