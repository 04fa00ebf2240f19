// Choosing rows of a matrix. Gradients never scatter: ScatterND with add loses updates on more than one thread when an
// index repeats, so a selection carries its inverse, and a table's rows are summed outside the graph.
//
// Letters: N rows, d columns, M selected rows, V rows of a table.
import { recordOne } from '../autodiff.ts';
import type { Graph, Value } from '../graph.ts';
import { staticShape } from '../shapes.ts';
import { plainConcat } from './shape.ts';

/**
 * Rows `ids` (int64 [N], repeats allowed) of table [V, d]: [N, d]. A leaf of differentiation: ask for the gradient of
 * the result and add its rows to those of the table's gradient.
 */
export function lookUpRows(graph: Graph, table: Value, ids: Value): Value {
  const shape = [...staticShape(ids), staticShape(table)[1]!];
  return graph.op('Gather', [table, ids], [{ shape }], { attributes: { axis: 0 } })[0]!;
}

/** Where the selected rows lie, and where each row went. */
export interface RowSelection {
  /** int64 [M], the rows chosen, each at most once unless `inverse` ignores the others. */
  readonly selected: Value;
  /** int64 [N], for each row its place in `selected`, or M where it isn't chosen; read by the gradient alone. */
  readonly inverse: Value;
}

/** Rows of x [N, d]: [M, d]. */
export function selectRows(graph: Graph, x: Value, { selected, inverse }: RowSelection): Value {
  const [numRows, width] = staticShape(x) as [number, number];
  const [numSelected] = staticShape(selected) as [number];
  const attributes = { axis: 0 };
  const [output] = graph.op('Gather', [x, selected], [{ shape: [numSelected, width] }], { attributes });
  const vjp = (gradient: Value) => {
    const zeroRow = graph.constant(new Float32Array(width), [1, width]);
    const extended = plainConcat(graph, [gradient, zeroRow], 0, [numSelected + 1, width]);
    return graph.op('Gather', [extended, inverse], [{ shape: [numRows, width] }], { attributes });
  };
  return recordOne(graph, { name: 'selectRows', inputs: [x], output: output!, vjp });
}
