// A graph under construction: inputs, constants, operators in execution order, named outputs. Knows names, shapes and
// element types; refuses to know gradients (autodiff.ts), what operators compute (ops/) and models.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { DType, HostArray } from '../runtime/device.ts';
import { type Attributes, type Dim, encodeModel, type OnnxInitializer, type OnnxNode } from './onnx.ts';

export type { Attribute, Attributes, Dim } from './onnx.ts';

/** A tensor of one graph, row-major. Compared by identity. */
export interface Value {
  readonly name: string;
  readonly shape: readonly Dim[];
  readonly dtype: DType;
}

/** dtype defaults to float32. */
export interface OutputSpec {
  readonly shape: readonly Dim[];
  readonly dtype?: DType;
}

export interface OpOptions {
  readonly attributes?: Attributes;
  /** '' (default) is ONNX's own; 'com.microsoft' holds ONNX Runtime's additions. */
  readonly domain?: string;
}

interface Node {
  readonly name: string;
  readonly type: string;
  readonly domain: string;
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

export class Graph {
  readonly #values = new Map<string, Value>();
  readonly #inputs: Value[] = [];
  readonly #initializers: OnnxInitializer[] = [];
  readonly #nodes: Node[] = [];
  readonly #outputs = new Map<string, Value>();
  readonly #constants = new Map<string, Value>();
  #nextIndex = 0;
  #unit = '';

  input(name: string, shape: readonly Dim[], dtype: DType = 'float32'): Value {
    const value = this.#define(name, shape, dtype);
    this.#inputs.push(value);
    return value;
  }

  /**
   * A named constant without data: the session brings it (SessionOptions.initializers). Unlike an input, it may be
   * repacked for faster matrix products.
   */
  initializer(name: string, shape: readonly number[], dtype: DType = 'float32'): Value {
    this.#initializers.push({ name, shape, dtype, data: null });
    return this.#define(name, shape, dtype);
  }

  /** Data that travels inside the model; equal constants are stored once. Copies nothing until encode(). */
  constant(data: HostArray, shape: readonly number[]): Value {
    const dtype = dtypeOf(data);
    const numElements = shape.reduce((product, dim) => product * dim, 1);
    assert(data.length === numElements, `internal: ${data.length} elements for a constant of shape [${shape}]`);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key = `${dtype} [${shape}] ${createHash('sha1').update(bytes).digest('hex')}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const value = this.#define(this.#freshName('constant'), shape, dtype);
    this.#initializers.push({ name: value.name, shape, dtype, data });
    this.#constants.set(key, value);
    return value;
  }

  /** A float32 constant of shape []. */
  scalar(x: number): Value {
    return this.constant(Float32Array.of(x), []);
  }

  /** An int64 constant; one-dimensional unless a shape is given. */
  int64(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.constant(
      BigInt64Array.from(values, (value) => BigInt(value)),
      shape,
    );
  }

  /** Appends an operator. Shapes are the caller's to know: ONNX Runtime checks them when it compiles the model. */
  op(
    type: string,
    inputs: readonly (Value | null)[],
    outputs: readonly OutputSpec[],
    options: OpOptions = {},
  ): Value[] {
    for (const input of inputs) if (input !== null) this.#assertOwn(input);
    const values = outputs.map(({ shape, dtype = 'float32' }) => this.#define(this.#freshName(type), shape, dtype));
    const { attributes = {}, domain = '' } = options;
    const name = `${this.#unit}${type}.${this.#nodes.length}`;
    this.#nodes.push({ name, type, domain, inputs, outputs: values, attributes });
    return values;
  }

  /**
   * Names the operators that `build` appends after a unit ("attention/Softmax.12"), so that a profile shows units and
   * a device may recognise them. Units nest.
   */
  unit<T>(name: string, build: () => T): T {
    const outer = this.#unit;
    this.#unit = `${outer}${name}/`;
    try {
      return build();
    } finally {
      this.#unit = outer;
    }
  }

  /** Makes a value an output of the session, under a name that nothing else in the graph has. */
  output(value: Value, name: string): void {
    this.#assertOwn(value);
    assert(!this.#outputs.has(name), `internal: the graph has an output "${name}" already`);
    assert(!this.#values.has(name), `internal: a value of the graph is named "${name}" already`);
    this.#outputs.set(name, value);
  }

  /** By name, in the order of their definition. */
  get inputs(): ReadonlyMap<string, Value> {
    return new Map(this.#inputs.map((value) => [value.name, value]));
  }

  /** By the name the session sees. */
  get outputs(): ReadonlyMap<string, Value> {
    return this.#outputs;
  }

  /** The model as ONNX, ir_version 10, opset 18 and com.microsoft 1. The graph may grow on and be encoded again. */
  encode(): Uint8Array {
    const { renamed, copies } = this.#nameOutputs();
    const nameOf = (value: Value | null) => (value === null ? '' : (renamed.get(value) ?? value.name));
    const nodes: OnnxNode[] = this.#nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(nameOf),
      outputs: node.outputs.map(nameOf),
    }));
    const outputs = [...this.#outputs].map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
    return encodeModel({
      nodes: [...nodes, ...copies.map(([value, name]) => identityNode(nameOf(value), name))],
      initializers: this.#initializers,
      inputs: this.#inputs,
      outputs,
    });
  }

  /** A computed value is renamed to its output's name; inputs, constants and second names need a copy. */
  #nameOutputs(): { renamed: Map<Value, string>; copies: [Value, string][] } {
    const computed = new Set(this.#nodes.flatMap((node) => node.outputs));
    const renamed = new Map<Value, string>();
    const copies: [Value, string][] = [];
    for (const [name, value] of this.#outputs) {
      if (computed.has(value) && !renamed.has(value)) renamed.set(value, name);
      else copies.push([value, name]);
    }
    return { renamed, copies };
  }

  #define(name: string, shape: readonly Dim[], dtype: DType): Value {
    assert(!this.#values.has(name) && !this.#outputs.has(name), `internal: the graph has a value "${name}" already`);
    const value: Value = { name, shape: [...shape], dtype };
    this.#values.set(name, value);
    return value;
  }

  #freshName(prefix: string): string {
    return `${prefix}:${this.#nextIndex++}`;
  }

  #assertOwn(value: Value): void {
    assert(this.#values.get(value.name) === value, `internal: value "${value.name}" belongs to another graph`);
  }
}

function identityNode(from: string, to: string): OnnxNode {
  return { name: `output/${to}`, type: 'Identity', domain: '', inputs: [from], outputs: [to], attributes: {} };
}

function dtypeOf(data: HostArray): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof BigInt64Array) return 'int64';
  return data instanceof Int32Array ? 'int32' : 'bool';
}
