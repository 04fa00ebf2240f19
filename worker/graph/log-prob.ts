// What a policy says of its tokens: the logprob of a target and the entropy, each one unit with its own gradient.
//
// Letters: M positions, V vocabulary.
import { recordOne } from './autodiff.ts';
import type { Graph, Value } from './graph.ts';
import { plainSoftmax, reduce } from './ops/reduce.ts';
import { plainReshape } from './ops/shape.ts';
import { staticShape } from './shapes.ts';

/** logits [M, V], targets int64 [M]: natural log of the targets' probabilities, [M]. */
export function logProb(graph: Graph, logits: Value, targets: Value): Value {
  const [numRows] = staticShape(logits) as [number];
  const column = [numRows, 1];
  return graph.unit('logProb', () => {
    const indices = plainReshape(graph, targets, column);
    const logTotal = reduce(graph, 'ReduceLogSumExp', logits, [1], true);
    const [picked] = graph.op('GatherElements', [logits, indices], [{ shape: column }], { attributes: { axis: 1 } });
    const [difference] = graph.op('Sub', [picked!, logTotal], [{ shape: column }]);
    const output = plainReshape(graph, difference!, [numRows]);
    const vjp = (gradient: Value) => [logProbGradient(graph, logits, indices, plainReshape(graph, gradient, column))];
    return recordOne(graph, { name: 'logProb', inputs: [logits], output, vjp });
  });
}

/** gradient * (one at the target - softmax). One target a row: no two threads add to the same element. */
function logProbGradient(graph: Graph, logits: Value, indices: Value, gradient: Value): Value {
  const shape = staticShape(logits);
  const [negated] = graph.op('Neg', [gradient], [{ shape: gradient.shape }]);
  const [everywhere] = graph.op('Mul', [plainSoftmax(graph, logits), negated!], [{ shape }]);
  const attributes = { axis: 1, reduction: 'add' };
  return graph.op('ScatterElements', [everywhere!, indices, gradient], [{ shape }], { attributes })[0]!;
}

/** logits [M, V]: -sum(p log p) in nats, [M]; computed as logSumExp - sum(p * logits). */
export function entropy(graph: Graph, logits: Value): Value {
  const shape = staticShape(logits);
  const [numRows] = shape as [number];
  const column = [numRows, 1];
  return graph.unit('entropy', () => {
    const probabilities = plainSoftmax(graph, logits);
    const logTotal = reduce(graph, 'ReduceLogSumExp', logits, [1], true);
    const [weighted] = graph.op('Mul', [probabilities, logits], [{ shape }]);
    const expected = reduce(graph, 'ReduceSum', weighted!, [1], true);
    const [difference] = graph.op('Sub', [logTotal, expected], [{ shape: column }]);
    // d entropy / d logit = p * (sum(p * logits) - logit)
    const vjp = (gradient: Value) => {
      const [centered] = graph.op('Sub', [expected, logits], [{ shape }]);
      const [slope] = graph.op('Mul', [probabilities, centered!], [{ shape }]);
      return graph.op('Mul', [slope!, plainReshape(graph, gradient, column)], [{ shape }]);
    };
    const output = plainReshape(graph, difference!, [numRows]);
    return recordOne(graph, { name: 'entropy', inputs: [logits], output, vjp });
  });
}
