// Encodes nodes and tensors, already named, as an ONNX ModelProto. Knows ONNX's field numbers; refuses to know what an
// operator means or whether the graph makes sense (ONNX Runtime says so when it compiles it).
// Source of field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
import type { DType, HostArray } from '../runtime/device.ts';
import { ProtoWriter } from './protobuf.ts';

/** A string is a symbolic dimension: equal names mean equal sizes, known when the session runs. */
export type Dim = number | string;

/** A number is an integer, an array is a list of integers; whatever is a float says so. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly tensor: { readonly dtype: DType; readonly shape: readonly number[]; readonly data: HostArray } };

export type Attributes = Readonly<Record<string, Attribute>>;

export interface OnnxNode {
  /** For profiles and error messages only. */
  readonly name: string;
  readonly type: string;
  /** '' is ONNX's own. */
  readonly domain: string;
  /** '' stands for an optional input that is absent. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

export interface OnnxValue {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Dim[];
}

/** `data` null: a placeholder that the session replaces by a buffer of its own (SessionOptions.initializers). */
export interface OnnxInitializer {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: HostArray | null;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

const IR_VERSION = 10;
const OPSETS = [
  ['', 18],
  ['com.microsoft', 1],
] as const;

const DATA_TYPE: Readonly<Record<DType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_STRING = 3;
const ATTRIBUTE_TENSOR = 4;
const ATTRIBUTE_INTS = 7;
const DATA_LOCATION_EXTERNAL = 1;
/** ONNX Runtime wants a location that exists, even where it never reads it: the folder that the process is in does. */
const PLACEHOLDER_LOCATION = '.';

export function encodeModel(graph: OnnxGraph): Uint8Array {
  const model = new ProtoWriter();
  model.int(1, IR_VERSION);
  model.text(2, 'ppo-operator');
  model.message(7, (writer) => writeGraph(writer, graph));
  for (const [domain, version] of OPSETS) {
    model.message(8, (opset) => {
      opset.text(1, domain);
      opset.int(2, version);
    });
  }
  return model.finish();
}

function writeGraph(writer: ProtoWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) writer.message(1, (inner) => writeNode(inner, node));
  writer.text(2, 'graph');
  for (const initializer of graph.initializers) {
    writer.message(5, (inner) => writeTensor(inner, initializer));
  }
  for (const value of graph.inputs) writer.message(11, (inner) => writeValue(inner, value));
  for (const value of graph.outputs) writer.message(12, (inner) => writeValue(inner, value));
}

function writeNode(writer: ProtoWriter, node: OnnxNode): void {
  for (const name of node.inputs) writer.text(1, name);
  for (const name of node.outputs) writer.text(2, name);
  writer.text(3, node.name);
  writer.text(4, node.type);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    writer.message(5, (inner) => writeAttribute(inner, name, attribute));
  }
  if (node.domain !== '') writer.text(7, node.domain);
}

function writeAttribute(writer: ProtoWriter, name: string, attribute: Attribute): void {
  writer.text(1, name);
  if (typeof attribute === 'number') {
    writer.int(3, attribute);
    writer.int(20, ATTRIBUTE_INT);
  } else if (typeof attribute === 'string') {
    writer.text(4, attribute);
    writer.int(20, ATTRIBUTE_STRING);
  } else if ('float' in attribute) {
    writer.float(2, attribute.float);
    writer.int(20, ATTRIBUTE_FLOAT);
  } else if ('tensor' in attribute) {
    writer.message(5, (inner) => writeTensor(inner, { name: '', ...attribute.tensor }));
    writer.int(20, ATTRIBUTE_TENSOR);
  } else {
    for (const item of attribute) writer.int(8, item);
    writer.int(20, ATTRIBUTE_INTS);
  }
}

function writeTensor(writer: ProtoWriter, tensor: OnnxInitializer): void {
  for (const dim of tensor.shape) writer.int(1, dim);
  writer.int(2, DATA_TYPE[tensor.dtype]);
  writer.text(8, tensor.name);
  if (tensor.data !== null) {
    writer.bytes(9, new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
    return;
  }
  writer.message(13, (entry) => {
    entry.text(1, 'location');
    entry.text(2, PLACEHOLDER_LOCATION);
  });
  writer.int(14, DATA_LOCATION_EXTERNAL);
}

function writeValue(writer: ProtoWriter, value: OnnxValue): void {
  writer.text(1, value.name);
  writer.message(2, (type) => {
    type.message(1, (tensorType) => {
      tensorType.int(1, DATA_TYPE[value.dtype]);
      tensorType.message(2, (shape) => writeShape(shape, value.shape));
    });
  });
}

function writeShape(writer: ProtoWriter, shape: readonly Dim[]): void {
  for (const dim of shape) {
    writer.message(1, (inner) => {
      if (typeof dim === 'number') inner.int(1, dim);
      else inner.text(2, dim);
    });
  }
}
