/**
 * Probabilities of classes out of those of pairs: the second method of Wu, Lin and Weng, "Probability estimates for multi-class
 * classification by pairwise coupling" (2004), as libsvm iterates it.
 */
import { binaryBroadcast, withScalar } from '../../../../compose/broadcast.js';
import { concat, sliceAxis } from '../../../../compose/movement.js';
import { maximum, sum } from '../../../../compose/reduce.js';
import type { Emitter, Value } from '../../../../ir/emitter.js';
import type { NodeContext } from '../../context.js';
import { Body, emitLoop, tripOf } from '../../loops.js';

/** Rounds at most. */
const ROUNDS = 100;
/** Classes of which the rounds are spelled out, element by element. */
const MOST_CLASSES = 32;
const [LEAST, MOST] = [1e-7, 1 - 1e-7];

/** Columns of a matrix, each [N, 1]. */
const columnsOf = (b: Emitter, x: Value, count: number): Value[] =>
  Array.from({ length: count }, (_, i) => sliceAxis(b, x, 1, i, 1));

/**
 * `first` [N, pairs] has the probability of the class i of each pair i < j, in the order (0, 1), (0, 2), ..., (1, 2), ...: [N, classes].
 * Rows that have converged stay as they are.
 *
 * @throws LIMIT_EXCEEDED for more than 32 classes.
 */
export function coupled(ctx: NodeContext, first: Value, classes: number): Value {
  const { b } = ctx;
  if (classes > MOST_CLASSES)
    ctx.fail('LIMIT_EXCEEDED', 'there are too many classes for probabilities of pairs', {
      found: `${classes}`,
      expected: `at most ${MOST_CLASSES}`,
    });
  const [rows] = ctx.extents(first.type.shape);
  const bounded = withScalar(b, 'min', withScalar(b, 'max', first, LEAST), MOST);
  const operands = {
    trips: ROUNDS,
    carried: [b.constant('f32', [rows, classes], 1 / classes)],
    sliced: [],
  };
  const body = new Body(ctx.node.opType, b);
  const trip = tripOf(body, operands);
  const pairs = columnsOf(body.b, body.captured(bounded), first.type.shape[1] as number);
  const next = refined(body.b, couplingMatrix(body.b, pairs, classes), trip.carried[0], classes);
  return emitLoop(b, operands, body, { carried: [next], slices: [] })[0];
}

/** Q[i][j], each [N, 1]: r[j][i]^2 summed over j, and -r[j][i] r[i][j] beside the diagonal. */
function couplingMatrix(b: Emitter, pairs: readonly Value[], classes: number): Value[][] {
  const place = (i: number, j: number): number => i * classes - (i * (i + 1)) / 2 + (j - i - 1);
  const r = (i: number, j: number): Value =>
    i < j ? pairs[place(i, j)] : b.binary('sub', b.full(pairs[place(j, i)], 1), pairs[place(j, i)]);
  return Array.from({ length: classes }, (_, i) =>
    Array.from({ length: classes }, (_, j): Value => {
      if (i !== j) return b.unary('neg', b.binary('mul', r(j, i), r(i, j)));
      const others = Array.from({ length: classes }, (_, k) => k).filter((k) => k !== i);
      const squares = others.map((k) => b.binary('mul', r(k, i), r(k, i)));
      return squares.reduce((total, square) => b.binary('add', total, square));
    }),
  );
}

/** One round over all classes; rows whose error is small stay. */
function refined(b: Emitter, q: readonly (readonly Value[])[], before: Value, classes: number): Value {
  const rowsOfQ = q.map((row) => concat(b, row, 1));
  const along = { axes: [1], keepDims: true };
  let p = before;
  let qp = concat(b, rowsOfQ.map((row) => sum(b, b.binary('mul', row, p), along)), 1); // prettier-ignore
  let total = sum(b, b.binary('mul', p, qp), along);
  const error = maximum(b, b.unary('abs', binaryBroadcast(b, 'sub', qp, total)), along);
  const isDone = withScalar(b, 'lt', error, 0.005 / classes);
  for (let i = 0; i < classes; i++) {
    const own = sliceAxis(b, qp, 1, i, 1);
    const step = b.binary('div', b.binary('sub', total, own), q[i][i]);
    const scale = withScalar(b, 'add', step, 1);
    const moved = b.binary('add', b.binary('mul', step, q[i][i]), withScalar(b, 'mul', own, 2));
    total = b.binary('div', b.binary('div', b.binary('add', total, b.binary('mul', step, moved)), scale), scale); // prettier-ignore
    qp = binaryBroadcast(b, 'div', b.binary('add', qp, binaryBroadcast(b, 'mul', rowsOfQ[i], step)), scale);
    const columns = columnsOf(b, p, classes);
    columns[i] = b.binary('add', columns[i], step);
    p = binaryBroadcast(b, 'div', concat(b, columns, 1), scale);
  }
  return b.select(b.broadcast(isDone, before.type.shape), before, p);
}
