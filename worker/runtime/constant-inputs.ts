// Turns inputs of an encoded ONNX model into external initializers, so that a session may treat weights as constants
// (and repack them) without their bytes being part of the model. Knows the few protobuf fields it must touch, no graph.
import { RuntimeError } from './runtime-error.ts';

export interface ConstantInput {
  readonly name: string;
  readonly shape: readonly number[];
  /** onnx.TensorProto.DataType */
  readonly elementType: number;
}

// Field numbers of onnx.proto: ModelProto, GraphProto, ValueInfoProto, TensorProto, StringStringEntryProto.
const MODEL_GRAPH = 7;
const GRAPH_INITIALIZER = 5;
const GRAPH_INPUT = 11;
const VALUE_INFO_NAME = 1;
const TENSOR = { dims: 1, dataType: 2, name: 8, externalData: 13, dataLocation: 14 } as const;
const ENTRY = { key: 1, value: 2 } as const;
const LOCATION_EXTERNAL = 1;

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

interface Field {
  readonly number: number;
  /** The whole field with its tag. */
  readonly raw: Uint8Array;
  /** The content of a length-delimited field, else empty. */
  readonly content: Uint8Array;
}

/**
 * The model with the inputs of these names declared as initializers in the external file `location`, which ONNX
 * Runtime wants to exist but doesn't read, because AddInitializer supplies the data. Names that aren't inputs are left
 * alone: they are initializers of the model already. Throws INVALID_MODEL when the bytes aren't a model.
 */
export function inputsAsInitializers(
  model: Uint8Array,
  constants: readonly ConstantInput[],
  location: string,
): Uint8Array {
  const byName = new Map(constants.map((constant) => [constant.name, constant]));
  const parts = readFields(model).map((field) =>
    field.number === MODEL_GRAPH ? bytesField(MODEL_GRAPH, rewriteGraph(field.content, byName, location)) : field.raw,
  );
  return Buffer.concat(parts);
}

function rewriteGraph(graph: Uint8Array, byName: Map<string, ConstantInput>, location: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const field of readFields(graph)) {
    const constant = field.number === GRAPH_INPUT ? byName.get(valueName(field.content)) : undefined;
    parts.push(constant === undefined ? field.raw : bytesField(GRAPH_INITIALIZER, placeholder(constant, location)));
  }
  return Buffer.concat(parts);
}

function valueName(valueInfo: Uint8Array): string {
  const name = readFields(valueInfo).find((field) => field.number === VALUE_INFO_NAME);
  return name === undefined ? '' : Buffer.from(name.content).toString('utf8');
}

function placeholder(constant: ConstantInput, location: string): Uint8Array {
  return Buffer.concat([
    ...constant.shape.map((dim) => varintField(TENSOR.dims, dim)),
    varintField(TENSOR.dataType, constant.elementType),
    bytesField(TENSOR.name, Buffer.from(constant.name)),
    bytesField(
      TENSOR.externalData,
      Buffer.concat([bytesField(ENTRY.key, Buffer.from('location')), bytesField(ENTRY.value, Buffer.from(location))]),
    ),
    varintField(TENSOR.dataLocation, LOCATION_EXTERNAL),
  ]);
}

function varintField(number: number, value: number): Uint8Array {
  return Buffer.concat([varint(number * 8 + VARINT), varint(value)]);
}

function bytesField(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([varint(number * 8 + BYTES), varint(content.byteLength), content]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  // Division, not shifts: lengths and dimensions may pass 2^31.
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function readFields(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < message.byteLength) {
    const start = at;
    const tag = readVarint(message, at);
    const wire = tag.value % 8;
    let contentStart = tag.end;
    if (wire === BYTES) {
      const length = readVarint(message, tag.end);
      contentStart = length.end;
      at = length.end + length.value;
    } else {
      at = skipScalar(message, tag.end, wire);
    }
    if (at > message.byteLength) throw notAModel();
    const content = wire === BYTES ? message.subarray(contentStart, at) : message.subarray(at, at);
    fields.push({ number: Math.floor(tag.value / 8), raw: message.subarray(start, at), content });
  }
  return fields;
}

function skipScalar(message: Uint8Array, at: number, wire: number): number {
  if (wire === VARINT) return readVarint(message, at).end;
  if (wire === FIXED64) return at + 8;
  if (wire === FIXED32) return at + 4;
  throw notAModel();
}

function readVarint(message: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start, scale = 1; at < message.byteLength && at < start + 10; at++, scale *= 128) {
    const byte = message[at]!;
    value += (byte % 128) * scale;
    if (byte < 128) return { value, end: at + 1 };
  }
  throw notAModel();
}

function notAModel(): RuntimeError {
  return new RuntimeError('INVALID_MODEL', 'the bytes are not an encoded ONNX model');
}
