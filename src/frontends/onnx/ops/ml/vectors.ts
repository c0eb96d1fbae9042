/** Support vectors of ai.onnx.ml, as onnxruntime and libsvm compute with them. */
import { binaryBroadcast, withScalar } from '../../../../compose/broadcast.js';
import { matmul } from '../../../../compose/matmul.js';
import { concat } from '../../../../compose/movement.js';
import { argExtreme, sumOfSquares } from '../../../../compose/reduce.js';
import type { Value } from '../../../../ir/emitter.js';
import { typed, type NodeContext } from '../../context.js';
import type { OpTable, Resolved } from '../../registry.js';
import { demand } from '../checks.js';
import { coupled } from './coupling.js';
import { classLabels, featureCount, featureRows, labelsAt, numbers } from './table.js';
import { transformed, transformOf } from './transform.js';

const KERNELS = ['LINEAR', 'POLY', 'RBF', 'SIGMOID'] as const;

/** K(x, v) of rows x [N, F] and vectors v [S, F]: [N, S]. */
function kernelOf(ctx: NodeContext, x: Value, vectors: Value): Value {
  const { b, attr } = ctx;
  const [gamma = 0, coef0 = 0, degree = 0] = attr.floats('kernel_params') ?? [];
  const product = matmul(b, x, b.permute(vectors, [1, 0]));
  const affine = (): Value => withScalar(b, 'add', withScalar(b, 'mul', product, gamma), coef0);
  switch (attr.choice('kernel_type', KERNELS, 'LINEAR')) {
    case 'LINEAR':
      return product;
    case 'POLY':
      return withScalar(b, 'pow', affine(), degree);
    case 'SIGMOID':
      return b.unary('tanh', affine());
    case 'RBF': {
      const [rows, features] = ctx.extents(x.type.shape);
      const [count] = ctx.extents(vectors.type.shape);
      const all = [rows, count, features];
      const left = b.broadcast(b.reshape(x, [rows, 1, features]), all);
      const right = b.broadcast(b.reshape(vectors, [1, count, features]), all);
      const distance = sumOfSquares(b, b.binary('sub', left, right), { axes: [2], keepDims: false });
      return b.unary('exp', withScalar(b, 'mul', distance, -gamma));
    }
  }
}

function svmRegressor(ctx: NodeContext): Resolved {
  const { b, attr } = ctx;
  const count = featureCount(ctx);
  const supports = attr.int('n_supports', 0);
  const [coefficients, rho] = [attr.floats('coefficients') ?? [], attr.floats('rho') ?? [0]];
  const vectors = attr.floats('support_vectors') ?? [];
  const wanted = supports === 0 ? count : supports;
  if (coefficients.length !== wanted || vectors.length !== supports * count)
    ctx.fail('ONNX_INVALID', 'there is a coefficient for each support vector, or for each feature', {
      found: `${coefficients.length} coefficients, ${vectors.length} numbers of ${supports} vectors, ${count} features`,
    });
  const x = featureRows(ctx, 'float');
  const terms = supports === 0 ? x : kernelOf(ctx, x, numbers(ctx, 'float', [supports, count], vectors));
  const weighted = matmul(b, terms, numbers(ctx, 'float', [wanted, 1], coefficients));
  const y = withScalar(b, 'add', weighted, rho[0]);
  if (attr.flag('one_class', false)) return typed(b.select(withScalar(b, 'lt', b.unary('neg', y), 0), b.full(y, 1), b.full(y, -1)), 'float'); // prettier-ignore
  return typed(transformed(ctx, y, transformOf(ctx)), 'float');
}

/** Classes i < j: classifier p decides between them. */
interface Pair {
  readonly i: number;
  readonly j: number;
}

const pairsOf = (classes: number): Pair[] =>
  Array.from({ length: classes }, (_, i) =>
    Array.from({ length: classes - i - 1 }, (_, k) => ({ i, j: i + k + 1 })),
  ).flat();

/** [vectors, pairs]: what each vector counts in the classifier of each pair; vectors stand class by class. */
function pairWeights(
  coefficients: readonly number[],
  counts: readonly number[],
  pairs: readonly Pair[],
): readonly number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const ofVectors = counts.flatMap((count, c) => new Array<number>(count).fill(c));
  return ofVectors.flatMap((c, vector) =>
    pairs.map(({ i, j }) => {
      const row = c === i ? j - 1 : c === j ? i : undefined;
      return row === undefined ? 0 : coefficients[row * total + vector];
    }),
  );
}

/** How many of the decisions s [N, P] each class wins: [N, C]. */
function votesOf(ctx: NodeContext, s: Value, classes: number, pairs: readonly Pair[]): Value {
  const { b } = ctx;
  const wins = (of: (pair: Pair) => number): Value =>
    numbers(ctx, 'float', [pairs.length, classes], pairs.flatMap((pair) => Array.from({ length: classes }, (_, c) => Number(of(pair) === c)))); // prettier-ignore
  const isFirst = withScalar(b, 'lt', b.unary('neg', s), 0);
  const ones = (is: Value): Value => b.cast(is, 'f32');
  const first = matmul(
    b,
    ones(isFirst),
    wins(({ i }) => i),
  );
  return b.binary(
    'add',
    first,
    matmul(
      b,
      ones(b.unary('not', isFirst)),
      wins(({ j }) => j),
    ),
  );
}

/** The label that wins most decisions, the first of equal ones; decisions, or probabilities where prob_a and prob_b are given. */
function svmClassifier(ctx: NodeContext): readonly Resolved[] {
  const { b, attr } = ctx;
  const labels = classLabels(ctx, 'classlabels_ints');
  const [classes, features] = [labels.length, featureCount(ctx)];
  const counts = attr.ints('vectors_per_class', []);
  const [coefficients, rho] = [attr.floats('coefficients') ?? [], attr.floats('rho') ?? []];
  const x = featureRows(ctx, 'float');
  const transform = transformOf(ctx);
  if (counts.length === 0) {
    demand(ctx, coefficients.length === classes * features && rho.length >= 1, 'a coefficient for each class and feature, and rho', `${coefficients.length} coefficients, ${rho.length} of rho`); // prettier-ignore
    const rows = numbers(ctx, 'float', [classes, features], coefficients);
    const scores = withScalar(b, 'add', matmul(b, x, b.permute(rows, [1, 0])), rho[0]);
    const index = argExtreme(b, 'max', scores, 1, { keepDims: false, last: false });
    return [labelsAt(ctx, labels, index), typed(transformed(ctx, scores, transform), 'float')];
  }
  const pairs = pairsOf(classes);
  const vectors = attr.floats('support_vectors') ?? [];
  const total = counts.reduce((sum, count) => sum + count, 0);
  demand(ctx, classes >= 2 && counts.length === classes && counts.every((count) => count >= 0), 'two classes or more, and a number of vectors for each', `${counts.length} numbers, ${classes} classes`); // prettier-ignore
  demand(ctx, vectors.length === total * features && coefficients.length === total * (classes - 1), 'the features of each vector, and a coefficient for each other class', `${vectors.length} and ${coefficients.length} numbers of ${total} vectors`); // prettier-ignore
  demand(ctx, rho.length === pairs.length, 'a number rho for each pair of classes', `${rho.length}`);
  const terms = kernelOf(ctx, x, numbers(ctx, 'float', [total, features], vectors));
  const weights = numbers(ctx, 'float', [total, pairs.length], pairWeights(coefficients, counts, pairs));
  const s = binaryBroadcast(b, 'add', matmul(b, terms, weights), numbers(ctx, 'float', [pairs.length], rho));
  const index = argExtreme(b, 'max', votesOf(ctx, s, classes, pairs), 1, { keepDims: false, last: false });
  const label = labelsAt(ctx, labels, index);
  const [probA, probB] = [attr.floats('prob_a') ?? [], attr.floats('prob_b') ?? []];
  if (probA.length > 0) {
    demand(ctx, probA.length === pairs.length && probB.length === pairs.length, 'prob_a and prob_b for each pair of classes', `${probA.length} and ${probB.length}`); // prettier-ignore
    const list = (values: readonly number[]): Value => numbers(ctx, 'float', [pairs.length], values);
    const sloped = binaryBroadcast(b, 'add', binaryBroadcast(b, 'mul', s, list(probA)), list(probB));
    const first = b.unary('sigmoid', b.unary('neg', sloped));
    return [label, typed(transformed(ctx, coupled(ctx, first, classes), transform), 'float')];
  }
  if (pairs.length > 1) return [label, typed(transformed(ctx, s, transform), 'float')];
  if (transform === 'NONE') return [label, typed(concat(b, [b.unary('neg', s), s], 1), 'float')];
  const second = transform === 'LOGISTIC' ? b.unary('sigmoid', s) : transform === 'PROBIT' ? transformed(ctx, s, transform) : s; // prettier-ignore
  return [label, typed(concat(b, [b.binary('sub', b.full(second, 1), second), second], 1), 'float')];
}

export const vectors: OpTable = [
  { op: 'SVMClassifier', domain: 'ai.onnx.ml', since: [1], emit: svmClassifier },
  { op: 'SVMRegressor', domain: 'ai.onnx.ml', since: [1], emit: svmRegressor },
];
