/** ai.onnx.ml and TfIdfVectorizer, against plain arithmetic written from the specification. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeModel,
  node,
  port,
  tensor,
  type ProtoAttribute,
  type ProtoDType,
} from '../../../scripts/onnx-proto.mjs';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { errorOf, given, oneNodeModel, runNode, type OneNode, type Operand } from './support.js';

const f = Math.fround;
type Attributes = Readonly<Record<string, ProtoAttribute>>;

const floats = (values: readonly number[]): ProtoAttribute => ({ floats: [...values] });
const strings = (values: readonly string[]): ProtoAttribute => ({ strings: [...values] });
const tensorOf = (dtype: ProtoDType, values: readonly number[]): ProtoAttribute => ({
  tensor: tensor('t', dtype, [values.length], values),
});

const spec = (op: string, operands: readonly Operand[], attributes: Attributes, outputs: readonly ProtoDType[] = ['float'], opset = 3): OneNode =>
  ({ domain: 'ai.onnx.ml', op, operands, attributes, outputs, opset }); // prettier-ignore
const results = (...args: Parameters<typeof spec>): number[][] =>
  runNode(spec(...args)).map(({ data }) => Array.from(data, Number));
const result = (...args: Parameters<typeof spec>): number[] => results(...args)[0];

const x = [1, -2, 0, 4, 5, NaN];
const matrix = given([2, 3], x);

describe('features', () => {
  test('are scaled, normalised, imputed, chosen and joined', () => {
    expect(result('Binarizer', [matrix], { threshold: { float: 0.5 } })).toEqual([1, 0, 0, 1, 1, 0]);
    expect(result('Scaler', [matrix], { offset: floats([1, 2, 3]), scale: floats([2, 0.5, 1]) })).toEqual([0, -2, -3, 6, 1.5, NaN]); // prettier-ignore
    expect(result('Imputer', [matrix], { imputed_value_floats: floats([7, 8, 9]), replaced_value_float: { float: NaN } })).toEqual([1, -2, 0, 4, 5, 9]); // prettier-ignore
    expect(result('Imputer', [given([2, 2], [1, 0, 0, 2], 'int64')], { imputed_value_int64s: [5] }, ['int64'])).toEqual([1, 5, 5, 2]); // prettier-ignore
    expect(result('ArrayFeatureExtractor', [matrix, given([2], [2, 0], 'int64')], {})).toEqual([0, 1, NaN, 4]); // prettier-ignore
    expect(runNode(spec('ArrayFeatureExtractor', [given([3], [7, 8, 9]), given([1, 2], [2, 0], 'int64')], {}))[0]).toMatchObject({ shape: [1, 2] }); // prettier-ignore
    const both = [given([1, 2], [1, 2]), given([1, 1], [3])];
    expect(result('FeatureVectorizer', both, { inputdimensions: [1, 2] })).toEqual([1, 3, 0]);
    expect(result('OneHotEncoder', [given([3], [5, 2, 9], 'int64')], { cats_int64s: [2, 5] })).toEqual([0, 1, 1, 0, 0, 0]); // prettier-ignore
  });

  test('are divided by the norm of their row, where that is not 0', () => {
    const rows = given([2, 2], [3, -4, 0, 0]);
    const of = (norm: string): number[] => result('Normalizer', [rows], { norm });
    expect(of('MAX')).toEqual([1, f(-4 / 3), 0, 0]);
    expect(of('L1')).toEqual([f(3 / 7), f(-4 / 7), 0, 0]);
    expect(of('L2')).toEqual([f(0.6), f(-0.8), 0, 0]);
  });

  test('are encoded by the first key that they equal', () => {
    const keys = {
      keys_int64s: [3, 5, 3],
      values_floats: floats([1.5, 2.5, 9]),
      default_float: { float: -1 },
    };
    expect(result('LabelEncoder', [given([2, 2], [5, 3, 4, 3], 'int64')], keys)).toEqual([2.5, 1.5, -1, 1.5]);
    const nan = { keys_floats: floats([NaN, 1]), values_int64s: [7, 8] };
    expect(result('LabelEncoder', [given([3], [NaN, 1, 2])], nan, ['int64'])).toEqual([7, 8, -1]);
    const tensors = { keys_tensor: tensorOf('double', [0.1, 0.2]), values_tensor: tensorOf('int16', [1, 2]), default_tensor: tensorOf('int16', [9]) }; // prettier-ignore
    expect(result('LabelEncoder', [given([2], [0.2, f(0.1)], 'double')], tensors, ['int16'], 4)).toEqual([2, 9]); // prettier-ignore
  });
});

describe('lines', () => {
  const rows = given([2, 2], [1, 2, -3, 0.5]);

  test('LinearRegressor and SVMRegressor', () => {
    const two = { coefficients: floats([1, 2, -1, 0.5]), intercepts: floats([0.5, 1]), targets: 2 };
    expect(result('LinearRegressor', [rows], two)).toEqual([5.5, 1, -1.5, 4.25]);
    expect(result('SVMRegressor', [rows], { coefficients: floats([1, 2]), rho: floats([3]) })).toEqual([8, 1]); // prettier-ignore
    const vectors = { n_supports: 2, support_vectors: floats([1, 0, 0, 2]), coefficients: floats([2, -1]), rho: floats([0]), kernel_params: floats([1, 1, 2]) }; // prettier-ignore
    expect(result('SVMRegressor', [rows], { ...vectors, kernel_type: 'POLY' })).toEqual([2 * 4 - 25, 2 * 4 - 4]); // prettier-ignore
    const rbf = result('SVMRegressor', [rows], { ...vectors, kernel_type: 'RBF' });
    [2 * Math.exp(-4) - Math.exp(-1), 2 * Math.exp(-16.25) - Math.exp(-11.25)].forEach((y, i) => expect(rbf[i]).toBeCloseTo(y, 6)); // prettier-ignore
    expect(result('SVMRegressor', [rows], { coefficients: floats([1, 2]), rho: floats([-3]), one_class: 1 })).toEqual([1, -1]); // prettier-ignore
  });

  test('LinearClassifier: the first of the greatest scores, or the sign of one', () => {
    const three = { coefficients: floats([1, 0, 1, 0, 0, 1]), intercepts: floats([0, 0, 0]), classlabels_ints: [10, 20, 30] }; // prettier-ignore
    expect(results('LinearClassifier', [rows], three, ['int64', 'float'])).toEqual([[30, 30], [1, 1, 2, -3, -3, 0.5]]); // prettier-ignore
    const one = { coefficients: floats([1, 1]), intercepts: floats([0]), classlabels_ints: [0, 1] };
    expect(results('LinearClassifier', [rows], one, ['int64', 'float'])).toEqual([[1, 0], [-2, 3, 3.5, -2.5]]); // prettier-ignore
    const soft = results('LinearClassifier', [rows], { ...three, post_transform: 'SOFTMAX' }, ['int64', 'float'])[1]; // prettier-ignore
    expect(soft.slice(0, 3).reduce((sum, p) => sum + p)).toBeCloseTo(1, 6);
  });
});

describe('support vectors', () => {
  const rows = given([2, 2], [1, 2, -3, 0.5]);
  const of = (attributes: Attributes): number[][] => results('SVMClassifier', [rows], attributes, ['int64', 'float']); // prettier-ignore
  const two = { vectors_per_class: [1, 1], support_vectors: floats([1, 0, 0, 2]), coefficients: floats([2, -1]), rho: floats([0.5]), classlabels_ints: [7, 9] }; // prettier-ignore

  test('of two classes: the first one above 0; the decision, or what is made of it', () => {
    // 2 x - 2 y + 0.5
    expect(of(two)).toEqual([[9, 9], [1.5, -1.5, 6.5, -6.5]]); // prettier-ignore
    expect(of({ ...two, post_transform: 'SOFTMAX' })[1]).toEqual([2.5, -1.5, 7.5, -6.5]);
    const [, both] = of({ ...two, post_transform: 'LOGISTIC' });
    [1 / (1 + Math.exp(-1.5)), 1 / (1 + Math.exp(1.5))].forEach((p, i) => expect(both[i]).toBeCloseTo(p, 6));
    const [, probabilities] = of({ ...two, prob_a: floats([-2]), prob_b: floats([1]) });
    const p = 1 / (1 + Math.exp(-2 * -1.5 + 1));
    [p, 1 - p].forEach((value, i) => expect(probabilities[i]).toBeCloseTo(value, 5));
  });

  const three = { vectors_per_class: [1, 2, 1], support_vectors: floats([1, 0, 0, 2, 1, 1, -1, 0]), coefficients: floats([1, -2, 3, 0.5, -1, 0.25, 2, 4]), rho: floats([0.1, -0.2, 0.3]), classlabels_ints: [1, 2, 3] }; // prettier-ignore

  test('of three: the one that wins most pairs', () => {
    const kernel = [[1, 4, 3, -1], [-3, 1, -2.5, 3]]; // prettier-ignore
    const decisions = kernel.map(([a, b, c, d]) => [a - 2 * b + 3 * c + 0.1, -a + 0.5 * d - 0.2, 0.25 * b + 2 * c + 4 * d + 0.3]); // prettier-ignore
    const [labels, scores] = of(three);
    decisions.flat().forEach((value, i) => expect(scores[i]).toBeCloseTo(value, 5));
    const votes = decisions.map(([p, q, r]) => [Number(p > 0) + Number(q > 0), Number(!(p > 0)) + Number(r > 0), Number(!(q > 0)) + Number(!(r > 0))]); // prettier-ignore
    expect(labels).toEqual(votes.map((row) => 1 + row.indexOf(Math.max(...row))));
  });

  test('of three: probabilities that agree with those of the pairs as well as can be', () => {
    const [a, b] = [[-0.3, -0.2, -0.4], [0.1, 0, -0.1]]; // prettier-ignore
    const [, scores] = of(three);
    const [, found] = of({ ...three, prob_a: floats(a), prob_b: floats(b) });
    for (const row of [0, 1]) {
      const p = found.slice(3 * row, 3 * row + 3);
      expect(p.reduce((sum, value) => sum + value)).toBeCloseTo(1, 5);
      const r = [[0, 0, 0], [0, 0, 0], [0, 0, 0]]; // prettier-ignore
      [[0, 1], [0, 2], [1, 2]].forEach(([i, j], k) => {
        r[i][j] = 1 / (1 + Math.exp(scores[3 * row + k] * a[k] + b[k]));
        r[j][i] = 1 - r[i][j];
      }); // prettier-ignore
      // At the least sum of (r_ji p_i - r_ij p_j)^2 the products with Q are all equal.
      const products = p.map((own, i) => p.reduce((sum, other, j) => (i === j ? sum : sum + r[j][i] ** 2 * own - r[j][i] * r[i][j] * other), 0)); // prettier-ignore
      expect(Math.max(...products) - Math.min(...products)).toBeLessThan(0.01);
    }
  });

  test('numbers that do not fit the classes are refused', () => {
    for (const wrong of [{ rho: floats([]) }, { vectors_per_class: [1] }, { coefficients: floats([1]) }, { prob_a: floats([1, 2]), prob_b: floats([1]) }] as Attributes[])
      errorOf('ONNX_INVALID', () => of({ ...two, ...wrong })); // prettier-ignore
  });
});

test('ZipMap gives a column for each key', () => {
  const labels = { classlabels_strings: strings(['cat', 'dog']) };
  const value = { tensorType: { elemType: 1 } };
  const maps = { name: 'y', type: { sequenceType: { elemType: { mapType: { keyType: 8, valueType: value } } } } }; // prettier-ignore
  const model = (attributes: Attributes): Uint8Array =>
    encodeModel(
      {
        node: [node('ZipMap', ['x'], ['y'], attributes, 'ai.onnx.ml')],
        input: [port('x', 'float', [2, 2])],
        output: [maps],
      },
      { opset: 17, domains: { 'ai.onnx.ml': 1 } },
    );
  const program = importOnnx(model(labels));
  expect(program.outputs).toMatchObject([{ name: 'y', dtype: 'float', keys: ['cat', 'dog'], type: { shape: [2, 2] } }]); // prettier-ignore
  expect(importOnnx(model({ classlabels_int64s: [3, 5] })).outputs[0].keys).toEqual([3n, 5n]);
  errorOf('ONNX_INVALID', () => importOnnx(model({ classlabels_int64s: [3] })));
});

interface Tree {
  readonly feature: number;
  readonly split: number;
  readonly mode: string;
  readonly missing: boolean;
  readonly yes: Tree | number;
  readonly no: Tree | number;
}

const MODES: Readonly<Record<string, (x: number, split: number) => boolean>> = {
  BRANCH_LEQ: (v, s) => v <= s,
  BRANCH_LT: (v, s) => v < s,
  BRANCH_GTE: (v, s) => v >= s,
  BRANCH_GT: (v, s) => v > s,
  BRANCH_EQ: (v, s) => v === s,
  BRANCH_NEQ: (v, s) => v !== s,
};

const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree; child: Tree | number }>((tie) => ({
  child: fc.oneof({ maxDepth: 4 }, fc.integer({ min: -8, max: 8 }), tie('tree')),
  tree: fc.record({
    feature: fc.nat(2),
    split: fc.integer({ min: -2, max: 2 }),
    mode: fc.constantFrom(...Object.keys(MODES)),
    missing: fc.boolean(),
    yes: tie('child'),
    no: tie('child'),
  }),
})).tree;

const walk = (node: Tree | number, row: readonly number[]): number => {
  if (typeof node === 'number') return node;
  const value = row[node.feature];
  const isYes = MODES[node.mode](value, node.split) || (node.missing && Number.isNaN(value));
  return walk(isYes ? node.yes : node.no, row);
};

/** The attributes of TreeEnsembleRegressor. */
function regressor(trees: readonly Tree[]): Attributes {
  const nodes: { tree: number; feature: number; split: number; mode: string; missing: boolean; yes: number; no: number }[] = []; // prettier-ignore
  const ids: number[] = [];
  const leaves: { tree: number; id: number; weight: number }[] = [];
  trees.forEach((root, t) => {
    let next = 0;
    const add = (node: Tree | number): number => {
      const id = next++;
      const place = nodes.length;
      ids.push(id);
      if (typeof node === 'number') {
        nodes.push({ tree: t, feature: 0, split: 0, mode: 'LEAF', missing: false, yes: 0, no: 0 });
        leaves.push({ tree: t, id, weight: node });
        return id;
      }
      const { feature, split, mode, missing } = node;
      nodes.push({ tree: t, feature, split, mode, missing, yes: 0, no: 0 });
      const yes = add(node.yes);
      nodes[place] = { ...nodes[place], yes, no: add(node.no) };
      return id;
    };
    add(root);
  });
  return {
    nodes_treeids: nodes.map((n) => n.tree),
    nodes_nodeids: ids,
    nodes_featureids: nodes.map((n) => n.feature),
    nodes_values: floats(nodes.map((n) => n.split)),
    nodes_modes: strings(nodes.map((n) => n.mode)),
    nodes_missing_value_tracks_true: nodes.map((n) => (n.missing ? 1 : 0)),
    nodes_truenodeids: nodes.map((n) => n.yes),
    nodes_falsenodeids: nodes.map((n) => n.no),
    target_treeids: leaves.map((l) => l.tree),
    target_nodeids: leaves.map((l) => l.id),
    target_ids: leaves.map(() => 0),
    target_weights: floats(leaves.map((l) => l.weight)),
    n_targets: 1,
  };
}

describe('trees', () => {
  test('random ones, in every mode, with NaN', () => {
    const row = fc.array(fc.constantFrom(-3, -2, -1, 0, -0, 1, 2, 0.5, NaN, Infinity), { minLength: 3, maxLength: 3 }); // prettier-ignore
    const rows = fc.array(row, { minLength: 1, maxLength: 4 });
    const aggregate = fc.constantFrom('SUM', 'AVERAGE', 'MIN', 'MAX');
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 3 }), rows, aggregate, (trees, data, how) => {
        const combine = (all: readonly number[]): number =>
          how === 'MIN' ? Math.min(...all) : how === 'MAX' ? Math.max(...all) : f(all.reduce((a, b) => a + b) / (how === 'SUM' ? 1 : all.length)); // prettier-ignore
        const expected = data.map((values) => combine(trees.map((one) => walk(one, values))) + 0.5);
        const attributes = { ...regressor(trees), aggregate_function: how, base_values: floats([0.5]) };
        const found = result('TreeEnsembleRegressor', [given([data.length, 3], data.flat())], attributes);
        expect(found).toEqual(expected.map(f));
      }),
      { numRuns: 60 },
    );
  });

  const stump = (weights: readonly number[], ids: readonly number[]): Attributes => ({
    nodes_treeids: [0, 0, 0],
    nodes_nodeids: [0, 1, 2],
    nodes_featureids: [0, 0, 0],
    nodes_values: floats([0, 0, 0]),
    nodes_modes: strings(['BRANCH_LEQ', 'LEAF', 'LEAF']),
    nodes_truenodeids: [1, 0, 0],
    nodes_falsenodeids: [2, 0, 0],
    class_treeids: ids.map(() => 0),
    class_nodeids: [1, 2, 2].slice(0, ids.length),
    class_ids: [...ids],
    class_weights: floats(weights),
    classlabels_int64s: [5, 6],
  });
  const rows = given([2, 1], [-1, 1]);
  const classify = (attributes: Attributes): number[][] =>
    results('TreeEnsembleClassifier', [rows], attributes, ['int64', 'float']);

  test('as a classifier: probabilities, distances, or a score for each label', () => {
    expect(classify(stump([0.25, 0.75], [0, 0]))).toEqual([[5, 6], [0.75, 0.25, 0.25, 0.75]]); // prettier-ignore
    expect(classify(stump([-1, 2], [1, 1]))).toEqual([[5, 6], [1, -1, -2, 2]]); // prettier-ignore
    expect(classify(stump([3, 2, 1], [0, 1, 0]))).toEqual([[5, 6], [3, 0, 1, 2]]); // prettier-ignore
    const [, logistic] = classify({ ...stump([-1, 2], [1, 1]), post_transform: 'LOGISTIC' });
    expect(logistic[0] + logistic[1]).toBeCloseTo(1, 6);
  });

  test('with sets: a member goes the way of "true"', () => {
    const attributes = {
      tree_roots: [0],
      n_targets: 1,
      nodes_featureids: [0],
      nodes_modes: tensorOf('uint8', [6]),
      nodes_splits: tensorOf('double', [0]),
      nodes_truenodeids: [0],
      nodes_trueleafs: [1],
      nodes_falsenodeids: [1],
      nodes_falseleafs: [1],
      leaf_targetids: [0, 0],
      leaf_weights: tensorOf('double', [0.1, 0.2]),
      membership_values: tensorOf('double', [1.5, 3, NaN]),
    };
    const found = result('TreeEnsemble', [given([4, 1], [3, 1.5, 2, NaN], 'double')], attributes, ['double'], 5); // prettier-ignore
    expect(found).toEqual([0.1, 0.1, 0.2, 0.2]);
  });

  test.each<[string, Attributes, RegExp]>([
    ['a circle', { ...stump([1, 1], [0, 0]), nodes_modes: strings(['BRANCH_LEQ', 'BRANCH_LEQ', 'LEAF']) }, /cycle/], // prettier-ignore
    ['a feature too many', { ...stump([1, 1], [0, 0]), nodes_featureids: [1, 0, 0] }, /feature/],
    ['a node that there is not', { ...stump([1, 1], [0, 0]), nodes_truenodeids: [9, 0, 0] }, /no such node/],
    ['another mode', { ...stump([1, 1], [0, 0]), nodes_modes: strings(['BRANCH', 'LEAF', 'LEAF']) }, /mode/],
    ['a short list', { ...stump([1, 1], [0, 0]), nodes_featureids: [0] }, /number for each node/],
    ['a class too many', stump([1, 1, 1], [0, 1, 7]), /target/],
  ])('are refused: %s', (_, attributes, text) => {
    const model = oneNodeModel(spec('TreeEnsembleClassifier', [rows], attributes, ['int64', 'float']));
    expect(errorOf('ONNX_INVALID', () => importOnnx(model)).message).toMatch(text);
  });

  test('names of classes are text, and not numbers', () => {
    const { classlabels_int64s: _, ...rest } = stump([1, 1], [0, 0]);
    const named = { ...rest, classlabels_strings: strings(['a', 'b']) };
    errorOf('ONNX_INVALID', () => importOnnx(oneNodeModel(spec('TreeEnsembleClassifier', [rows], named, ['int64', 'float'])))); // prettier-ignore
  });
});

test('TfIdfVectorizer counts sequences with gaps, as a plain search does', () => {
  const items = fc.array(fc.nat(3), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(items, fc.nat(3), fc.constantFrom('TF', 'IDF', 'TFIDF'), fc.constantFrom(1, 2), (data, skip, mode, least) => {
      const grams = [[0], [2], [0, 1], [1, 1], [3, 2]];
      const counts = grams.map((gram) => {
        if (gram.length < least) return 0;
        let count = 0;
        for (let step = 1; step <= (gram.length === 1 ? 1 : skip + 1); step++)
          for (let start = 0; start + (gram.length - 1) * step < data.length; start++)
            if (gram.every((item, i) => data[start + i * step] === item)) count++;
        return count;
      });
      const weights = [0.5, 1, 2, 3, 0.25];
      const [to, expected] = [[4, 0, 2, 1, 3], new Array<number>(5).fill(0)];
      counts.forEach((count, i) => (expected[to[i]] = mode === 'TF' ? count : (mode === 'IDF' ? Math.min(count, 1) : count) * weights[to[i]]));
      const attributes = {
        min_gram_length: least, max_gram_length: 2, max_skip_count: skip, mode,
        ngram_counts: [0, 2], ngram_indexes: to, pool_int64s: grams.flat(), weights: floats(weights),
      };
      const [found] = runNode({ op: 'TfIdfVectorizer', operands: [given([data.length], data, 'int64')], attributes });
      expect(Array.from(found.data)).toEqual(expected);
    }),
    { numRuns: 40 },
  ); // prettier-ignore
});
