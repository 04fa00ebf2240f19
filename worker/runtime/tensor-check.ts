// Whether host buffers fit a model's inputs and outputs, decided before native code sees them. Pure; refuses to know how
// the model is run.
import type { DType, HostArray, TensorView } from './device.ts';

/** An input or output as the model declares it; a symbolic dimension is null; dtype is null where it isn't ours. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: DType | null;
  readonly shape: readonly (number | null)[];
}

export function dtypeOf(data: HostArray): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof BigInt64Array) return 'int64';
  if (data instanceof Int32Array) return 'int32';
  return 'bool';
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** Every problem of `views` against `specs`: where, found, expected. Empty when all fit. */
export function checkTensors(
  side: 'input' | 'output',
  specs: ReadonlyMap<string, TensorSpec>,
  views: Readonly<Record<string, TensorView>>,
): string[] {
  const problems: string[] = [];
  for (const name of specs.keys()) {
    if (!Object.hasOwn(views, name))
      problems.push(`${side} "${name}": found nothing, expected ${describe(specs.get(name)!)}`);
  }
  for (const [name, view] of Object.entries(views)) {
    const spec = specs.get(name);
    if (spec === undefined) {
      problems.push(
        `${side} "${name}": found ${describeView(view)}, the model has only ${[...specs.keys()].join(', ')}`,
      );
    } else {
      problems.push(...checkView(`${side} "${name}"`, spec, view));
    }
  }
  return problems;
}

/** Problems of one view on its own: its length against its shape. */
export function checkLength(where: string, view: TensorView): string[] {
  if (view.shape.some((dim) => !Number.isSafeInteger(dim) || dim < 0)) {
    return [`${where}: found shape [${view.shape}], expected whole numbers of at least 0`];
  }
  const expected = elementCount(view.shape);
  if (view.data.length === expected) return [];
  return [`${where}: found ${view.data.length} elements, expected ${expected} for shape [${view.shape}]`];
}

function checkView(where: string, spec: TensorSpec, view: TensorView): string[] {
  const problems = checkLength(where, view);
  const fits =
    view.shape.length === spec.shape.length &&
    spec.shape.every((dim, axis) => dim === null || dim === view.shape[axis]);
  if (dtypeOf(view.data) !== spec.dtype || !fits) {
    problems.push(`${where}: found ${describeView(view)}, expected ${describe(spec)}`);
  }
  return problems;
}

function describe(spec: TensorSpec): string {
  return `${spec.dtype ?? 'a dtype that has no host array'} [${spec.shape.map((dim) => dim ?? '?')}]`;
}

function describeView(view: TensorView): string {
  return `${dtypeOf(view.data)} [${view.shape}]`;
}
