// Arithmetic on a model's flat gradients in a fixed order, so that the same microbatches give the same bits. Pure;
// refuses to know where the gradients come from.

/** target[i] += addend[i], both [n]. */
export function addInPlace(target: Float32Array, addend: Float32Array): void {
  for (let i = 0; i < target.length; i++) target[i]! += addend[i]!;
}

export function scaleInPlace(target: Float32Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! *= factor;
}

/** Euclidean norm, summed in float64. */
export function norm(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

export interface RowScatter {
  /** [V, d], row-major. */
  readonly table: Float32Array;
  /** [N]: the table's row that row i of `rows` belongs to. */
  readonly indices: BigInt64Array;
  /** [N, d], row-major. */
  readonly rows: Float32Array;
  readonly width: number;
}

/**
 * table[indices[i]] += rows[i] for i = 0, 1, ... In TypeScript because ONNX Runtime's ScatterND with add is racy on more
 * than one thread where indices repeat. Throws RangeError for an index outside the table, before anything is added.
 */
export function scatterAddRows({ table, indices, rows, width }: RowScatter): void {
  const numRows = BigInt(table.length / width);
  for (const index of indices) {
    if (index < 0n || index >= numRows) throw new RangeError(`token id: found ${index}, expected 0 to ${numRows - 1n}`);
  }
  for (let row = 0; row < indices.length; row++) {
    const target = Number(indices[row]) * width;
    const source = row * width;
    for (let column = 0; column < width; column++) table[target + column]! += rows[source + column]!;
  }
}
