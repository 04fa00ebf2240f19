// OrtValues over borrowed host memory, and the specifications that a session declares. Refuses to know who runs them.
import koffi from 'koffi';
import type { DType, TensorView } from './device.ts';
import type { OrtApi, Pointer } from './ort-api.ts';
import type { RuntimeErrorCode } from './runtime-error.ts';
import { dtypeOf, type TensorSpec } from './tensor-check.ts';

// ONNXTensorElementDataType
const ELEMENT_TYPES: Readonly<Record<DType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };
const DTYPES = new Map(Object.entries(ELEMENT_TYPES).map(([dtype, type]) => [type, dtype as DType]));

/** An OrtValue over `view.data`: borrows the memory, which must stay referenced until the value is released. */
export function createTensor(api: OrtApi, code: RuntimeErrorCode, view: TensorView): Pointer {
  // A small typed array may live inside V8's heap, which moves; asking for its ArrayBuffer moves it out for good.
  void view.data.buffer;
  const shape = BigInt64Array.from(view.shape, BigInt);
  return api.create(
    code,
    'createTensorWithData',
    api.cpuMemory,
    view.data,
    view.data.byteLength,
    shape,
    shape.length,
    ELEMENT_TYPES[dtypeOf(view.data)],
  );
}

/** The inputs or outputs of a session as its model declares them. */
export function readSpecs(api: OrtApi, session: Pointer, side: 'Input' | 'Output'): Map<string, TensorSpec> {
  const count = api.create<number | bigint>('INVALID_MODEL', `sessionGet${side}Count`, session);
  const specs = Array.from({ length: Number(count) }, (_, index) => readSpec(api, session, side, index));
  return new Map(specs.map((spec) => [spec.name, spec]));
}

function readSpec(api: OrtApi, session: Pointer, side: 'Input' | 'Output', index: number): TensorSpec {
  const nameAt = api.create('INVALID_MODEL', `sessionGet${side}Name`, session, index, api.allocator);
  const name = koffi.decode(nameAt, 'char', -1) as string;
  api.call('INVALID_MODEL', 'allocatorFree', api.allocator, nameAt);
  const info = api.create('INVALID_MODEL', `sessionGet${side}TypeInfo`, session, index);
  try {
    // Borrowed from `info`; null where the value is no tensor.
    const tensor = api.create('INVALID_MODEL', 'castTypeInfoToTensorInfo', info);
    if (tensor === null) return { name, dtype: null, shape: [] };
    const dtype = DTYPES.get(api.create<number>('INVALID_MODEL', 'getTensorElementType', tensor)) ?? null;
    const dims = new BigInt64Array(Number(api.create<number | bigint>('INVALID_MODEL', 'getDimensionsCount', tensor)));
    api.call('INVALID_MODEL', 'getDimensions', tensor, dims, dims.length);
    return { name, dtype, shape: Array.from(dims, (dim) => (dim < 0n ? null : Number(dim))) };
  } finally {
    api.release('releaseTypeInfo', info);
  }
}
