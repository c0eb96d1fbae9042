/** Gradients of compositions are finite where their values are: at zeros, at equal elements, at the smallest numbers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as compose from '../../src/compose/index.js';
import { elementCount, type TensorData } from '../../src/base/tensor.js';
import { interpret } from '../../src/interpreter/index.js';
import type { Emitter, Value } from '../../src/ir/emitter.js';
import { staticShape } from '../../src/ir/types.js';
import type { SubnormalMode } from '../../src/numerics/subnormals.js';
import { vjp } from '../../src/passes/differentiate/vjp.js';
import { fuzz } from '../support/fuzz.js';
import { graphOf } from '../support/specimen.js';
import { f32 } from './support.js';
import { paramsOf } from '../../src/ir/graph.js';

/** A function of x, y and z, all [2, 4, 3]; those with parameters by channel take a row of y. */
type Case = (b: Emitter, x: Value, y: Value, z: Value) => Value;

const SHAPE = [2, 4, 3];
const COUNT = 24;

/** Compositions that only move, add up or multiply what they are given, and what computes no floats. */
type Plain =
  | ('normalizeAxis' | 'normalizeAxes' | 'range' | 'broadcastShapes' | 'padRank' | 'broadcastTo')
  | ('broadcastTogether' | 'binaryBroadcast' | 'withScalar' | 'scalarWith' | 'where' | 'perChannel')
  | ('isClass' | 'diagonalMask' | 'triangle' | 'einsum' | 'takeAlongAxis' | 'isNaN' | 'isInfinite')
  | ('conv' | 'convTranspose' | 'matmul' | 'linear' | 'gemm' | 'transpose' | 'moveToEnd' | 'squeeze')
  | ('unsqueeze' | 'flattenTo2D' | 'sliceAxis' | 'pythonSlice' | 'resolveSlice' | 'concat' | 'split')
  | ('tile' | 'repeatEach' | 'depthToSpace' | 'spaceToDepth' | 'padConstant' | 'padMirrored' | 'reduce')
  | ('restoreAxes' | 'argExtreme' | 'hardmax' | 'rope' | 'sinusoidalPositions' | 'alibiSlopes')
  | ('alibiBias' | 'truncatedNormal' | 'spanOf' | 'windowGeometry' | 'usefulWindow' | 'ceilExtension')
  | ('dropout' | 'floorMod' | 'floorModOfFloats' | 'prod' | 'flatAtZero' | 'orderMoving' | 'scatterAlongAxis')
  | ('gatherBlocks' | 'scatterBlocks' | 'takeKnown' | 'foldColumns' | 'reverseSequence' | 'resize')
  | ('maxPoolIndices' | 'sampleTaps' | 'sampleLinear' | 'affineGrid' | 'regionSides')
  | ('COORDINATES' | 'ROUNDINGS' | 'poolGeometry' | 'truePlaces' | 'uniqueRows' | 'atPlaces')
  | ('randomUniform' | 'randomNormal' | 'randomChoice' | 'randomClasses')
  | ('attentionScores' | 'attentionValues' | 'addTo' | 'allOf' | 'unhidden' | 'turnPairs')
  | ('affine' | 'affinePerChannel' | 'integerPower');

/** Compositions whose slope is infinite within or at the ends of where they have values. */
type Steep = 'reciprocal' | 'acosh' | 'atanh' | 'log1p' | 'logSum' | 'tan';

/** A composition of x, with the other arguments that it takes. */
const on =
  <A extends readonly unknown[]>(f: (b: Emitter, x: Value, ...rest: A) => Value, ...rest: A): Case =>
  (b, x) =>
    f(b, x, ...rest);

const last = { axes: [2], keepDims: true };
/** x, but 0 for numbers whose squares are subnormal. */
const withSquares = (b: Emitter, x: Value): Value =>
  b.select(compose.withScalar(b, 'lt', b.unary('abs', x), 2 ** -63), b.full(x, 0), x);
const row = (b: Emitter, y: Value): Value => b.reshape(compose.sliceAxis(b, b.reshape(y, [COUNT]), 0, 0, 4), [4]); // prettier-ignore
const window = { kernel: [2], padLow: [1], padHigh: [0] };
const labels = (b: Emitter): Value => b.constant('i32', [2, 4], [0, 1, 2, 0, 1, 2, 0, 1]);
const rows = (b: Emitter, x: Value): Value => b.reshape(x, [8, 3]);

const CASES: Readonly<Record<Exclude<keyof typeof compose, Plain | Steep>, readonly Case[]>> = {
  relu: [on(compose.relu)],
  clip: [on(compose.clip, 0, 1), on(compose.clip, 0, 0)],
  leakyRelu: [on(compose.leakyRelu)],
  prelu: [compose.prelu],
  thresholdedRelu: [on(compose.thresholdedRelu)],
  elu: [on(compose.elu)],
  selu: [on(compose.selu)],
  celu: [on(compose.celu)],
  swish: [on(compose.swish, 2)],
  silu: [on(compose.silu)],
  softplus: [on(compose.softplus)],
  softplusTail: [(b, x) => compose.softplusTail(b, x, compose.withScalar(b, 'lt', x, 0))],
  mish: [on(compose.mish)],
  softsign: [on(compose.softsign)],
  hardSigmoid: [on(compose.hardSigmoid)],
  hardSwish: [on(compose.hardSwish)],
  gelu: [on(compose.gelu)],
  geluTanh: [on(compose.geluTanh)],
  shrink: [on(compose.shrink, 0, 0.5)],
  visibleSoftmax: [
    (b, x, y) => compose.visibleSoftmax(b, x, compose.withScalar(b, 'lt', y, 0)),
    (b, x) => compose.visibleSoftmax(b, x, b.constant('bool', SHAPE, 0)),
  ],
  attention: [
    (b, x, y, z) => {
      const [q, k, v] = [x, y, z].map((t) => b.reshape(t, [1, 2, 4, 3]));
      return compose.attention(b, q, k, v, { causal: true });
    },
  ],
  batchNormTraining: [(b, x, y, z) => compose.batchNormTraining(b, x, row(b, y), row(b, z)).result],
  distances: (['euclidean', 'cosine', 'manhattan'] as const).map(
    (metric): Case =>
      (b, x, y) =>
        compose.distances(b, rows(b, x), rows(b, y), metric),
  ),
  softAssignment: (['euclidean', 'cosine', 'manhattan'] as const).map(
    (metric): Case =>
      (b, x, y) =>
        compose.softAssignment(b, rows(b, x), rows(b, y), { metric, temperature: 0.5 }),
  ),
  surprisal: [on(compose.surprisal, 1)],
  sparseCrossEntropy: [0, 0.1].map(
    (labelSmoothing): Case =>
      (b, x) =>
        compose.sparseCrossEntropy(b, x, labels(b), { labelSmoothing }),
  ),
  negativeLogLikelihood: [(b, x) => compose.negativeLogLikelihood(b, x, labels(b))],
  crossEntropy: [compose.crossEntropy],
  binaryCrossEntropyWithLogits: [compose.binaryCrossEntropyWithLogits],
  sparsemax: [on(compose.sparsemax, 2)],
  entmax: [1.25, 1.5, 1.9].map((alpha) => on(compose.entmax, 2, alpha)),
  entmaxBlend: [on(compose.entmaxBlend, 2, 1.5)],
  gated: (['glu', 'reglu', 'geglu', 'swiglu'] as const).map(
    (kind): Case =>
      (b, x, y) =>
        compose.gated(b, kind, x, y),
  ),
  cosh: [on(compose.cosh)],
  sinh: [on(compose.sinh)],
  asinh: [on(compose.asinh)],
  expm1: [on(compose.expm1)],
  rootOfSquares: [(b, x) => compose.rootOfSquares(b, b.binary('mul', x, x))],
  batchNorm: [
    (b, x, y, z) => {
      const [scale, spread] = [row(b, y), row(b, z)];
      const variance = b.binary('mul', spread, spread);
      return compose.batchNorm(b, x, { scale, bias: scale, mean: scale, variance, epsilon: 1e-5 });
    },
  ],
  standardize: [(b, x) => compose.standardize(b, x, [2], 1e-5).normalized],
  layerNorm: [(b, x) => compose.layerNorm(b, x, 1, undefined, undefined).result],
  rmsNorm: [on(compose.rmsNorm, 2, undefined)],
  instanceNorm: [(b, x, y, z) => compose.instanceNorm(b, x, row(b, y), row(b, z))],
  groupNorm: [(b, x, y, z) => compose.groupNorm(b, x, 2, row(b, y), row(b, z))],
  inverseRootMeanSquare: [(b, x) => compose.inverseRootMeanSquare(b, x, 2, 1e-5)],
  standardizeGroups: [(b, x) => compose.standardizeGroups(b, x, 2, 1e-5)],
  meanVarianceNorm: [on(compose.meanVarianceNorm, [0, 2])],
  lpNormalize: [on(compose.lpNormalize, 2, 1), (b, x) => compose.lpNormalize(b, withSquares(b, x), 2, 2)],
  lrn: [on(compose.lrn, { size: 3, alpha: 1, beta: 0.75, bias: 1 })],
  maxPool: [on(compose.maxPool, window)],
  averagePool: [on(compose.averagePool, window)],
  lpPool: [1, 2, 3].map((p) => on(compose.lpPool, { ...window, p })),
  globalAveragePool: [on(compose.globalAveragePool)],
  globalMaxPool: [on(compose.globalMaxPool)],
  globalLpPool: [1, 2, 3].map((p) => on(compose.globalLpPool, p)),
  gridSample: (['zeros', 'border', 'reflection'] as const).flatMap((padding) =>
    (['nearest', 'linear', 'cubic'] as const).map(
      (mode): Case =>
        (b, x, y) =>
          compose.gridSample(b, b.reshape(x, [1, 2, 4, 3]), b.reshape(y, [1, 4, 3, 2]), {
            mode,
            padding,
            alignCorners: mode === 'cubic',
          }),
    ),
  ),
  deformConv: [
    (b, x, y, z) => {
      const [images, weights] = [b.reshape(x, [1, 2, 4, 3]), b.reshape(compose.sliceAxis(b, z, 1, 0, 2), [3, 2, 2, 1])]; // prettier-ignore
      const offset = compose.repeatEach(b, b.reshape(y, [1, 4, 3, 2]), [1, 1, 1, 1]);
      return compose.deformConv(b, images, compose.sliceAxis(b, weights, 2, 0, 1), compose.sliceAxis(b, b.reshape(offset, [1, 2, 4, 3]), 1, 0, 2), undefined, undefined, { offsetGroups: 1 }); // prettier-ignore
    },
  ],
  roiAlign: (['avg', 'max'] as const).map(
    (mode): Case =>
      (b, x, y) =>
        compose.roiAlign(b, b.reshape(x, [2, 1, 4, 3]), b.reshape(y, [6, 4]), b.constant('i32', [6], [0, 1, 0, 1, 0, 1]), {
          mode,
          output: [2, 1],
          samples: [{ most: 2 }, { most: 2 }],
          spatialScale: 1,
          halfPixel: true,
        }), // prettier-ignore
  ),
  maxRoiPool: [
    (b, x, y) => {
      const corners = compose.sliceAxis(b, b.reshape(y, [6, 4]), 0, 0, 3);
      const images = b.constant('f32', [3, 1], 0);
      return compose.maxRoiPool(b, b.reshape(x, [1, 2, 4, 3]), compose.concat(b, [images, corners], 1), [2, 2], 1); // prettier-ignore
    },
  ],
  lstmCell: [(b, x, y, z) => compose.lstmCell(b, { input: x, forget: y, candidate: z, output: x }, y).hidden],
  gruCell: [(b, x, y, z) => compose.gruCell(b, { reset: x, update: y, candidate: (r) => b.binary('mul', r, z) }, x)], // prettier-ignore
  sum: [on(compose.sum, last)],
  maximum: [on(compose.maximum, last)],
  minimum: [on(compose.minimum, last)],
  mean: [on(compose.mean, last)],
  variance: [on(compose.variance, last)],
  sumOfAbsolutes: [on(compose.sumOfAbsolutes, last)],
  sumOfSquares: [on(compose.sumOfSquares, last)],
  euclideanNorm: [on(compose.euclideanNorm, last)],
  logSumExp: [on(compose.logSumExp, last)],
  temperedSoftmax: [on(compose.temperedSoftmax, 0.5)],
  maskedSoftmax: [
    on(compose.maskedSoftmax, [true, false, true]),
    on(compose.maskedSoftmax, [false, false, false]),
  ],
  mixtureSoftmax: [on(compose.mixtureSoftmax, [0.25, 0.75, 1, 0])],
  adaptiveSoftmax: [on(compose.adaptiveSoftmax, [[0], [1, 2]])],
  softmax: [on(compose.softmax, 1)],
  logSoftmax: [on(compose.logSoftmax, 1)],
};

/** Each element of [2, 4, 3] by itself, or one for all of a row, of an example, of everything. */
const element = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.1, 1e-3, -1e-20, 1e-30, -1e-37),
  fc.float({ min: -8, max: 8, noNaN: true }).map((x) => (Math.abs(x) < 1e-37 ? 0 : x)),
);
const some = (of: fc.Arbitrary<number>): fc.Arbitrary<number[]> =>
  fc.array(of, { minLength: COUNT, maxLength: COUNT });
const tensor = fc
  .tuple(some(element), fc.constantFrom(1, 3, 12, COUNT))
  .map(([list, alike]) => f32(SHAPE, list.map((_, i) => list[i - (i % alike)]))); // prettier-ignore
const cotangents = some(fc.constantFrom(-1, -0.5, 0, 0.5, 1));
const modes = fc.constantFrom<SubnormalMode>('preserve', 'flush');

const NAMES = ['x', 'y', 'z'] as const;
type Inputs = readonly TensorData[];

/** The result of a case and its gradients, for the cotangents `ct`, as often as needed. */
function slopesOf(
  f: Case,
): (inputs: Inputs, ct: readonly number[], mode?: SubnormalMode) => readonly number[][] {
  const graph = graphOf((b) => {
    const [x, y, z] = NAMES.map((name) => b.param(name, 'f32', SHAPE));
    b.output('out', f(b, x, y, z));
  });
  const { graph: derived, gradients } = vjp(graph, paramsOf(graph).map(({ id }) => id)); // prettier-ignore
  const shape = staticShape(graph.nodes[graph.outputs[0].value].type.shape);
  return (inputs, ct, subnormals = 'preserve') => {
    const seed = f32(shape, Array.from({ length: elementCount(shape) }, (_, i) => ct[i % COUNT])); // prettier-ignore
    const given = Object.fromEntries(NAMES.map((name, i) => [name, inputs[i]]));
    const { outputs } = interpret(
      { graph: derived, weights: new Map() },
      { ...given, 'ct:out': seed },
      { subnormals },
    );
    return ['out', ...gradients.map(({ name }) => name)].map((name) =>
      Array.from(outputs[name].data, Number),
    );
  };
}

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  test.each(cases.map((f, i) => [i, f] as const))('finite inputs give finite gradients (%i)', (_, f) => {
    const slopes = slopesOf(f);
    fc.assert(
      fc.property(fc.tuple(tensor, tensor, tensor), cotangents, modes, (inputs, ct, mode) => {
        for (const list of slopes(inputs, ct, mode)) expect(list.every(Number.isFinite)).toBe(true);
      }),
      fuzz(40),
    );
  });
});

test('where a norm or a deviation is 0, so is its gradient', () => {
  const zeros = f32(SHAPE, new Array<number>(COUNT).fill(0));
  const ones = new Array<number>(COUNT).fill(1);
  const names = ['euclideanNorm', 'lpNormalize', 'lpPool', 'globalLpPool'] as const;
  for (const f of names.flatMap((name) => CASES[name]))
    expect(slopesOf(f)([zeros, zeros, zeros], ones)[1].every((slope) => slope === 0)).toBe(true);
});
